#include "doctor/programs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace appctl::doctor {

bool is_program(const std::string &path) { return ::access(path.c_str(), X_OK) == 0; }

std::string find_program(std::string_view name) {
    const char *path = std::getenv("PATH");
    std::string rest = std::string(path != nullptr ? path : "") + ":/usr/sbin:/usr/local/sbin:/usr/local/nginx/sbin";
    while (!rest.empty()) {
        const std::string directory = rest.substr(0, rest.find(':'));
        rest.erase(0, std::min(directory.size() + 1, rest.size()));
        if (directory.empty()) continue;
        std::string found = directory + "/" + std::string(name);
        if (is_program(found)) return found;
    }
    return {};
}

}  // namespace appctl::doctor
