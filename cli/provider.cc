// appctl provider: where an organization's builds are stored.
#include <array>

#include "app_create.h"
#include "command.h"
#include "options.h"
#include "output.h"
#include "store_handle.h"

namespace appctl {
namespace {

constexpr std::array<Option, 7> kCreateOptions = {{
    {"org", "ORG", "its organization, an id or a slug", Option::kRequired},
    {"name", "NAME", "what people call it, 1 to 128 characters", Option::kRequired},
    {"provider", "KIND", "the kind of storage, as in \"s3\"", Option::kRequired},
    {"region", "REGION", "the kind's region; may be empty", Option::kRequired, true},
    {"config", "JSON", "a JSON object or string, shown in the records of applications: no secrets; without it: {}"},
    {"default", nullptr, "make it the organization's default"},
    {"id", "ID", "24 hexadecimal digits; without it: a new id"},
}};

constexpr std::array<Option, 7> kSetOptions = {{
    {"org", "ORG", "its organization, an id or a slug", Option::kRequired},
    {"name", "NAME", "what people call it, 1 to 128 characters"},
    {"provider", "KIND", "the kind of storage, as in \"s3\""},
    {"region", "REGION", "the kind's region; may be empty", Option::kOptional, true},
    {"config", "JSON", "a JSON object or string, shown in the records of applications: no secrets"},
    {"default", nullptr, "make it the organization's default, in place of another"},
    {"no-default", nullptr, "if it is the organization's default, leave that without one"},
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
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_provider_create(store.get(), &spec, row, ctx, err);
    }));
}

void list(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    store.rows([&](std::string_view row) { printer.add(row); },
               [&](ac_row_fn row, void *ctx, ac_error *err) {
                   return ac_provider_list(store.get(), str(arguments.text("org")), row, ctx, err);
               });
    printer.finish();
}

void set(const Arguments &arguments) {
    const auto is_given = [&](const char *option) { return arguments.has(option); };
    if (is_given("default") && is_given("no-default")) throw Misused("--default and --no-default exclude each other");
    const std::array<ac_str, 4> texts = {str(arguments.text("name")), str(arguments.text("provider")),
                                         str(arguments.text("region")), str(arguments.text("config"))};
    ac_provider_change change{};
    change.size = sizeof(change);
    change.name = is_given("name") ? &texts[0] : nullptr;
    change.provider = is_given("provider") ? &texts[1] : nullptr;
    change.region = is_given("region") ? &texts[2] : nullptr;
    change.config = is_given("config") ? &texts[3] : nullptr;
    change.is_default = -1;
    if (is_given("default")) change.is_default = 1;
    if (is_given("no-default")) change.is_default = 0;
    if (change.name == nullptr && change.provider == nullptr && change.region == nullptr && change.config == nullptr &&
        change.is_default == -1) {
        throw Misused(
            "nothing to set; give at least one of --name, --provider, --region, --config, --default and --no-default");
    }
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_provider_set(store.get(), str(arguments.text("org")), str(arguments.operand), &change, row, ctx, err);
    }));
}

void remove(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ac_error error{};
    require(ac_provider_delete(store.get(), str(arguments.text("org")), str(arguments.operand), &error), error);
    print_record(arguments.json, made(json_pack("{s:s,s:b}", "id", lower(arguments.operand).c_str(), "deleted", 1)));
}

constexpr std::array<Command, 4> kCommands = {{
    {"provider create", "makes a storage provider and prints it", nullptr, kCreateOptions, nullptr,
     "provider create --org acme --name Main --provider s3 --region eu-west-1 --default", create},
    {"provider list", "prints an organization's storage providers", nullptr, kOrgOption, nullptr,
     "provider list --org acme", list},
    {"provider set", "changes a storage provider and prints it", "ID", kSetOptions,
     "Applications keep what their records say about it.", "provider set --org acme 6560a1b2c3d4e5f601234567 --default",
     set},
    {"provider delete", "deletes a storage provider", "ID", kOrgOption,
     "Applications keep what their records say about it.", "provider delete --org acme 6560a1b2c3d4e5f601234567",
     remove},
}};

}  // namespace

std::span<const Command> provider_commands() { return kCommands; }

}  // namespace appctl
