// appctl app: the applications that were created.
#include <array>

#include "app_create.h"
#include "command.h"
#include "json_view.h"
#include "options.h"
#include "output.h"
#include "session.h"

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
    const Session session(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    session.rows([&](std::string_view row) { printer.add(row); },
                 [&](ac_row_fn row, void *ctx, ac_error *err) {
                     return ac_app_list(session.store(), str(arguments.text("org")), str(arguments.text("after")), max,
                                        row, ctx, err);
                 });
    printer.finish();
}

void show(const Arguments &arguments) {
    const Session session(arguments.store);
    const std::string record = session.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_app_show(session.store(), str(arguments.text("org")), str(arguments.operand), row, ctx, err);
    });
    print((arguments.json ? record : indented(record)) + "\n");
}

void count(const Arguments &arguments) {
    const Session session(arguments.store);
    ac_error error{};
    std::uint64_t n = 0;
    require(ac_app_count(session.store(), str(arguments.text("org")), &n, &error), error);
    print_record(arguments.json, R"({"count":)" + std::to_string(n) + "}");
}

constexpr std::array<Command, 3> kCommands = {{
    {"app list", "prints an organization's applications in the order of their ids", nullptr, kListOptions,
     "With --json the records are as the API returned them. To read page by page, give the last id to --after.", list},
    {"app show", "prints one application's record", "APP", kOrgOption, "APP is an id or a slug.", show},
    {"app count", "prints how many applications an organization has", nullptr, kOrgOption, nullptr, count},
}};

}  // namespace

std::span<const Command> application_commands() { return kCommands; }

}  // namespace appctl
