// The C ABI's administration: every function of app_create_admin.h, and nothing else.
#include "abi_boundary.h"
#include "admin/rows.h"
#include "admin/specs.h"
#include "app_create.h"
#include "base/failure.h"
#include "copy/copy.h"
#include "store/store.h"

#include <optional>
#include <string>
#include <string_view>

using namespace appcreate;
using namespace appcreate::boundary;

namespace {

// What moves a whole store: tells how far it is, ends early where the caller says so, counts what there is afterwards.
template <class Function>
ac_status run_copy(ac_error *err, ac_progress_fn progress, void *ctx, ac_copied *out, Function &&function) noexcept {
    return guarded(err, [&] {
        Progress tell;
        if (progress != nullptr) {
            tell = [&](std::uint64_t done, std::uint64_t total) { return progress(ctx, done, total) == 0; };
        }
        const std::optional<Contents> contents = function(tell);
        if (!contents) return AC_AGAIN;
        if (out != nullptr) {
            *out = {};
            out->organizations = contents->organizations;
            out->providers = contents->providers;
            out->keys = contents->keys;
            out->applications = contents->applications;
        }
        return AC_OK;
    });
}

// What is wrong with the arguments of a backup or a restore; NULL: nothing.
const char *fault_of(const ac_store *store, const ac_str &file, unsigned flags) noexcept {
    if (store == nullptr) return "the store is NULL";
    if (!is_valid(file)) return "the file's name is NULL but has a length";
    if ((flags & ~static_cast<unsigned>(AC_FILE_REPLACE)) != 0) return "unknown flag";
    return nullptr;
}

// An organization's row begins with its id.
std::string id_of_org(Store &store, const std::string &org) {
    constexpr std::string_view kBefore = R"({"id":")";
    constexpr std::size_t kDigits = 24;
    std::string id;
    store.org_show(org, [&](std::string_view row) {
        id = row.substr(kBefore.size(), kDigits);
        return true;
    });
    return id;
}

// What is frozen or thawed, and how its row begins.
struct Frozen {
    std::string id;  // of the organization; empty: the whole store
    std::string row;
};

Frozen frozen_by(Store &store, const ac_str &org) {
    if (read_text(org).empty()) return {"", R"({"organization":null,)"};
    const std::string id = id_of_org(store, read_org_name(org));
    return {id, R"({"organization":")" + id + R"(",)"};
}

// The last value of a row.
const char *word(bool value) noexcept { return value ? "true}" : "false}"; }

// The row of a key that was made now, with its token: after the id, where a reader looks for it.
std::string with_token(std::string_view row, std::string_view token) {
    constexpr std::string_view kStart = R"({"id":"0123456789abcdef01234567")";
    std::string out;
    out.reserve(row.size() + token.size() + 16);
    out.append(row.substr(0, kStart.size())).append(R"(,"token":")").append(token).append("\"");
    out.append(row.substr(kStart.size()));
    return out;
}

// Shows the token with the row, if it was made now.
RowSink showing(const std::string &token, bool is_new, const RowSink &rows) {
    return [&token, is_new, &rows](std::string_view json) {
        return rows(is_new ? with_token(json, token) : std::string(json));
    };
}

}  // namespace

extern "C" {

// ----------------------------------------------------------------------------------------------------- administration

ac_status ac_store_init(ac_store *store, ac_error *err) noexcept {
    return administer(store, err, [](Store &inside) { inside.init(); });
}

ac_status ac_store_shard(ac_store *store, ac_error *err) noexcept {
    return administer(store, err, [](Store &inside) { inside.shard(); });
}

ac_status ac_org_create(ac_store *store, const ac_org_spec *spec, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    if (spec == nullptr) return invalid(err, "the organization's spec is NULL");
    return administer(store, row, ctx, err,
                      [&](Store &inside, const RowSink &rows) { inside.org_create(read_org_create(*spec), rows); });
}

ac_status ac_org_set(ac_store *store, ac_str org, const ac_org_spec *spec, ac_row_fn row, void *ctx,
                     ac_error *err) noexcept {
    if (spec == nullptr) return invalid(err, "the organization's spec is NULL");
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        inside.org_set(read_org_name(org), read_org_set(*spec), rows);
    });
}

