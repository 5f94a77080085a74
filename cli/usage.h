// The help: made from the tables of commands, so that it cannot say anything else than they do.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "command.h"

namespace appctl {

std::array<std::span<const Command>, 9> command_tables();

template <class Visit>
void each_command(const Visit &visit) {
    for (const auto &table : command_tables()) {
        for (const Command &command : table) visit(command);
    }
}

std::string help_of_everything();
std::string help_of_group(std::string_view group);
std::string help_of(const Command &command);

// "see appctl org create --help"; `where` is a command, a group, or empty.
std::string see_help(std::string_view where);

}  // namespace appctl
