// appctl app: the applications that were created.
#include <array>

#include "app_create.h"
#include "command.h"
#include "json_view.h"
#include "options.h"
#include "output.h"
#include "store_handle.h"

namespace appctl {
namespace {

constexpr Option kOrg = {"org", "ORG", "the organization, an id or a slug", Option::kRequired};

constexpr std::array<Option, 3> kListOptions = {{
    kOrg,
    {"after", "ID", "begin behind the application with this id; without it: with the first"},
    {"max", "N", "print at most so many; without it: all"},
}};

constexpr std::array<Option, 1> kOrgOption = {{kOrg}};

constexpr std::array<Column, 4> kColumns = {{
    {"ID", "id"},
    {"SLUG", "slug"},
    {"NAME", "name"},
    {"CREATED", "createdAt"},
}};

void list(const Arguments &arguments) {
    const auto max = arguments.has("max") ? static_cast<std::size_t>(number(arguments, "max", 1)) : 0;
    const StoreHandle store(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    store.rows([&](std::string_view row) { printer.add(row); },
               [&](ac_row_fn row, void *ctx, ac_error *err) {
                   return ac_app_list(store.get(), str(arguments.text("org")), str(arguments.text("after")), max, row,
                                      ctx, err);
               });
    printer.finish();
}

void show(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    const std::string record = store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_app_show(store.get(), str(arguments.text("org")), str(arguments.operand), row, ctx, err);
    });
    print((arguments.json ? record : indented(record)) + "\n");
}

void remove(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    const std::string record = store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_app_delete(store.get(), str(arguments.text("org")), str(arguments.operand), row, ctx, err);
    });
    print((arguments.json ? record : indented(record)) + "\n");
}

void count(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ac_error error{};
    std::uint64_t n = 0;
    require(ac_app_count(store.get(), str(arguments.text("org")), &n, &error), error);
    print_record(arguments.json, made(json_pack("{s:I}", "count", static_cast<json_int_t>(n))));
}

constexpr std::array<Command, 4> kCommands = {{
    {"app list", "prints an organization's applications in the order of their ids", nullptr, kListOptions,
     "With --json the records are as the API returned them. To read page by page, give the last id to --after.",
     "app list --org acme --max 20", list},
    {"app show", "prints one application's record", "APP", kOrgOption, "APP is an id or a slug.",
     "app show --org acme my-app", show},
    {"app delete", "deletes one application and prints its record as it was", "APP", kOrgOption,
     "APP is an id or a slug. It is gone for ever, and its place in the organization's limit is free. What was built "
     "of\n"
     "it elsewhere stays.",
     "app delete --org acme my-app", remove},
    {"app count", "prints how many applications an organization has", nullptr, kOrgOption, nullptr,
     "app count --org acme", count},
}};

}  // namespace

std::span<const Command> application_commands() { return kCommands; }

}  // namespace appctl
