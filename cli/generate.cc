#include "generate.h"

#include "command.h"

namespace appctl {

std::string generate(std::string_view kind) {
    if (kind == "man") return generate_manual();
    if (kind == "bash") return generate_bash();
    if (kind == "zsh") return generate_zsh();
    if (kind == "fish") return generate_fish();
    throw Misused("--generate takes man, bash, zsh or fish, not \"" + std::string(kind) + "\"");
}

}  // namespace appctl
