// The C ABI that a server needs: every function of app_create.h and app_create_read.h, and nothing else
// (app_create_admin.h: abi_admin.cc).
// Arguments are checked first; then the core is called with everything caught.
#include "abi_boundary.h"
#include "app_create.h"
#include "auth/key_check.h"
#include "auth/token.h"
#include "base/failure.h"
#include "kinds.h"
#include "request/answers.h"
#include "request/create.h"
#include "request/identity.h"
#include "request/read.h"
#include "slug/slug.h"
#include "sqlite/file/head.h"
#include "sqlite/serve/exchange.h"
#include "sqlite/serve/turn.h"
#include "store/store.h"
#include "store/uri.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>

using namespace appcreate;
using namespace appcreate::boundary;

// The layouts that programs were compiled with (app_create.h, "ABI policy").
static_assert(sizeof(void *) == 8, "the pinned sizes are those of 64-bit machines");
static_assert(sizeof(ac_str) == 16);
static_assert(sizeof(ac_error) == 512);
static_assert(sizeof(ac_answer) == 24);
static_assert(sizeof(ac_bearer) == 32);
static_assert(sizeof(ac_key) == 256);
static_assert(sizeof(ac_lookup) == 296);
static_assert(sizeof(ac_store_stats) == 64);
static_assert(sizeof(ac_head) == 88);
static_assert(sizeof(ac_read_head) == 48);
static_assert(sizeof(ac_create_facts) == 40);
static_assert(sizeof(ac_source) == 32);
static_assert(sizeof(ac_store_options) == 80);
static_assert(sizeof(ac_org_spec) == 80);
static_assert(sizeof(ac_provider_spec) == 104);
static_assert(sizeof(ac_key_spec) == 88);
static_assert(sizeof(ac_provider_change) == 48);
static_assert(sizeof(ac_key_rotation) == 40);
static_assert(sizeof(ac_copied) == 64);
static_assert(offsetof(ac_key, expires_at) == 248);
static_assert(offsetof(ac_error, message) == 8);

