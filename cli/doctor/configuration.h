// A configuration of nginx as "nginx -T" prints it: as far as stores and workers are concerned.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace appctl::doctor {

struct Directive {
    std::vector<std::string> words;  // the name first; quotes are gone
    std::string file;
    std::string where;  // "http", "server example.com", "location /v1/"; empty: outermost
};

// Every directive of every file, in order; what a block begins with is one too.
std::vector<Directive> read_configuration(std::string_view dump);

}  // namespace appctl::doctor
