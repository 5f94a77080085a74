// Log formats that write what clients send as Authorization: a token that stands in a log has been given away.
#pragma once

#include <string>
#include <vector>

#include "doctor/configuration.h"

namespace appctl::doctor {

struct TokenLog {
    std::string format;    // its name
    std::string file;      // where it is defined
    std::string variable;  // which of its variables does it
    std::string log;       // where it is written to
};

// Each format once, with the first log that uses it. Variables that "set" or "map" make of the header count too, but
// not a map's constants.
std::vector<TokenLog> find_token_logs(const std::vector<Directive> &directives);

}  // namespace appctl::doctor
