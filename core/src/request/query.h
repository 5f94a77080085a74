// Query parameters: "name=value" between "&", percent-encoded. A "%" without two hexadecimal digits stands for itself,
// and so does "+".
#pragma once

#include <string>
#include <string_view>

namespace appcreate {

struct QueryParameter {
    std::string_view name;   // as it was sent
    std::string_view value;  // the same; empty where there is no "="
};

// Takes the next one from the front of `query`; what stands between two "&" may be empty. There is one for as long as
// `query` is not empty.
QueryParameter take_parameter(std::string_view &query) noexcept;

// Does `text`, percent-decoded, equal `plain`?
bool equals_decoded(std::string_view text, std::string_view plain) noexcept;
std::string decoded(std::string_view text);

}  // namespace appcreate
