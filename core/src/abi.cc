// The C ABI: every function of app_create.h, and nothing else. Arguments are checked first; then the core is called
// with everything caught.
#include "access.h"
#include "app_create.h"
#include "copy.h"
#include "create.h"
#include "errors.h"
#include "spec.h"
#include "sqlite/turn.h"
#include "store.h"
#include "token.h"
#include "uri.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>

using namespace appcreate;

// The layouts that programs were compiled with (app_create.h, "ABI policy").
static_assert(sizeof(void *) == 8, "the pinned sizes are those of 64-bit machines");
static_assert(sizeof(ac_str) == 16);
static_assert(sizeof(ac_error) == 512);
static_assert(sizeof(ac_answer) == 24);
static_assert(sizeof(ac_bearer) == 32);
static_assert(sizeof(ac_key) == 256);
static_assert(sizeof(ac_lookup) == 296);
static_assert(sizeof(ac_head) == 88);
static_assert(sizeof(ac_create_facts) == 40);
static_assert(sizeof(ac_source) == 32);
static_assert(sizeof(ac_store_options) == 56);
static_assert(sizeof(ac_org_spec) == 80);
static_assert(sizeof(ac_provider_spec) == 104);
static_assert(sizeof(ac_key_spec) == 88);
static_assert(sizeof(ac_copied) == 64);
static_assert(offsetof(ac_key, expires_at) == 248);
static_assert(offsetof(ac_error, message) == 8);

namespace {

constexpr std::size_t kTurnAlignment = 64;
constexpr std::int64_t kMaxTimeoutMs = 24LL * 3600 * 1000;

// ---- handles: the opaque types are the core's own objects

Create *inner(ac_create *create) noexcept { return reinterpret_cast<Create *>(create); }
const Create *inner(const ac_create *create) noexcept { return reinterpret_cast<const Create *>(create); }
Store &inner(ac_store *store) noexcept { return *reinterpret_cast<Store *>(store); }
const StoreUri *inner(const ac_uri *uri) noexcept { return reinterpret_cast<const StoreUri *>(uri); }
ac_str outer(const std::string &text) noexcept { return {text.data(), text.size()}; }

// ---- errors

// One line that any log can take: controls become spaces, what is too long is cut between characters.
ac_status report(ac_error *err, ac_status status, std::string_view message, int detail = 0) noexcept {
    if (err == nullptr) return status;
    err->status = status;
    err->detail = detail;
    std::size_t n = std::min(message.size(), sizeof(err->message) - 1);
    if (n < message.size()) {
        while (n > 0 && (static_cast<unsigned char>(message[n]) & 0xc0) == 0x80) --n;
    }
    std::transform(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(n), err->message,
                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c; });
    std::memset(err->message + n, 0, sizeof(err->message) - n);
    return status;
}

ac_status invalid(ac_error *err, std::string_view message) noexcept { return report(err, AC_EINVAL, message); }

template <class Function>
ac_status guarded(ac_error *err, Function &&function) noexcept {
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return report(err, AC_ENOMEM, "out of memory");
    } catch (const Failure &failure) {
        return report(err, failure.status(), failure.what(), failure.detail());
    } catch (const std::exception &exception) {
        return report(err, AC_EINTERNAL, exception.what());
    } catch (...) {
        return report(err, AC_EINTERNAL, "an unknown exception; this is a bug");
    }
}

// ---- arguments

bool is_valid(const ac_str &text) noexcept { return text.data != nullptr || text.len == 0; }

bool is_valid(const ac_str *lines, std::size_t n) noexcept {
    return n == 0 || (lines != nullptr && std::all_of(lines, lines + n, [](const ac_str &s) { return is_valid(s); }));
}

template <std::size_t N>
bool is_terminated(const char (&text)[N]) noexcept {
    return std::memchr(text, '\0', N) != nullptr;
}

// A key comes out of shared memory, so it is looked at before it is believed.
bool is_valid(const ac_key *key) noexcept {
    return key != nullptr && is_terminated(key->id) && is_terminated(key->organization) &&
           is_terminated(key->organization_slug) && is_terminated(key->owner) && key->role < kRoles.size();
}

bool is_valid(const ac_head *head) noexcept {
    return head != nullptr && is_valid(head->key) && is_valid(head->organization) && is_valid(head->query) &&
           is_valid(head->content_type, head->n_content_type) &&
           is_valid(head->content_encoding, head->n_content_encoding) &&
           is_valid(head->idempotency_key, head->n_idempotency_key);
}