ac_status ac_org_show(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err,
                      [&](Store &inside, const RowSink &rows) { inside.org_show(read_org_name(org), rows); });
}

ac_status ac_org_list(ac_store *store, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [](Store &inside, const RowSink &rows) { inside.org_list(rows); });
}

ac_status ac_org_delete(ac_store *store, ac_str org, unsigned flags, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    if ((flags & ~static_cast<unsigned>(AC_ORG_WITH_APPLICATIONS)) != 0) return invalid(err, "unknown flag");
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        const std::string id = id_of_org(inside, read_org_name(org));
        const std::uint64_t n = inside.org_delete(id, (flags & AC_ORG_WITH_APPLICATIONS) != 0);
        rows(R"({"id":")" + id + R"(","deleted":true,"applications":)" + std::to_string(n) + "}");
    });
}

ac_status ac_store_freeze(ac_store *store, ac_str org, uint32_t retry_after, ac_row_fn row, void *ctx,
                          ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        const Freeze seconds = read_freeze(retry_after);
        const Frozen what = frozen_by(inside, org);
        const bool already = inside.freeze(what.id, seconds) != 0;
        rows(what.row + R"("frozen":true,"retryAfter":)" + std::to_string(seconds) + R"(,"already":)" + word(already));
    });
}

ac_status ac_store_thaw(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        const Frozen what = frozen_by(inside, org);
        const bool already = inside.thaw(what.id) == 0;
        rows(what.row + R"("frozen":false,"already":)" + word(already));
    });
}

ac_status ac_store_frozen(ac_store *store, uint32_t *retry_after, ac_error *err) noexcept {
    if (retry_after == nullptr) return invalid(err, "the place for the seconds is NULL");
    return administer(store, err, [&](Store &inside) { *retry_after = inside.frozen(); });
}

ac_status ac_provider_create(ac_store *store, const ac_provider_spec *spec, ac_row_fn row, void *ctx,
                             ac_error *err) noexcept {
    if (spec == nullptr) return invalid(err, "the provider's spec is NULL");
    return administer(store, row, ctx, err,
                      [&](Store &inside, const RowSink &rows) { inside.provider_create(read_provider(*spec), rows); });
}

ac_status ac_provider_list(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err,
                      [&](Store &inside, const RowSink &rows) { inside.provider_list(read_org_name(org), rows); });
}

ac_status ac_provider_set(ac_store *store, ac_str org, ac_str id, const ac_provider_change *change, ac_row_fn row,
                          void *ctx, ac_error *err) noexcept {
    if (change == nullptr) return invalid(err, "the provider's change is NULL");
    if (change->size < sizeof(ac_provider_change)) return invalid(err, "set size to sizeof(ac_provider_change)");
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        inside.provider_set(read_org_name(org), read_id("the provider's id", id), read_provider_change(*change), rows);
    });
}

ac_status ac_provider_delete(ac_store *store, ac_str org, ac_str id, ac_error *err) noexcept {
    return administer(store, err, [&](Store &inside) {
        inside.provider_delete(read_org_name(org), read_id("the provider's id", id));
    });
}

ac_status ac_time_parse(ac_str text, int64_t *out, ac_error *err) noexcept {
    if (out == nullptr) return invalid(err, "the place for the time is NULL");
    if (!is_valid(text)) return invalid(err, "the time is NULL but has a length");
    const auto time = parse_timestamp(text_of(text));
    if (!time) {
        return invalid(err, "a time must be as in RFC 3339: 2026-12-31T23:59:59Z, or with an offset as in +01:00");
    }
    *out = *time;
    return AC_OK;
}

ac_status ac_key_create(ac_store *store, const ac_key_spec *spec, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return ac_key_create_named(store, spec, {nullptr, 0}, row, ctx, err);
}

ac_status ac_key_create_named(ac_store *store, const ac_key_spec *spec, ac_str name, ac_row_fn row, void *ctx,
                              ac_error *err) noexcept {
    if (spec == nullptr) return invalid(err, "the key's spec is NULL");
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        const KeySpec key = read_key(*spec, name);
        inside.key_create(key, showing(key.token, spec->token.len == 0, rows));
    });
}

