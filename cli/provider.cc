// appctl provider: where an organization's builds are stored.
#include <array>

#include "app_create.h"
#include "command.h"
#include "options.h"
#include "output.h"
#include "session.h"

namespace appctl {
namespace {

constexpr std::array<Option, 7> kCreateOptions = {{
    {"org", "ORG", "its organization, an id or a slug", Option::kRequired},
    {"name", "NAME", "what people call it, 1 to 128 characters", Option::kRequired},
    {"provider", "KIND", "the kind of storage, as in \"s3\"", Option::kRequired},
    {"region", "REGION", "the kind's region; may be empty", Option::kRequired, true},
    {"config", "JSON", "a JSON object, shown in the records of applications: no secrets; without it: {}"},
    {"default", nullptr, "make it the organization's default"},
    {"id", "ID", "24 hexadecimal digits; without it: a new id"},
}};

constexpr std::array<Option, 1> kOrgOption = {{
    {"org", "ORG", "the organization, an id or a slug", Option::kRequired},
}};

constexpr std::array<Column, 5> kColumns = {{
    {"ID", "id"},
    {"NAME", "name"},
    {"PROVIDER", "provider"},
    {"REGION", "region"},
    {"DEFAULT", "default"},
}};

void create(const Arguments &arguments) {
    ac_provider_spec spec{};
    spec.org = str(arguments.text("org"));
    spec.name = str(arguments.text("name"));
    spec.provider = str(arguments.text("provider"));
    spec.region = str(arguments.text("region"));
    spec.config = str(arguments.text("config"));
    spec.id = str(arguments.text("id"));
    spec.is_default = arguments.has("default") ? 1 : 0;
    const Session session(arguments.store);
    print_record(arguments.json, session.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_provider_create(session.store(), &spec, row, ctx, err);
    }));
}

void list(const Arguments &arguments) {
    const Session session(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    session.rows([&](std::string_view row) { printer.add(row); },
                 [&](ac_row_fn row, void *ctx, ac_error *err) {
                     return ac_provider_list(session.store(), str(arguments.text("org")), row, ctx, err);
                 });
    printer.finish();
}

void remove(const Arguments &arguments) {
    const Session session(arguments.store);
    ac_error error{};
    require(ac_provider_delete(session.store(), str(arguments.text("org")), str(arguments.operand), &error), error);
    print_record(arguments.json, R"({"id":")" + lower(arguments.operand) + R"(","deleted":true})");
}

constexpr std::array<Command, 3> kCommands = {{
    {"provider create", "makes a storage provider and prints it", nullptr, kCreateOptions, nullptr, create},
    {"provider list", "prints an organization's storage providers", nullptr, kOrgOption, nullptr, list},
    {"provider delete", "deletes a storage provider", "ID", kOrgOption,
     "Applications keep what their records say about it.", remove},
}};

}  // namespace

std::span<const Command> provider_commands() { return kCommands; }

}  // namespace appctl