std::string_view text_of(const ac_str &text) noexcept { return {text.data, text.len}; }

bool is_turn(const void *memory) noexcept { return reinterpret_cast<std::uintptr_t>(memory) % kTurnAlignment == 0; }

RowSink sink(ac_row_fn row, void *ctx) {
    return [row, ctx](std::string_view json) { return row(ctx, {json.data(), json.size()}) == 0; };
}

// What every function of administration does: the arguments it shares with the others, then the call.
template <class Function>
ac_status administer(ac_store *store, ac_error *err, Function &&function) noexcept {
    if (store == nullptr) return invalid(err, "the store is NULL");
    return guarded(err, [&] {
        function(inner(store));
        return AC_OK;
    });
}

template <class Function>
ac_status administer(ac_store *store, ac_row_fn row, void *ctx, ac_error *err, Function &&function) noexcept {
    if (row == nullptr) return invalid(err, "the row function is NULL");
    return administer(store, err, [&](Store &inside) { function(inside, sink(row, ctx)); });
}

// What moves a whole store: tells how far it is, ends early where the caller says so, counts what there is afterwards.
template <class Function>
ac_status transfer(ac_error *err, ac_progress_fn progress, void *ctx, ac_copied *out, Function &&function) noexcept {
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

// The row of a key that was made now, with its token: after the id, where a reader looks for it.
std::string with_token(std::string_view row, std::string_view token) {
    constexpr std::string_view kStart = R"({"id":"0123456789abcdef01234567")";
    std::string out;
    out.reserve(row.size() + token.size() + 16);
    out.append(row.substr(0, kStart.size())).append(R"(,"token":")").append(token).append("\"");
    out.append(row.substr(kStart.size()));
    return out;
}

}  // namespace

