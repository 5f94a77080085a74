// Runs another program and collects what it prints.
#pragma once

#include <string>
#include <vector>

namespace appctl::doctor {

struct Output {
    int status = -1;  // exit code; -1: it could not be run, or a signal ended it
    std::string out;
    std::string err;
};

// PATH is not searched. Standard input is empty.
Output run(const std::vector<std::string> &command);

}  // namespace appctl::doctor
