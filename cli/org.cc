// appctl org: organizations and their plans.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>

#include "app_create.h"
#include "command.h"
#include "json_view.h"
#include "options.h"
#include "output.h"
#include "store_handle.h"

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

constexpr std::array<Option, 2> kDeleteOptions = {{
    {"force", nullptr, "delete its applications too; needs --backup"},
    {"backup", "FILE",
     "with --force: a SQLite store is backed up to FILE first; of a MongoDB store, FILE is its dump, made since the "
     "organization was disabled"},
}};

constexpr std::array<Column, 7> kColumns = {{
    {"ID", "id"},
    {"SLUG", "slug"},
    {"NAME", "name"},
    {"ENABLED", "enabled"},
    {"LIMIT", "limit"},
    {"APPLICATIONS", "applications"},
    {"FROZEN", "frozen"},
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
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_create(store.get(), &spec, row, ctx, err);
    }));
}

void list(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    store.rows([&](std::string_view row) { printer.add(row); },
               [&](ac_row_fn row, void *ctx, ac_error *err) { return ac_org_list(store.get(), row, ctx, err); });
    printer.finish();
}

void show(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_show(store.get(), str(arguments.operand), row, ctx, err);
    }));
}

void change(const Arguments &arguments, const ac_org_spec &spec) {
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_set(store.get(), str(arguments.operand), &spec, row, ctx, err);
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

ac_org_spec only_enabled(bool enabled) {
    ac_org_spec spec = spec_of(Arguments());
    spec.enabled = enabled ? 1 : 0;
    return spec;
}

void enable(const Arguments &arguments) { change(arguments, only_enabled(true)); }
void disable(const Arguments &arguments) { change(arguments, only_enabled(false)); }

Json find(const StoreHandle &store, const std::string &org) {
    return parse(store.row(
        [&](ac_row_fn row, void *ctx, ac_error *err) { return ac_org_show(store.get(), str(org), row, ctx, err); }));
}

bool is_enabled(const Json &organization) { return json_is_true(json_object_get(organization.get(), "enabled")); }

// Disables it first: what is created while the backup is written would go without being in it.
void back_up(const StoreHandle &store, const std::string &org, const std::string &file) {
    const bool was_enabled = is_enabled(find(store, org));
    const auto set_enabled = [&](bool enabled) {
        const ac_org_spec spec = only_enabled(enabled);
        static_cast<void>(store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
            return ac_org_set(store.get(), str(org), &spec, row, ctx, err);
        }));
    };
    set_enabled(false);
    ac_error error{};
    const ac_status status = ac_store_backup(store.get(), str(file), 0, nullptr, nullptr, nullptr, &error);
    if (status < 0 && was_enabled) set_enabled(true);
    require(status, error);
}

// When FILE, or what lies in it, was last written: seconds since 1970.
std::time_t written_at(const std::string &file) {
    namespace fs = std::filesystem;
    std::time_t last = 0;
    const auto look_at = [&last](const fs::path &path) {
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0) last = std::max(last, info.st_mtime);
    };
    look_at(file);
    std::error_code error;
    for (fs::recursive_directory_iterator at(file, error), end; !error && at != end; at.increment(error)) {
        look_at(at->path());
    }
    return last;
}

// Of a MongoDB store nobody can tell what its dump holds, but when it was made.
void require_dump(const StoreHandle &store, const std::string &org, const std::string &file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        throw Failed("there is no backup \"" + file +
                     "\"; make one of the MongoDB store with mongodump and name what it wrote");
    }
    const Json organization = find(store, org);
    if (is_enabled(organization)) {
        throw Failed("the organization \"" + readable(organization.get(), "slug") +
                     "\" is enabled, so its dump may lack what was created since; run \"appctl org disable\", make the "
                     "dump then, and repeat this");
    }
    // Ids begin with the second in which they were made.
    std::array<char, 32> last_id;
    std::snprintf(last_id.data(), last_id.size(), "%08llxffffffffffffffff",
                  static_cast<unsigned long long>(written_at(file)) & 0xffffffffULL);
    store.rows(
        [&](std::string_view row) {
            throw Failed("the backup \"" + file + "\" is older than the application " +
                         readable(parse(row).get(), "id") + "; make another dump, and repeat this");
        },
        [&](ac_row_fn row, void *ctx, ac_error *err) {
            return ac_app_list(store.get(), str(org), str(last_id.data()), 1, row, ctx, err);
        });
}

void remove(const Arguments &arguments) {
    const bool is_forced = arguments.has("force");
    if (is_forced != arguments.has("backup")) {
        throw Misused("--force and --backup FILE stand together: no application is deleted without a backup");
    }
    const StoreHandle store(arguments.store);
    if (is_forced) {
        const std::string file(arguments.text("backup"));
        if (store.path().empty()) {
            require_dump(store, arguments.operand, file);
        } else {
            back_up(store, arguments.operand, file);
        }
    }
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_org_delete(store.get(), str(arguments.operand), is_forced ? AC_ORG_WITH_APPLICATIONS : 0, row, ctx,
                             err);
    }));
}

constexpr std::array<Command, 7> kCommands = {{
    {"org create", "makes an organization and prints it", nullptr, kCreateOptions, nullptr,
     "org create --name Acme --slug acme --limit 100", create},
    {"org list", "prints all organizations", nullptr, {}, nullptr, "org list", list},
    {"org show", "prints one organization", "ORG", {}, "ORG is an id or a slug.", "org show acme", show},
    {"org set", "changes an organization and prints it", "ORG", kSetOptions,
     "ORG is an id or a slug. A running nginx sees the change within a second.", "org set acme --limit 200", set},
    {"org enable",
     "lets an organization's keys work again",
     "ORG",
     {},
     "ORG is an id or a slug.",
     "org enable acme",
     enable},
    {"org disable",
     "makes an organization unknown to its clients",
     "ORG",
     {},
     "ORG is an id or a slug. Its keys and applications stay; \"org enable\" brings it back.",
     "org disable acme",
     disable},
    {"org delete", "deletes an organization with its keys and storage providers", "ORG", kDeleteOptions,
     "ORG is an id or a slug. One that has applications stays, unless --force and --backup FILE say otherwise.",
     "org delete acme --force --backup /var/backups/before-acme.db", remove},
}};

}  // namespace

std::span<const Command> organization_commands() { return kCommands; }

}  // namespace appctl