extern "C" {

const char *ac_version(void) noexcept {
#define APP_CREATE_TEXT(x) #x
#define APP_CREATE_VERSION(a, b, c) APP_CREATE_TEXT(a) "." APP_CREATE_TEXT(b) "." APP_CREATE_TEXT(c)
    return APP_CREATE_VERSION(AC_VERSION_MAJOR, AC_VERSION_MINOR, AC_VERSION_PATCH);
}

// ------------------------------------------------------------------------------------------------ answers and errors

const ac_answer *ac_code_answer(int code) noexcept { return &code_answer(code); }

size_t ac_status_body(int status, ac_str reason, char *buf, size_t cap, int *code, unsigned *retry_after) noexcept {
    return write_status_body(status, is_valid(reason) ? text_of(reason) : std::string_view(), buf,
                             buf == nullptr ? 0 : cap, code, retry_after);
}

// ---------------------------------------------------------------------------------------------------- authentication

ac_access ac_bearer_parse(ac_str authorization, ac_bearer *out) noexcept {
    if (out == nullptr || !is_valid(authorization)) return AC_ACCESS_INVALID;
    ac_access access = AC_ACCESS_INVALID;
    guarded(nullptr, [&] {
        access = parse_bearer(text_of(authorization), *out);
        return AC_OK;
    });
    return access;
}

void ac_bearer_tag(const ac_bearer *bearer, char *out) noexcept {
    if (out == nullptr) return;
    out[0] = '\0';
    if (bearer == nullptr) return;
    guarded(nullptr, [&] {
        write_tag(*bearer, out);
        return AC_OK;
    });
}

ac_access ac_key_check(const ac_key *key, int64_t now) noexcept {
    return is_valid(key) ? check_key(*key, now) : AC_ACCESS_INVALID;
}

size_t ac_challenge(ac_access access, ac_str realm, char *buf, size_t cap) noexcept {
    return write_challenge(access, is_valid(realm) ? text_of(realm) : std::string_view(), buf, cap);
}

// ------------------------------------------------------------------------------------------------------------- stores

ac_status ac_uri_parse(ac_str text, ac_uri **out, ac_error *err) noexcept {
    if (out == nullptr) return invalid(err, "the place for the URI is NULL");
    if (!is_valid(text)) return invalid(err, "the store URI is NULL but has a length");
    return guarded(err, [&] {
        *out = reinterpret_cast<ac_uri *>(std::make_unique<StoreUri>(parse_uri(text_of(text))).release());
        return AC_OK;
    });
}

void ac_uri_free(ac_uri *uri) noexcept { std::unique_ptr<const StoreUri> owned(inner(uri)); }

ac_store_kind ac_uri_kind(const ac_uri *uri) noexcept {
    return uri == nullptr ? static_cast<ac_store_kind>(0) : inner(uri)->kind;
}

ac_str ac_uri_path(const ac_uri *uri) noexcept { return uri == nullptr ? ac_str{nullptr, 0} : outer(inner(uri)->path); }

ac_str ac_uri_name(const ac_uri *uri) noexcept { return uri == nullptr ? ac_str{nullptr, 0} : outer(inner(uri)->name); }

ac_status ac_turn_init(void *memory) noexcept {
    if (memory == nullptr || !is_turn(memory)) return AC_EINVAL;
    return guarded(nullptr, [&] {
        sqlite::init_turn(memory);
        return AC_OK;
    });
}

ac_status ac_store_open(const ac_store_options *options, ac_store **out, ac_error *err) noexcept {
    if (options == nullptr) return invalid(err, "the store's options are NULL");
    if (out == nullptr) return invalid(err, "the place for the store is NULL");
    if (options->size < sizeof(ac_store_options)) return invalid(err, "set size to sizeof(ac_store_options)");
    if (options->uri == nullptr) return invalid(err, "the store's URI is NULL");
    if (options->timeout_ms <= 0) return invalid(err, "the store's timeout must be more than 0 ms");
    if (options->threads == 0) return invalid(err, "the store's number of threads must be 1 or more");
    if ((options->flags & ~static_cast<uint32_t>(AC_STORE_MAINTAIN)) != 0) {
        return invalid(err, "unknown flag in the store's options");
    }
    if (!is_turn(options->turn)) return invalid(err, "the memory of the turn must be aligned to 64 bytes");
    return guarded(err, [&] {
        StoreOptions inside;
        inside.uri = *inner(options->uri);
        inside.timeout_ms = std::min(options->timeout_ms, kMaxTimeoutMs);
        inside.turn = options->turn;
        inside.log = options->log;
        inside.log_ctx = options->log_ctx;
        inside.threads = options->threads;
        inside.maintain = (options->flags & AC_STORE_MAINTAIN) != 0;
        *out = reinterpret_cast<ac_store *>(open_store(inside).release());
        return AC_OK;
    });
}

void ac_store_close(ac_store *store) noexcept {
    if (store == nullptr) return;
    guarded(nullptr, [&] {
        std::unique_ptr<Store> owned(&inner(store));
        return AC_OK;
    });
}

ac_status ac_store_warm(ac_store *store, ac_error *err) noexcept {
    return administer(store, err, [](Store &inside) { inside.warm(); });
}

ac_status ac_store_find_keys(ac_store *store, ac_lookup *lookups, size_t n, int64_t deadline, ac_error *err) noexcept {
    if (lookups == nullptr && n != 0) return invalid(err, "the look-ups are NULL");
    return administer(store, err, [&](Store &inside) {
        inside.find_keys({lookups, n}, std::max<int64_t>(deadline, 0));
    });
}

// ----------------------------------------------------------------------------------------------------------- creating

ac_status ac_create_begin(const ac_head *head, ac_create **out) noexcept {
    if (out == nullptr || !is_valid(head)) return AC_EINVAL;
    return guarded(nullptr, [&] {
        auto create = std::make_unique<Create>(*head);
        const ac_status status = create->answered() ? AC_DONE : AC_OK;
        *out = reinterpret_cast<ac_create *>(create.release());
        return status;
    });
}

void ac_create_free(ac_create *create) noexcept { std::unique_ptr<Create> owned(inner(create)); }

ac_status ac_create_body(ac_create *create, ac_str body, unsigned flags) noexcept {
    if (create == nullptr || !is_valid(body) || (flags & ~static_cast<unsigned>(AC_BODY_NO_BLOCK)) != 0) {
        return AC_EINVAL;
    }
    return guarded(nullptr, [&] { return inner(create)->body(text_of(body), flags); });
}

size_t ac_create_size(const ac_create *create) noexcept { return create == nullptr ? 0 : inner(create)->size(); }

void ac_create_set_user(ac_create *create, void *user) noexcept {
    if (create != nullptr) inner(create)->user = user;
}

void *ac_create_user(const ac_create *create) noexcept { return create == nullptr ? nullptr : inner(create)->user; }

void ac_create_refuse(ac_create *create, int code) noexcept {
    if (create != nullptr) inner(create)->refuse(code);
}

const ac_answer *ac_create_answer(const ac_create *create) noexcept {
    static constexpr ac_answer kNone{};
    return create == nullptr ? &kNone : &inner(create)->answer();
}

void ac_create_get_facts(const ac_create *create, ac_create_facts *out) noexcept {
    if (out != nullptr) *out = create == nullptr ? ac_create_facts{} : inner(create)->facts();
}

ac_status ac_store_write(ac_store *store, const ac_source *source, int64_t deadline, ac_error *err) noexcept {
    if (source == nullptr) return invalid(err, "the source is NULL");
    if (source->take == nullptr || source->done == nullptr) return invalid(err, "the source lacks a function");
    return administer(store, err,
                      [&](Store &inside) { inside.write(Source(*source), std::max<int64_t>(deadline, 0)); });
}

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

ac_status ac_provider_delete(ac_store *store, ac_str org, ac_str id, ac_error *err) noexcept {
    return administer(store, err, [&](Store &inside) {
        inside.provider_delete(read_org_name(org), read_id("the provider's id", id));
    });
}

ac_status ac_time_parse(ac_str text, int64_t *out, ac_error *err) noexcept {
    if (out == nullptr) return invalid(err, "the place for the time is NULL");
    if (!is_valid(text)) return invalid(err, "the time is NULL but has a length");
    const auto time = parse_timestamp(text_of(text));
    if (!time)
        return invalid(err, "a time must be as in RFC 3339: 2026-12-31T23:59:59Z, or with an offset as in +01:00");
    *out = *time;
    return AC_OK;
}

ac_status ac_key_create(ac_store *store, const ac_key_spec *spec, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    if (spec == nullptr) return invalid(err, "the key's spec is NULL");
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        const KeySpec key = read_key(*spec);
        const bool is_new = spec->token.len == 0;
        inside.key_create(
            key, [&](std::string_view json) { return rows(is_new ? with_token(json, key.token) : std::string(json)); });
    });
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
        if (!view(after).empty()) first = read_id("the application's id to go on after", after);
        inside.app_list(read_org_name(org), first, max, rows);
    });
}

