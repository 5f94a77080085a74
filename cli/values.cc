#include "values.h"

#include <algorithm>

#include "command.h"
#include "suggest.h"

namespace appctl {
namespace {

constexpr std::string_view kHex = "0123456789abcdefABCDEF";
constexpr std::string_view kAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

bool is_id(std::string_view text) noexcept {
    return text.size() == 24 && text.find_first_not_of(kHex) == std::string_view::npos;
}

[[noreturn]] void refuse(const std::string &what, const std::string &takes, std::string_view value,
                         const std::string &more = "") {
    throw Misused(what + " takes " + takes + ", not \"" + std::string(value) + "\"" + more);
}

void check_role(const std::string &what, std::string_view value) {
    if (std::find(kRoles.begin(), kRoles.end(), value) != kRoles.end()) return;
    // "admin" is two roles.
    std::string meant = did_you_mean(value, kRoles);
    if (meant.empty()) meant = did_you_mean("org." + std::string(value), kRoles);
    refuse(what, "one of " + all_roles(), value, meant);
}

}  // namespace

std::string all_roles() {
    std::string out;
    for (const std::string_view role : kRoles) out += (out.empty() ? "" : " ") + std::string(role);
    return out;
}

void check_value(const std::string &what, std::string_view kind, std::string_view value) {
    if (kind == "ID" && !is_id(value)) refuse(what, "24 hexadecimal digits", value);
    if (kind == "ORG" && (value.size() > 128 || value.find_first_not_of(kAlphanumeric) != std::string_view::npos)) {
        refuse(what, "an organization's id, 24 hexadecimal digits, or its slug", value);
    }
    if (kind == "ROLE") check_role(what, value);
}

}  // namespace appctl
