// appctl key: API keys, whose tokens are shown once.
#include <algorithm>
#include <array>
#include <iostream>

#include "app_create.h"
#include "command.h"
#include "json_view.h"
#include "options.h"
#include "output.h"
#include "store_handle.h"
#include "suggest.h"
#include "token_file.h"

namespace appctl {
namespace {

constexpr std::int64_t kOverlapMs = 24LL * 3600 * 1000;

constexpr Option kTokenFile = {
    "token-file", "FILE",
    "register the token in this file (\"-\": standard input), 32 to 512 characters; without it: a new token"};

constexpr std::array<Option, 7> kCreateOptions = {{
    {"org", "ORG", "its organization, an id or a slug", Option::kRequired},
    {"owner", "ID", "who creates with it (createdBy), a service account or a user: 24 hexadecimal digits",
     Option::kRequired},
    {"role", "ROLE",
     "the role that records show: org.owner org.admin org.editor org.viewer app.owner app.admin app.editor app.viewer "
     "unknown; without it: unknown"},
    {"permission", "P",
     "a permission, once for each, " AC_PERMISSION_CREATE " or " AC_PERMISSION_LIST
     "; without it: the first; \"none\" alone: no permission at all",
     Option::kRepeatable},
    {"expires", "TIME", "when it ends, as in 2026-12-31T23:59:59Z (RFC 3339), may lie in the past; without it: never"},
    kTokenFile,
    {"name", "NAME", "what people call it, at most 128 characters"},
}};

constexpr std::array<Option, 3> kRotateOptions = {{
    {"overlap", "TIME", "how long the old token goes on, as in 90s, 30m, 24h, 7d; 0: not at all; without it: 24h"},
    {"expires", "TIME",
     "when the new one ends, as with \"key create\"; without it: it lasts as long as the old one did"},
    kTokenFile,
}};

constexpr std::array<Option, 1> kSetOptions = {{
    {"name", "NAME", "what people call it, at most 128 characters; \"\": no name", Option::kRequired, true},
}};

constexpr std::array<Option, 1> kOrgOption = {{
    {"org", "ORG", "the organization, an id or a slug", Option::kRequired},
}};

constexpr std::array<Column, 8> kColumns = {{
    {"ID", "id"},
    {"OWNER", "owner"},
    {"ROLE", "role"},
    {"PERMISSIONS", "permissions"},
    {"REVOKED", "revoked"},
    {"EXPIRES", "expiresAt"},
    {"LAST USED", "lastUsed"},
    {"NAME", "name"},
}};

std::int64_t expiry(std::string_view text) {
    std::int64_t time = 0;
    ac_error error{};
    if (ac_time_parse(str(text), &time, &error) != AC_OK) {
        throw Misused("the option --expires takes no \"" + std::string(text) + "\": " + error.message);
    }
    // 0 stands for "never": the first millisecond of 1970 must not make a key that lasts for ever.
    return time == 0 ? 1 : time;
}

// The row of a key that was made now: the one time that its token is seen.
void show_once(const Arguments &arguments, const std::string &row, bool has_token) {
    try {
        print_record(arguments.json, row);
        flush_output();
    } catch (const OutputError &) {
        std::cerr << "appctl: the token could not be shown; revoke the key " << readable(parse(row).get(), "id")
                  << "\n";
        throw;
    }
    if (!arguments.json && has_token) {
        std::cerr << "appctl: keep the token now: it is not stored and cannot be shown again\n";
    }
}

// A permission that nearly is one of those that there are is more often a slip than another system's permission.
void warn_of_permissions(const std::vector<std::string_view> &permissions) {
    constexpr std::array<std::string_view, 2> kKnown = {AC_PERMISSION_CREATE, AC_PERMISSION_LIST};
    const auto is_given = [&](std::string_view known) {
        return std::find(permissions.begin(), permissions.end(), known) != permissions.end();
    };
    for (const std::string_view permission : permissions) {
        const std::string_view meant = nearest(permission, kKnown);
        if (meant.empty() || is_given(meant)) continue;
        std::cerr << "appctl: warning: the key cannot " << (meant == AC_PERMISSION_CREATE ? "create" : "read")
                  << " applications with the permission \"" << permission << "\"" << did_you_mean(permission, kKnown)
                  << "\n";
    }
}

void create(const Arguments &arguments) {
    warn_of_permissions(arguments.all("permission"));
    std::vector<ac_str> permissions;
    for (const std::string_view permission : arguments.all("permission")) permissions.push_back(str(permission));
    std::string token;
    if (arguments.has("token-file")) token = read_token_file(std::string(arguments.text("token-file")));

    const std::string_view name = arguments.text("name");
    ac_key_spec spec{};
    spec.org = str(arguments.text("org"));
    spec.owner = str(arguments.text("owner"));
    spec.role = str(arguments.text("role"));
    spec.permissions = permissions.data();
    spec.n_permissions = permissions.size();
    if (arguments.has("expires")) spec.expires_at = expiry(arguments.text("expires"));
    spec.token = str(token);

    const StoreHandle store(arguments.store);
    const std::string row = store.row([&](ac_row_fn fn, void *ctx, ac_error *err) {
        return ac_key_create_named(store.get(), &spec, str(name), fn, ctx, err);
    });
    show_once(arguments, row, token.empty());
}

void rotate(const Arguments &arguments) {
    std::string token;
    if (arguments.has("token-file")) token = read_token_file(std::string(arguments.text("token-file")));
    ac_key_rotation rotation{};
    rotation.size = sizeof(rotation);
    rotation.overlap_ms = arguments.has("overlap") ? duration(arguments, "overlap") : kOverlapMs;
    rotation.expires_at = arguments.has("expires") ? expiry(arguments.text("expires")) : AC_UNSET;
    rotation.token = str(token);
    const StoreHandle store(arguments.store);
    const std::string row = store.row([&](ac_row_fn fn, void *ctx, ac_error *err) {
        return ac_key_rotate(store.get(), str(arguments.operand), &rotation, fn, ctx, err);
    });
    show_once(arguments, row, token.empty());
}

void show(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_key_show(store.get(), str(arguments.operand), row, ctx, err);
    }));
}

