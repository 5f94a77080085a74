// What nginx and its modules are built for, read from their files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace appctl::doctor {

// NGX_MODULE_SIGNATURE, "8,4,8,0000…": modules and nginx go together only where it is the same. Empty: none found.
std::string signature_of(const std::string &path);

// The nginx_version that a dynamic module was compiled for, as in 1022001; nullopt: it is no such module.
std::optional<std::uint64_t> version_of_module(const std::string &path);

// 1022001 as "1.22.1".
std::string version_text(std::uint64_t version);

}  // namespace appctl::doctor
