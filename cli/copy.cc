// appctl copy: from one store to another.
#include <array>
#include <string>

#include "app_create.h"
#include "command.h"
#include "output.h"
#include "progress.h"
#include "session.h"

namespace appctl {
namespace {

constexpr std::array<Option, 2> kOptions = {{
    {"from", "URI", "the store that is copied; it is only read", Option::kRequired},
    {"to", "URI", "the store that gets it all; it is initialized as \"init\" does", Option::kRequired},
}};

std::string number(std::uint64_t n) { return std::to_string(n); }

void copy(const Arguments &arguments) {
    const Session from(arguments.text("from"));
    const Session to(arguments.text("to"));
    ac_copied copied{};
    ac_error error{};
    ac_status status = AC_OK;
    {
        ProgressBar bar("copying");
        status = ac_store_copy(from.store(), to.store(), show_progress, &bar, &copied, &error);
    }
    require(status, error);
    print_record(arguments.json, R"({"organizations":)" + number(copied.organizations) + R"(,"providers":)" +
                                     number(copied.providers) + R"(,"keys":)" + number(copied.keys) +
                                     R"(,"applications":)" + number(copied.applications) + "}");
}

constexpr std::array<Command, 1> kCommands = {{
    {"copy", "copies one store into another, of the same or the other kind", nullptr, kOptions,
     "Prints how many of each both stores have, counted at the end. When it is interrupted, the same command goes\n"
     "on: what is there already is compared and passed over. Stop creates first, or repeat the copy when they are\n"
     "stopped; then change app_create_store and reload nginx.",
     copy, false},
}};

}  // namespace

std::span<const Command> copy_commands() { return kCommands; }

}  // namespace appctl
