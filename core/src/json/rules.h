// The rules of a body beyond JSON's grammar (docs/api.md, "Malformed JSON" and "Numbers"): keys that differ, none
// with U+0000, numbers that can be held.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "json/parser.h"

namespace appcreate {

struct JsonRules {
    JsonStop stop;                     // the first key that breaks a rule; else why there is no more text
    std::vector<std::size_t> numbers;  // offsets of the first numbers that cannot be held, `max_numbers` at most
};

// Checks the part of `text` that the parser found to be JSON, up to where `stop` says. Needs at most some 24 bytes for
// each key of the objects that are open at a time.
JsonRules check_rules(std::string_view text, const JsonStop &stop, std::size_t max_numbers);

}  // namespace appcreate
