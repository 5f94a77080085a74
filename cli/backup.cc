// appctl backup and restore: a store that is one file, while nginx serves.
#include <array>

#include "app_create.h"
#include "command.h"
#include "output.h"
#include "progress.h"
#include "store_handle.h"

namespace appctl {
namespace {

constexpr std::array<Option, 1> kBackupOptions = {{
    {"force", nullptr, "replace FILE where it exists"},
}};

constexpr std::array<Option, 1> kRestoreOptions = {{
    {"force", nullptr, "replace an older STORE.before-restore, and a store's file that may never have been a database"},
}};

using Function = decltype(ac_store_backup);

// Prints what the file holds.
void run(const StoreHandle &store, const Arguments &arguments, const char *title, Function *function) {
    ac_copied copied{};
    ac_error error{};
    ac_status status = AC_OK;
    {
        ProgressBar bar(title);
        status = function(store.get(), str(arguments.operand), arguments.has("force") ? AC_FILE_REPLACE : 0,
                          show_progress, &bar, &copied, &error);
    }
    require(status, error);
    print_copied(arguments.json, copied);
}

void backup(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    run(store, arguments, "backing up", ac_store_backup);
}

void restore(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    run(store, arguments, "restoring", ac_store_restore);
}

constexpr std::array<Command, 2> kCommands = {{
    {"backup", "writes a SQLite store to FILE, as it is at one moment", "FILE", kBackupOptions,
     "FILE is whole by itself, has the mode 0600, and is checked before it gets its name. Prints what it holds.\n"
     "nginx serves meanwhile; what it writes stays in the store's log until the copy has ended.",
     "backup /var/backups/apps.db", backup},
    {"restore", "makes a SQLite store what FILE is", "FILE", kRestoreOptions,
     "FILE is checked first. nginx may serve meanwhile: for as long as the new content is written, creates wait and\n"
     "may be told 503. What the store was is kept as STORE.before-restore. A store's file that is missing, empty or\n"
     "damaged gets a new one in its place.",
     "restore /var/backups/apps.db", restore},
}};

}  // namespace

std::span<const Command> backup_commands() { return kCommands; }

}  // namespace appctl