namespace {

using boundary::is_valid;

constexpr std::size_t kTurnAlignment = 64;
// What programs were compiled with before these were added.
constexpr std::size_t kOptionsOf10 = offsetof(ac_store_options, exchange);
static_assert(kOptionsOf10 == 56);
constexpr std::int64_t kMaxTimeoutMs = 24LL * 3600 * 1000;

// ---- handles: the opaque types are the core's own objects

Create *to_core(ac_create *create) noexcept { return reinterpret_cast<Create *>(create); }
const Create *to_core(const ac_create *create) noexcept { return reinterpret_cast<const Create *>(create); }
Read *to_core(ac_read *read) noexcept { return reinterpret_cast<Read *>(read); }
const Read *to_core(const ac_read *read) noexcept { return reinterpret_cast<const Read *>(read); }
const StoreUri *to_core(const ac_uri *uri) noexcept { return reinterpret_cast<const StoreUri *>(uri); }
ac_str to_c(const std::string &text) noexcept { return {text.data(), text.size()}; }

ac_uri_head to_c(sqlite::Head head) noexcept {
    switch (head) {
        case sqlite::Head::kNoDatabase:
            return AC_HEAD_NO_DATABASE;
        case sqlite::Head::kDamaged:
            return AC_HEAD_DAMAGED;
        case sqlite::Head::kForeign:
            return AC_HEAD_FOREIGN;
        case sqlite::Head::kBlank:
            return AC_HEAD_BLANK;
        case sqlite::Head::kStore:
            return AC_HEAD_STORE;
        case sqlite::Head::kUnreadable:
        case sqlite::Head::kUnknown:
            break;
    }
    return AC_HEAD_UNKNOWN;
}

// ---- arguments

bool is_valid(const ac_str *lines, std::size_t n) noexcept {
    return n == 0 || (lines != nullptr && std::all_of(lines, lines + n, [](const ac_str &s) { return is_valid(s); }));
}

template <std::size_t size>
bool is_terminated(const char (&text)[size]) noexcept {
    return std::memchr(text, '\0', size) != nullptr;
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

bool is_valid(const ac_identity *identity) noexcept {
    return identity != nullptr && is_valid(identity->owner) && is_valid(identity->organization) &&
           is_valid(identity->organization_slug) && is_valid(identity->role) && is_valid(identity->permissions);
}

bool is_valid(const ac_read_head *head) noexcept {
    return head != nullptr && is_valid(head->key) && is_valid(head->organization) && is_valid(head->query) &&
           (head->application == nullptr || is_valid(*head->application));
}

bool is_turn(const void *memory) noexcept { return reinterpret_cast<std::uintptr_t>(memory) % kTurnAlignment == 0; }

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

ac_access ac_identity_key(const ac_identity *identity, ac_key *out) noexcept {
    if (out == nullptr || !is_valid(identity)) return AC_ACCESS_INVALID;
    ac_access access = AC_ACCESS_INVALID;
    guarded(nullptr, [&] {
        access = key_of_identity(*identity, *out);
        return AC_OK;
    });
    return access;
}

ac_access ac_key_check(const ac_key *key, int64_t now) noexcept {
    return is_valid(key) ? check_key(*key, now) : AC_ACCESS_INVALID;
}

ac_access ac_key_check_list(const ac_key *key, int64_t now) noexcept {
    return is_valid(key) ? check_list_key(*key, now) : AC_ACCESS_INVALID;
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

void ac_uri_free(ac_uri *uri) noexcept { std::unique_ptr<const StoreUri> owned(to_core(uri)); }

ac_store_kind ac_uri_kind(const ac_uri *uri) noexcept {
    return uri == nullptr ? static_cast<ac_store_kind>(0) : to_core(uri)->kind;
}

ac_str ac_uri_path(const ac_uri *uri) noexcept {
    return uri == nullptr ? ac_str{nullptr, 0} : to_c(to_core(uri)->path);
}

ac_str ac_uri_name(const ac_uri *uri) noexcept {
    return uri == nullptr ? ac_str{nullptr, 0} : to_c(to_core(uri)->name);
}

ac_uri_head ac_uri_look(const ac_uri *uri) noexcept {
    ac_uri_head head = AC_HEAD_UNKNOWN;
    if (uri == nullptr || to_core(uri)->kind != AC_STORE_SQLITE) return head;
    guarded(nullptr, [&] {
        head = to_c(sqlite::head_of(to_core(uri)->path));
        return AC_OK;
    });
    return head;
}

ac_status ac_turn_init(void *memory) noexcept {
    if (memory == nullptr || !is_turn(memory)) return AC_EINVAL;
    return guarded(nullptr, [&] {
        sqlite::init_turn(memory);
        return AC_OK;
    });
}

ac_status ac_exchange_init(void *memory) noexcept {
    if (memory == nullptr || !is_turn(memory)) return AC_EINVAL;
    return guarded(nullptr, [&] {
        sqlite::init_exchange(memory);
        return AC_OK;
    });
}

ac_status ac_store_open(const ac_store_options *options, ac_store **out, ac_error *err) noexcept {
    if (options == nullptr) return invalid(err, "the store's options are NULL");
    if (out == nullptr) return invalid(err, "the place for the store is NULL");
    if (options->size < kOptionsOf10) return invalid(err, "set size to sizeof(ac_store_options)");
    if (options->uri == nullptr) return invalid(err, "the store's URI is NULL");
    if (options->timeout_ms <= 0) return invalid(err, "the store's timeout must be more than 0 ms");
    if (options->threads == 0) return invalid(err, "the store's number of threads must be 1 or more");
    if ((options->flags & ~static_cast<uint32_t>(AC_STORE_MAINTAIN)) != 0) {
        return invalid(err, "unknown flag in the store's options");
    }
    if (!is_turn(options->turn)) return invalid(err, "the memory of the turn must be aligned to 64 bytes");
    const bool has_all = options->size >= sizeof(ac_store_options);
    if (has_all && !is_turn(options->exchange)) {
        return invalid(err, "the memory of the exchange must be aligned to 64 bytes");
    }
    if (has_all && options->exchange != nullptr && options->turn == nullptr) {
        return invalid(err, "the exchange needs a turn");
    }
    return guarded(err, [&] {
        StoreOptions inside;
        inside.uri = *to_core(options->uri);
        inside.timeout_ms = std::min(options->timeout_ms, kMaxTimeoutMs);
        inside.turn = options->turn;
        inside.log = options->log;
        inside.log_ctx = options->log_ctx;
        inside.threads = options->threads;
        inside.maintain = (options->flags & AC_STORE_MAINTAIN) != 0;
        if (has_all) {
            inside.exchange = options->exchange;
            inside.batch = {options->batch, options->batch_ctx};
        }
        *out = reinterpret_cast<ac_store *>(open_store(inside).release());
        return AC_OK;
    });
}

void ac_store_close(ac_store *store) noexcept {
    if (store == nullptr) return;
    guarded(nullptr, [&] {
        std::unique_ptr<Store> owned(&to_core(store));
        return AC_OK;
    });
}

ac_status ac_warm(ac_error *err) noexcept {
    return guarded(err, [] {
        warm_slugs();
        return AC_OK;
    });
}

ac_status ac_store_warm(ac_store *store, ac_error *err) noexcept {
    return administer(store, err, [](Store &inside) { inside.warm(); });
}

ac_status ac_store_get_stats(const ac_store *store, ac_store_stats *out) noexcept {
    if (store == nullptr || out == nullptr || out->size < sizeof(ac_store_stats)) return AC_EINVAL;
    return administer(const_cast<ac_store *>(store), nullptr, [&](Store &inside) {
        const StoreStats stats = inside.stats();
        out->log_bytes = stats.log_bytes;
        out->last_checkpoint = stats.last_checkpoint;
        out->frozen = stats.frozen;
    });
}

ac_status ac_store_find_keys(ac_store *store, ac_lookup *lookups, size_t n, int64_t deadline, ac_error *err) noexcept {
    if (lookups == nullptr && n != 0) return invalid(err, "the look-ups are NULL");
    return administer(store, err, [&](Store &inside) {
        inside.find_keys({lookups, n}, std::max<int64_t>(deadline, 0));
    });
}

uint32_t ac_store_key_changes(ac_store *store) noexcept { return store == nullptr ? 0 : to_core(store).key_changes(); }

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

void ac_create_free(ac_create *create) noexcept { std::unique_ptr<Create> owned(to_core(create)); }

ac_status ac_create_body(ac_create *create, ac_str body, unsigned flags) noexcept {
    if (create == nullptr || !is_valid(body) || (flags & ~static_cast<unsigned>(AC_BODY_NO_BLOCK)) != 0) {
        return AC_EINVAL;
    }
    return guarded(nullptr, [&] { return to_core(create)->body(text_of(body), flags); });
}

size_t ac_create_size(const ac_create *create) noexcept { return create == nullptr ? 0 : to_core(create)->size(); }

void ac_create_set_user(ac_create *create, void *user) noexcept {
    if (create != nullptr) to_core(create)->user = user;
}

void *ac_create_user(const ac_create *create) noexcept { return create == nullptr ? nullptr : to_core(create)->user; }

void ac_create_set_deadline(ac_create *create, int64_t deadline) noexcept {
    if (create != nullptr) to_core(create)->deadline = std::max<int64_t>(deadline, 0);
}

void ac_create_abandon(ac_create *create) noexcept {
    if (create != nullptr) to_core(create)->abandon();
}

void ac_create_refuse(ac_create *create, int code) noexcept {
    if (create != nullptr) to_core(create)->refuse(code);
}

const ac_answer *ac_create_answer(const ac_create *create) noexcept {
    static constexpr ac_answer kNone{};
    return create == nullptr ? &kNone : &to_core(create)->answer();
}

void ac_create_get_facts(const ac_create *create, ac_create_facts *out) noexcept {
    if (out != nullptr) *out = create == nullptr ? ac_create_facts{} : to_core(create)->facts();
}

ac_status ac_store_write(ac_store *store, const ac_source *source, int64_t deadline, ac_error *err) noexcept {
    if (source == nullptr) return invalid(err, "the source is NULL");
    if (source->take == nullptr || source->done == nullptr) return invalid(err, "the source lacks a function");
    return administer(store, err,
                      [&](Store &inside) { inside.write(Source(*source), std::max<int64_t>(deadline, 0)); });
}

void ac_store_notify(ac_store *store) noexcept {
    if (store != nullptr) to_core(store).notify();
}

// ------------------------------------------------------------------------------------------------------------ reading

ac_status ac_read_begin(const ac_read_head *head, ac_read **out) noexcept {
    if (out == nullptr || !is_valid(head)) return AC_EINVAL;
    return guarded(nullptr, [&] {
        auto read = std::make_unique<Read>(*head);
        const ac_status status = read->answered() ? AC_DONE : AC_OK;
        *out = reinterpret_cast<ac_read *>(read.release());
        return status;
    });
}

void ac_read_free(ac_read *read) noexcept { std::unique_ptr<Read> owned(to_core(read)); }

ac_status ac_store_read(ac_store *store, ac_read *read, int64_t deadline, ac_error *err) noexcept {
    if (read == nullptr) return invalid(err, "the read is NULL");
    return administer(store, err,
                      [&](Store &inside) { answer(inside, *to_core(read), std::max<int64_t>(deadline, 0)); });
}

const ac_answer *ac_read_answer(const ac_read *read) noexcept {
    static constexpr ac_answer kNone{};
    return read == nullptr ? &kNone : &to_core(read)->answer();
}

int ac_read_is_missing(const ac_read *read) noexcept { return read != nullptr && to_core(read)->is_missing() ? 1 : 0; }

}  // extern "C"
