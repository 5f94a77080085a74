#include "token_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "command.h"

namespace appctl {
namespace {

constexpr std::size_t kMaxToken = 512;

struct Close {
    void operator()(std::FILE *file) const noexcept {
        if (file != stdin) std::fclose(file);
    }
};

}  // namespace

std::string read_token_file(const std::string &path) {
    const std::string what = path == "-" ? "standard input" : "the token file \"" + path + "\"";
    const std::unique_ptr<std::FILE, Close> file(path == "-" ? stdin : std::fopen(path.c_str(), "re"));
    if (!file) throw Failed("cannot open " + what + ": " + std::strerror(errno));

    std::array<char, kMaxToken + 2> buffer;  // one for the newline, one to see that there is more
    const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (std::ferror(file.get()) != 0) throw Failed("cannot read " + what + ": " + std::strerror(errno));
    std::string token(buffer.data(), n);
    if (token.ends_with('\n')) token.pop_back();
    if (token.empty()) throw Failed(what + " is empty; it must hold a token of 32 to 512 characters");
    if (token.size() > kMaxToken) throw Failed(what + " is too long; it must hold one token of 32 to 512 characters");
    return token;
}

}  // namespace appctl
