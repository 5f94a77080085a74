// Looks into JSON texts that the library wrote, to show them to people. It relies on them being well-formed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace appctl {

// The members of an object, in order; the values as JSON texts.
std::vector<std::pair<std::string, std::string_view>> members(std::string_view object);

// The value of one member as JSON text; empty when there is none.
std::string_view member(std::string_view object, std::string_view key);

// A value as people read it: a string without quotes and escapes, null as "-", an array of scalars with commas. What
// could steer a terminal is replaced.
std::string readable(std::string_view value);

// The text over several lines, indented by two.
std::string indented(std::string_view json);

}  // namespace appctl
