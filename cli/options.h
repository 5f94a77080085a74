// From argv to Arguments, and from texts to values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "command.h"

namespace appctl {

struct Invocation {
    enum Action { kRun, kHelp, kVersion } action = kRun;
    const Command *command = nullptr;  // nullptr with kHelp: the help of everything, or of `group`
    std::string group;                 // kHelp: "org" of "appctl org --help"
    Arguments arguments;
};

// Throws Misused. The views in the result are of argv's strings.
Invocation read_command_line(int argc, char **argv);

// Throws Misused, naming the option, unless the text is a whole decimal number from `min` on.
std::int64_t number(const Arguments &arguments, std::string_view option, std::int64_t min);

// Milliseconds of "90s", "30m", "24h", "7d" or "0". Throws Misused, naming the option.
std::int64_t duration(const Arguments &arguments, std::string_view option);

// Ids are shown in lower case, however they were typed.
std::string lower(std::string_view text);

}  // namespace appctl