ac_status ac_key_rotate(ac_store *store, ac_str id, const ac_key_rotation *rotation, ac_row_fn row, void *ctx,
                        ac_error *err) noexcept {
    if (rotation == nullptr) return invalid(err, "the key's rotation is NULL");
    if (rotation->size < sizeof(ac_key_rotation)) return invalid(err, "set size to sizeof(ac_key_rotation)");
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        const KeyRotation how = read_rotation(*rotation);
        inside.key_rotate(read_id("the key's id", id), how, showing(how.token, rotation->token.len == 0, rows));
    });
}

ac_status ac_key_rename(ac_store *store, ac_str id, ac_str name, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        inside.key_rename(read_id("the key's id", id), read_key_name(name), rows);
    });
}

ac_status ac_key_show(ac_store *store, ac_str id, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err,
                      [&](Store &inside, const RowSink &rows) { inside.key_show(read_id("the key's id", id), rows); });
}

ac_status ac_key_list(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err,
                      [&](Store &inside, const RowSink &rows) { inside.key_list(read_org_name(org), rows); });
}

ac_status ac_key_revoke(ac_store *store, ac_str id, ac_error *err) noexcept {
    return administer(store, err, [&](Store &inside) { inside.key_revoke(read_id("the key's id", id)); });
}

ac_status ac_app_list(ac_store *store, ac_str org, ac_str after, size_t max, ac_row_fn row, void *ctx,
                      ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        std::optional<ObjectId> first;
        if (!read_text(after).empty()) first = read_id("the application's id to go on after", after);
        inside.app_list(read_org_name(org), first, max, rows);
    });
}

ac_status ac_app_show(ac_store *store, ac_str org, ac_str app, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        inside.app_show(read_org_name(org), read_app_name(app), rows);
    });
}

ac_status ac_app_delete(ac_store *store, ac_str org, ac_str app, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        inside.app_delete(read_org_name(org), read_app_name(app), rows);
    });
}

ac_status ac_app_count(ac_store *store, ac_str org, uint64_t *out, ac_error *err) noexcept {
    if (out == nullptr) return invalid(err, "the place for the number is NULL");
    return administer(store, err, [&](Store &inside) { *out = inside.app_count(read_org_name(org)); });
}

ac_status ac_store_check(ac_store *store, int repair, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        bool is_damaged = false;
        const RowSink seen = [&](std::string_view problem) {
            is_damaged = is_damaged || is_about_file(problem);
            return rows(problem);
        };
        if (inside.check(repair != 0, seen)) return;
        if (is_damaged) {
            throw Failure(
                AC_ECHECK,
                "the store's file is damaged, which no repair mends; copy it and its -wal and -shm files away, "
                "then restore a backup");
        }
        throw Failure(AC_ECHECK, repair != 0 ? "a promise of the store does not hold and could not be mended"
                                             : "a promise of the store does not hold; run the check with repair");
    });
}

ac_status ac_store_copy(ac_store *from, ac_store *to, ac_progress_fn progress, void *ctx, ac_copied *out,
                        ac_error *err) noexcept {
    if (from == nullptr) return invalid(err, "the store to copy from is NULL");
    if (to == nullptr) return invalid(err, "the store to copy to is NULL");
    if (from == to) return invalid(err, "a store cannot be copied into itself");
    return run_copy(err, progress, ctx, out,
                    [&](const Progress &tell) { return copy_store(to_core(from), to_core(to), tell); });
}

ac_status ac_store_backup(ac_store *store, ac_str file, unsigned flags, ac_progress_fn progress, void *ctx,
                          ac_copied *out, ac_error *err) noexcept {
    if (const char *fault = fault_of(store, file, flags)) return invalid(err, fault);
    return run_copy(err, progress, ctx, out, [&](const Progress &tell) {
        return to_core(store).backup(std::string(text_of(file)), (flags & AC_FILE_REPLACE) != 0, tell);
    });
}

ac_status ac_store_restore(ac_store *store, ac_str file, unsigned flags, ac_progress_fn progress, void *ctx,
                           ac_copied *out, ac_error *err) noexcept {
    if (const char *fault = fault_of(store, file, flags)) return invalid(err, fault);
    return run_copy(err, progress, ctx, out, [&](const Progress &tell) {
        return to_core(store).restore(std::string(text_of(file)), (flags & AC_FILE_REPLACE) != 0, tell);
    });
}

}  // extern "C"
