// One pass over a body before jansson sees it: nesting, and the numbers that jansson would stop at or round to zero.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace appcreate {

struct JsonScan {
    enum class Stop {
        kNone,
        kNul,   // a byte 0 outside of strings: jansson's lexer passes over one that follows a number or a word
        kDepth  // the bracket that opens a level too many
    };
    Stop stop = Stop::kNone;
    std::size_t end = 0;           // offset of what stopped it, or the text's size
    bool unrepresentable = false;  // there is a number that neither int64 nor a double can hold
};

// Never fails on malformed text: for the part before the first syntax error the result is right, and jansson goes no
// further than that.
JsonScan scan_json(std::string_view text, int max_depth) noexcept;

// A copy in which every number that is not representable is `0` and spaces, so that offsets stay. `places` receives
// where the first `max_places` of them stand among all numbers of the text, counted from 0.
std::string patch_numbers(std::string_view text, std::size_t max_places, std::vector<std::size_t> &places);

}  // namespace appcreate
