// Reads an existing token, for "key create --token-file".
#pragma once

#include <string>

namespace appctl {

// One token, less one newline at its end; "-" is standard input. Throws Failed, and never repeats a byte of it.
std::string read_token_file(const std::string &path);

}  // namespace appctl