ac_status ac_app_show(ac_store *store, ac_str org, ac_str app, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        inside.app_show(read_org_name(org), read_app_name(app), rows);
    });
}

ac_status ac_app_count(ac_store *store, ac_str org, uint64_t *out, ac_error *err) noexcept {
    if (out == nullptr) return invalid(err, "the place for the number is NULL");
    return administer(store, err, [&](Store &inside) { *out = inside.app_count(read_org_name(org)); });
}

ac_status ac_store_check(ac_store *store, int repair, ac_row_fn row, void *ctx, ac_error *err) noexcept {
    return administer(store, row, ctx, err, [&](Store &inside, const RowSink &rows) {
        if (inside.check(repair != 0, rows)) return;
        throw Failure(AC_ECHECK, repair != 0 ? "a promise of the store does not hold and could not be mended"
                                             : "a promise of the store does not hold; run the check with repair");
    });
}

ac_status ac_store_copy(ac_store *from, ac_store *to, ac_progress_fn progress, void *ctx, ac_copied *out,
                        ac_error *err) noexcept {
    if (from == nullptr) return invalid(err, "the store to copy from is NULL");
    if (to == nullptr) return invalid(err, "the store to copy to is NULL");
    if (from == to) return invalid(err, "a store cannot be copied into itself");
    return transfer(err, progress, ctx, out,
                    [&](const Progress &tell) { return copy_store(inner(from), inner(to), tell); });
}

ac_status ac_store_backup(ac_store *store, ac_str file, unsigned flags, ac_progress_fn progress, void *ctx,
                          ac_copied *out, ac_error *err) noexcept {
    if (const char *fault = fault_of(store, file, flags)) return invalid(err, fault);
    return transfer(err, progress, ctx, out, [&](const Progress &tell) {
        return inner(store).backup(std::string(text_of(file)), (flags & AC_FILE_REPLACE) != 0, tell);
    });
}

ac_status ac_store_restore(ac_store *store, ac_str file, unsigned flags, ac_progress_fn progress, void *ctx,
                           ac_copied *out, ac_error *err) noexcept {
    if (const char *fault = fault_of(store, file, flags)) return invalid(err, fault);
    return transfer(err, progress, ctx, out, [&](const Progress &tell) {
        return inner(store).restore(std::string(text_of(file)), (flags & AC_FILE_REPLACE) != 0, tell);
    });
}

}  // extern "C"
