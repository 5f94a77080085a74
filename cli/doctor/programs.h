// Where programs are.
#pragma once

#include <string>
#include <string_view>

namespace appctl::doctor {

bool is_program(const std::string &path);
// Where a shell would look, and where administrators' programs are; empty: nowhere.
std::string find_program(std::string_view name);

}  // namespace appctl::doctor
