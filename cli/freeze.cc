// appctl freeze and thaw: creates stop for a while, so that a copy misses none.
#include <array>
#include <iostream>
#include <string>

#include "app_create.h"
#include "command.h"
#include "freeze.h"
#include "json_view.h"
#include "options.h"
#include "output.h"
#include "store_handle.h"

namespace appctl {
namespace {

constexpr std::array<Option, 1> kFreezeOptions = {{
    {"retry-after", "SECONDS", "when clients are told to come again, 1 to 3600; without it: 30"},
}};

std::string subject_of(const Arguments &arguments) {
    return arguments.operand.empty() ? "the whole store" : "the organization \"" + arguments.operand + "\"";
}

bool was_already(const Json &row) { return json_is_true(json_object_get(row.get(), "already")); }

void freeze(const Arguments &arguments) {
    const std::int64_t seconds = arguments.has("retry-after") ? number(arguments, "retry-after", 1) : 0;
    if (seconds > UINT32_MAX) throw Misused("the option --retry-after takes 1 to 3600");
    const StoreHandle store(arguments.store);
    if (store.path().empty() && !arguments.json) {
        std::cerr << "waiting until no gateway can acknowledge a create that it began before, some 2.5 seconds\n";
    }
    const std::string row = store.row([&](ac_row_fn row_fn, void *ctx, ac_error *err) {
        return ac_store_freeze(store.get(), str(arguments.operand), static_cast<std::uint32_t>(seconds), row_fn, ctx,
                               err);
    });
    if (arguments.json) return print_record(true, row);
    const Json json = parse(row);
    const std::string subject = subject_of(arguments);
    print(subject + (was_already(json) ? " was frozen already" : " is frozen") +
          ": no create of it is acknowledged any more; clients get 503 with code 1006 and come again after " +
          readable(json.get(), "retryAfter") + " seconds, until \"appctl thaw" +
          (arguments.operand.empty() ? "" : " " + arguments.operand) + "\"\n");
}

void thaw(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    const std::string row = store.row([&](ac_row_fn row_fn, void *ctx, ac_error *err) {
        return ac_store_thaw(store.get(), str(arguments.operand), row_fn, ctx, err);
    });
    if (arguments.json) return print_record(true, row);
    const std::string subject = subject_of(arguments);
    print(was_already(parse(row)) ? subject + " was not frozen\n" : subject + " is thawed: creates go on\n");
    if (!arguments.operand.empty() && is_store_frozen(store)) print(std::string(kStoreIsFrozen) + "\n");
}

constexpr std::array<Command, 2> kCommands = {{
    {"freeze", "stops creates, of an organization or of the whole store, until \"thaw\"", "[ORG]", kFreezeOptions,
     "ORG is an id or a slug; without it: the whole store. Clients get 503 with code 1006 and Retry-After, within a\n"
     "second on every gateway and without a reload. When this has ended no create is acknowledged any more that a\n"
     "copy might miss; on MongoDB it waits some 2.5 seconds for that. What is only validated is answered as usual.",
     "freeze", freeze},
    {"thaw",
     "lets creates go on after \"freeze\"",
     "[ORG]",
     {},
     "ORG is an id or a slug; without it: the whole store. An organization that was frozen by itself stays so.",
     "thaw",
     thaw},
}};

}  // namespace

bool is_store_frozen(const StoreHandle &store) {
    std::uint32_t seconds = 0;
    ac_error error{};
    require(ac_store_frozen(store.get(), &seconds, &error), error);
    return seconds != 0;
}

std::span<const Command> freeze_commands() { return kCommands; }

}  // namespace appctl
