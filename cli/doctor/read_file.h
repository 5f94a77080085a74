// Files as a whole.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace appctl::doctor {

// Empty where it cannot be read.
inline std::string read_file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace appctl::doctor
