// The manual page and the completions of shells: made from the tables of commands, as the help is.
#pragma once

#include <string>
#include <string_view>

namespace appctl {

// "man", "bash", "zsh" or "fish". Throws Misused for anything else. For "appctl --generate", which only the build runs.
std::string generate(std::string_view kind);

std::string generate_manual();
std::string generate_bash();
std::string generate_zsh();
std::string generate_fish();

}  // namespace appctl