void set(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    print_record(arguments.json, store.row([&](ac_row_fn row, void *ctx, ac_error *err) {
        return ac_key_rename(store.get(), str(arguments.operand), str(arguments.text("name")), row, ctx, err);
    }));
}

void list(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    store.rows([&](std::string_view row) { printer.add(row); },
               [&](ac_row_fn row, void *ctx, ac_error *err) {
                   return ac_key_list(store.get(), str(arguments.text("org")), row, ctx, err);
               });
    printer.finish();
}

void revoke(const Arguments &arguments) {
    const StoreHandle store(arguments.store);
    ac_error error{};
    require(ac_key_revoke(store.get(), str(arguments.operand), &error), error);
    print_record(arguments.json, made(json_pack("{s:s,s:b}", "id", lower(arguments.operand).c_str(), "revoked", 1)));
}

constexpr std::array<Command, 6> kCommands = {{
    {"key create", "makes a key and prints it, its token this one time", nullptr, kCreateOptions,
     "The store keeps only a hash of the token.",
     "key create --org acme --owner 507f1f77bcf86cd799439011 --role org.owner", create},
    {"key list", "prints an organization's keys, without tokens", nullptr, kOrgOption,
     "LAST USED is the last day, in UTC, on which a key made an application.", "key list --org acme", list},
    {"key show", "prints one key, without its token", "ID", {}, nullptr, "key show 6560a1b2c3d4e5f601234567", show},
    {"key set", "gives a key another name and prints it", "ID", kSetOptions, nullptr,
     "key set 6560a1b2c3d4e5f601234567 --name \"build server\"", set},
    {"key rotate", "makes a key with a new token in place of another, and prints it this one time", "ID",
     kRotateOptions,
     "The new key may what the old one may and has its owner and name. The old token goes on for the overlap, so that\n"
     "clients can change meanwhile. \"key revoke\" ends it at once.",
     "key rotate 6560a1b2c3d4e5f601234567 --overlap 24h", rotate},
    {"key revoke",
     "makes a key useless for ever",
     "ID",
     {},
     "A running nginx knows within a second.",
     "key revoke 6560a1b2c3d4e5f601234567",
     revoke},
}};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace appctl
