// appctl org: organizations and their plans.
#include <array>

#include "app_create.h"
#include "command.h"
#include "options.h"
#include "output.h"
#include "session.h"

namespace appctl {
namespace {

constexpr Option kLimit = {"limit", "N|unlimited", "how many applications it may have; without it: unlimited"};
constexpr Option kRetention = {"build-retention-days", "N", "the plan's days; -1: for ever; without it: 0"};
constexpr Option kBuilds = {"builds-per-publication", "N", "the plan's builds; -1: all; without it: 0"};

constexpr std::array<Option, 6> kCreateOptions = {{
    {"name", "NAME", "what people call it, 1 to 128 characters", Option::kRequired},
    {"slug", "SLUG", "what URLs call it: 3 to 128 letters, digits and hyphens", Option::kRequired},
    {"id", "ID", "24 hexadecimal digits; without it: a new id"},
    kLimit,
    kRetention,
    kBuilds,
}};

constexpr std::array<Option, 5> kSetOptions = {{
    {"name", "NAME", "what people call it, 1 to 128 characters"},
    {"slug", "SLUG", "what URLs call it: 3 to 128 letters, digits and hyphens"},
    {"limit", "N|unlimited", "how many applications it may have; those that it has already stay"},
    {"build-retention-days", "N", "the plan's days; -1: for ever"},
    {"builds-per-publication", "N", "the plan's builds; -1: all"},
}};

constexpr std::array<Column, 6> kColumns = {{
    {"ID", "id"},
    {"SLUG", "slug"},
    {"NAME", "name"},
    {"ENABLED", "enabled"},
    {"LIMIT", "limit"},
    {"APPLICATIONS", "applications"},
}};

std::int64_t number_or_unset(const Arguments &arguments, std::string_view option, std::int64_t min) {
    return arguments.has(option) ? number(arguments, option, min) : AC_UNSET;
}

ac_org_spec spec_of(const Arguments &arguments) {
    ac_org_spec spec{};
    spec.name = str(arguments.text("name"));
    spec.slug = str(arguments.text("slug"));
    spec.id = str(arguments.text("id"));
    spec.limit = arguments.text("limit") == "unlimited" ? AC_UNLIMITED : number_or_unset(arguments, "limit", 0);
    spec.build_retention_days = number_or_unset(arguments, "build-retention-days", -1);
    spec.builds_per_publication = number_or_unset(arguments, "builds-per-publication", -1);
    spec.enabled = -1;
    return spec;
}

void create(const Arguments &arguments) {
    const ac_org_spec spec = spec_of(arguments);
    const Session session(arguments.store);
    print_record(arguments.json, session.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_create(session.store(), &spec, row, ctx, err);
    }));
}

void list(const Arguments &arguments) {
    const Session session(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    session.rows([&](std::string_view row) { printer.add(row); },
                 [&](ac_row_fn row, void *ctx, ac_error *err) { return ac_org_list(session.store(), row, ctx, err); });
    printer.finish();
}

void show(const Arguments &arguments) {
    const Session session(arguments.store);
    print_record(arguments.json, session.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_show(session.store(), str(arguments.operand), row, ctx, err);
    }));
}

void change(const Arguments &arguments, const ac_org_spec &spec) {
    const Session session(arguments.store);
    print_record(arguments.json, session.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_set(session.store(), str(arguments.operand), &spec, row, ctx, err);
    }));
}

void set(const Arguments &arguments) {
    if (!arguments.any()) {
        throw Misused(
            "nothing to set; give at least one of --name, --slug, --limit, --build-retention-days and "
            "--builds-per-publication");
    }
    change(arguments, spec_of(arguments));
}

void enable(const Arguments &arguments) {
    ac_org_spec spec = spec_of(arguments);
    spec.enabled = 1;
    change(arguments, spec);
}

void disable(const Arguments &arguments) {
    ac_org_spec spec = spec_of(arguments);
    spec.enabled = 0;
    change(arguments, spec);
}

constexpr std::array<Command, 6> kCommands = {{
    {"org create", "makes an organization and prints it", nullptr, kCreateOptions, nullptr, create},
    {"org list", "prints all organizations", nullptr, {}, nullptr, list},
    {"org show", "prints one organization", "ORG", {}, "ORG is an id or a slug.", show},
    {"org set", "changes an organization and prints it", "ORG", kSetOptions,
     "ORG is an id or a slug. A running nginx sees the change when its key cache asks again.", set},
    {"org enable", "lets an organization's keys work again", "ORG", {}, "ORG is an id or a slug.", enable},
    {"org disable",
     "makes an organization unknown to its clients",
     "ORG",
     {},
     "ORG is an id or a slug. Its keys and applications stay; \"org enable\" brings it back.",
     disable},
}};

}  // namespace

std::span<const Command> organization_commands() { return kCommands; }

}  // namespace appctl
