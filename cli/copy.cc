// appctl copy: from one store to another.
#include <array>

#include "app_create.h"
#include "command.h"
#include "output.h"
#include "progress.h"
#include "store_handle.h"

namespace appctl {
namespace {

constexpr std::array<Option, 2> kOptions = {{
    {"from", "URI", "the store that is copied; it is only read", Option::kRequired},
    {"to", "URI", "the store that gets it all; it is initialized as \"init\" does", Option::kRequired},
}};

void copy(const Arguments &arguments) {
    const StoreHandle from(arguments.text("from"));
    const StoreHandle to(arguments.text("to"));
    ac_copied copied{};
    ac_error error{};
    ac_status status = AC_OK;
    {
        ProgressBar bar("copying");
        status = ac_store_copy(from.get(), to.get(), show_progress, &bar, &copied, &error);
    }
    require(status, error);
    print_copied(arguments.json, copied);
}

constexpr std::array<Command, 1> kCommands = {{
    {"copy", "copies one store into another, of the same or the other kind", nullptr, kOptions,
     "Prints how many of each both stores have, counted at the end. When it is interrupted, the same command goes\n"
     "on: what is there already is compared and passed over. Stop creates first, or repeat the copy when they are\n"
     "stopped; then change app_create_store and reload nginx.",
     "copy --from sqlite:/var/lib/app-create/apps.db --to file:/etc/nginx/app-create.uri", copy,
     Command::kNamesItsStores},
}};

}  // namespace

std::span<const Command> copy_commands() { return kCommands; }

}  // namespace appctl
