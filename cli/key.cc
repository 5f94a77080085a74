// appctl key: API keys, whose tokens are shown once.
#include <array>
#include <iostream>

#include "app_create.h"
#include "command.h"
#include "json_view.h"
#include "options.h"
#include "output.h"
#include "session.h"
#include "token_file.h"

namespace appctl {
namespace {

constexpr std::array<Option, 6> kCreateOptions = {{
    {"org", "ORG", "its organization, an id or a slug", Option::kRequired},
    {"owner", "ID", "who creates with it (createdBy), a service account or a user: 24 hexadecimal digits",
     Option::kRequired},
    {"role", "ROLE",
     "the role that records show: org.owner org.admin org.editor org.viewer app.owner app.admin app.editor app.viewer "
     "unknown; without it: unknown"},
    {"permission", "P",
     "a permission, once for each; without it: " AC_PERMISSION_CREATE "; \"none\" alone: no permission at all",
     Option::kRepeatable},
    {"expires", "TIME", "when it ends, as in 2026-12-31T23:59:59Z (RFC 3339), may lie in the past; without it: never"},
    {"token-file", "FILE",
     "register the token in this file (\"-\": standard input), 32 to 512 characters; without it: "
     "a new token"},
}};

constexpr std::array<Option, 1> kOrgOption = {{
    {"org", "ORG", "the organization, an id or a slug", Option::kRequired},
}};

constexpr std::array<Column, 6> kColumns = {{
    {"ID", "id"},
    {"OWNER", "owner"},
    {"ROLE", "role"},
    {"PERMISSIONS", "permissions"},
    {"REVOKED", "revoked"},
    {"EXPIRES", "expiresAt"},
}};

std::int64_t expiry(std::string_view text) {
    std::int64_t time = 0;
    ac_error error{};
    if (ac_time_parse(str(text), &time, &error) != AC_OK) throw Misused(std::string("--expires: ") + error.message);
    // 0 stands for "never": the first millisecond of 1970 must not make a key that lasts for ever.
    return time == 0 ? 1 : time;
}

void create(const Arguments &arguments) {
    std::vector<ac_str> permissions;
    for (const std::string_view permission : arguments.all("permission")) permissions.push_back(str(permission));
    std::string token;
    if (arguments.has("token-file")) token = read_token_file(std::string(arguments.text("token-file")));

    ac_key_spec spec{};
    spec.org = str(arguments.text("org"));
    spec.owner = str(arguments.text("owner"));
    spec.role = str(arguments.text("role"));
    spec.permissions = permissions.data();
    spec.n_permissions = permissions.size();
    if (arguments.has("expires")) spec.expires_at = expiry(arguments.text("expires"));
    spec.token = str(token);

    const Session session(arguments.store);
    const std::string row = session.row(
        [&](ac_row_fn fn, void *ctx, ac_error *err) { return ac_key_create(session.store(), &spec, fn, ctx, err); });
    try {
        print_record(arguments.json, row);
        flush_output();
    } catch (const OutputError &) {
        std::cerr << "appctl: the token could not be shown; revoke the key " << readable(member(row, "id")) << "\n";
        throw;
    }
    if (!arguments.json && token.empty()) {
        std::cerr << "appctl: keep the token now: it is not stored and cannot be shown again\n";
    }
}

void list(const Arguments &arguments) {
    const Session session(arguments.store);
    ListPrinter printer(arguments.json, kColumns);
    session.rows([&](std::string_view row) { printer.add(row); },
                 [&](ac_row_fn row, void *ctx, ac_error *err) {
                     return ac_key_list(session.store(), str(arguments.text("org")), row, ctx, err);
                 });
    printer.finish();
}

void revoke(const Arguments &arguments) {
    const Session session(arguments.store);
    ac_error error{};
    require(ac_key_revoke(session.store(), str(arguments.operand), &error), error);
    print_record(arguments.json, R"({"id":")" + lower(arguments.operand) + R"(","revoked":true})");
}

constexpr std::array<Command, 3> kCommands = {{
    {"key create", "makes a key and prints it, its token this one time", nullptr, kCreateOptions,
     "The store keeps only a hash of the token.", create},
    {"key list", "prints an organization's keys, without tokens", nullptr, kOrgOption, nullptr, list},
    {"key revoke",
     "makes a key useless for ever",
     "ID",
     {},
     "A running nginx may accept it until its key cache asks again (30 seconds unless configured).",
     revoke},
}};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace appctl
