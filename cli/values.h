// What values of options and operands may be, by what the help calls them.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace appctl {

inline constexpr std::array<std::string_view, 9> kRoles = {"org.owner",  "org.admin",  "org.editor",
                                                           "org.viewer", "app.owner",  "app.admin",
                                                           "app.editor", "app.viewer", "unknown"};

// All of them with blanks between.
std::string all_roles();

// Checks what is known of a "kind" such as ID, ORG or ROLE before a store is asked; others may be anything here. Throws
// Misused that names `what` and the value.
void check_value(const std::string &what, std::string_view kind, std::string_view value);

}  // namespace appctl
