// appctl init and check: the store as a whole.
#include <array>

#include "app_create.h"
#include "command.h"
#include "freeze.h"
#include "output.h"
#include "owner.h"
#include "store_handle.h"

namespace appctl {
namespace {

constexpr std::array<Option, 2> kInitOptions = {{
    {"owner", "USER[:GROUP]",
     "who owns the store's files: the user of nginx's workers; without it: the owner of their "
     "directory"},
    {"shard", nullptr, "distribute the applications over the shards of a MongoDB cluster, by organization"},
}};

constexpr std::array<Option, 1> kCheckOptions = {{
    {"repair", nullptr, "mend what can be mended"},
}};

constexpr std::array<Column, 4> kColumns = {{
    {"PROBLEM", "problem"},
    {"ORGANIZATION", "organization"},
    {"REPAIRED", "repaired"},
    {"DETAIL", "detail"},
}};

std::string init_store(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    std::string path = store.path();
    if (arguments.has("owner") && path.empty()) throw Misused("--owner is for stores in files only");
    if (arguments.has("shard") && !path.empty()) throw Misused("--shard is for MongoDB stores only");
    ac_error error{};
    require(ac_store_init(store.get(), &error), error);
    if (arguments.has("shard")) require(ac_store_shard(store.get(), &error), error);
    return path;
}

void init(const Arguments &arguments) {
    Owner owner;
    if (arguments.has("owner")) owner = find_owner(std::string(arguments.text("owner")));
    const std::string path = init_store(arguments);
    if (arguments.has("owner")) give_to(owner, path);
    Json record = made(json_pack("{s:b}", "initialized", 1));
    if (arguments.has("shard")) json_object_set_new(record.get(), "sharded", json_true());
    print_record(arguments.json, record);
}

void check(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    ac_status status = AC_OK;
    ac_error error{};
    store.rows([&](std::string_view row) { printer.add(row); },
               [&](ac_row_fn row, void *ctx, ac_error *err) {
                   status = ac_store_check(store.get(), arguments.has("repair") ? 1 : 0, row, ctx, err);
                   if (status != AC_ECHECK) return status;
                   // The list is whole all the same.
                   error = *err;
                   return AC_OK;
               });
    if (arguments.json || printer.rows() != 0) {
        printer.finish();
    } else if (status == AC_OK) {
        print("every promise holds\n");
    }
    require(status, error);
    if (!arguments.json && is_store_frozen(store)) print(std::string(kStoreIsFrozen) + "\n");
}

constexpr std::array<Command, 2> kCommands = {{
    {"init", "makes the store, or upgrades its schema; safe to repeat", nullptr, kInitOptions,
     "--shard needs a URI that names a mongos, and a user that may shard. One organization stays on one shard.",
     "--store sqlite:/var/lib/app-create/apps.db init", init},
    {"check", "checks every promise that can be checked at rest", nullptr, kCheckOptions,
     "Prints what does not hold; exit code 1 when something is left that does not.", "check --repair", check},
}};

}  // namespace

std::span<const Command> store_commands() { return kCommands; }

}  // namespace appctl
