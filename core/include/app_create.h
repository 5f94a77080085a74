/*
 * libappcreate: validates and creates application records.
 *
 * This header is the manual of the library. It compiles as C11 and as C++. It is all that a server needs to
 * serve "POST /v1/organizations/{organizationId}/apps", and GET of what was made; docs/c-abi.md tells the ideas behind
 * it.
 *
 * Conventions, valid for every declaration that does not say otherwise:
 *
 * - Strings come in as ac_str, pointer and length, UTF-8, not NUL-terminated; {NULL, 0} is the empty string. They are
 *   borrowed for the call only. Strings that go out are owned by the object they were asked of.
 * - Pointers must not be NULL, except those named "nullable". A NULL where none is allowed is AC_EINVAL, not a crash.
 * - Functions never throw. One that returns no ac_status takes NULL too: the answer is 0, empty, NULL or a refusal.
 * - With a negative status the out parameters are untouched, and *err (always nullable) says what happened and how to
 *   mend it; any other status leaves *err as it was. No message ever contains a token or a password.
 * - Handles are opaque, made by one function and given back by the one named beside it; NULL may be given back.
 * - An ac_store may be used by any number of threads at once. An ac_create or ac_read belongs to one thread at a time.
 *   Functions of plain values may be called from anywhere.
 * - No function but those marked "blocks" waits for a disk, a network, a lock held by another process, or computes for
 *   longer than some 100 microseconds: they can be called on an event loop.
 * - Nothing survives fork(): make stores after it. Loading the library starts no thread and registers no handler.
 * - Times are milliseconds since 1970-01-01T00:00:00Z. Deadlines are nanoseconds of CLOCK_MONOTONIC.
 *
 * ABI policy: within a major version functions are only added, structs that the caller allocates keep their size, and
 * structs with a "size" member may grow at the end.
 */

#ifndef APP_CREATE_H
#define APP_CREATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define AC_NOEXCEPT noexcept
extern "C" {
#else
#define AC_NOEXCEPT
#endif

/* The library is compiled with everything hidden but this; a host that links it statically hides this too. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define AC_VERSION_MAJOR 1
#define AC_VERSION_MINOR 0
#define AC_VERSION_PATCH 0

/* "MAJOR.MINOR.PATCH" of the library that runs; static. */
const char *ac_version(void) AC_NOEXCEPT;

typedef struct ac_str {
    const char *data; /* nullable when len is 0 */
    size_t len;       /* bytes */
} ac_str;

typedef enum ac_status {
    AC_OK = 0,
    AC_AGAIN = 1,         /* call again on a thread that may block */
    AC_DONE = 2,          /* the create has its answer; nothing more to do for it */
    AC_EINVAL = -1,       /* an argument is NULL, out of range or malformed */
    AC_ENOMEM = -2,       /* out of memory */
    AC_ENOTFOUND = -3,    /* no such organization, key, provider, application */
    AC_EEXISTS = -4,      /* id, slug or token is taken */
    AC_EUNAVAILABLE = -5, /* the store cannot be reached, read or written */
    AC_ETIMEOUT = -6,     /* the deadline passed */
    AC_EVERSION = -7,     /* the store's schema is too old or too new for this library */
    AC_ECHECK = -8,       /* ac_store_check found a broken promise, or the two stores of ac_store_copy differ */
    AC_EINTERNAL = -9     /* a bug */
} ac_status;

/* The caller owns it; the library fills it. 512 bytes. */
typedef struct ac_error {
    int32_t status;    /* the ac_status returned */
    int32_t detail;    /* SQLite's extended result code or MongoDB's error code; 0 when there is none */
    char message[504]; /* one line, NUL-terminated, lower case, names the thing and the remedy */
} ac_error;

/* ------------------------------------------------------------------------------------------------ answers and errors
 */

/* The API's codes (docs/api.md, "Codes"). */
enum {
    AC_CODE_OK = 0,
    AC_CODE_INTERNAL = 1000,
    AC_CODE_BAD_REQUEST = 1001,
    AC_CODE_METHOD = 1003,
    AC_CODE_TOO_LARGE = 1004,
    AC_CODE_MEDIA_TYPE = 1005,
    AC_CODE_BUSY = 1006,
    AC_CODE_TOO_MANY = 1007,
    AC_CODE_TOO_EARLY = 1008,
    AC_CODE_VALIDATION = 3000,
    AC_CODE_NOT_FOUND = 3001,
    AC_CODE_DATABASE = 3002,
    AC_CODE_UNAUTHORIZED = 4001,
    AC_CODE_NO_TOKEN = 4002,
    AC_CODE_FORBIDDEN = 4003,
    AC_CODE_CONFLICT = 5001,
    AC_CODE_KEY_REUSED = 5002,
    AC_CODE_LIMIT = 5017,
    AC_CODE_PROVIDER = 5060
};

typedef struct ac_answer {
    uint16_t status;      /* HTTP status */
    uint16_t code;        /* AC_CODE_…, 0 with status 200 */
    uint16_t retry_after; /* seconds for Retry-After; 0: no such header */
    uint16_t flags;       /* AC_ANSWER_… */
    ac_str body;          /* the JSON to send, Content-Type "application/json; charset=utf-8" */
} ac_answer;

enum {
    AC_ANSWER_REPLAYED = 1,       /* send "Idempotency-Replayed: true" */
    AC_ANSWER_ACCEPT_IDENTITY = 2 /* send "Accept-Encoding: identity" (RFC 9110, 12.5.3, with 415) */
};

/* The answer of a code. Static, never NULL; an unknown code answers as AC_CODE_INTERNAL. */
const ac_answer *ac_code_answer(int code) AC_NOEXCEPT;

/*
 * The body for an error that the server made by itself (a 413, a 403 of an address rule): the API's code and
 * message for `status` (docs/api.md, "Codes"), code 1000 with `reason` (nginx's or your server's reason phrase) for a
 * status that it does not list. Writes at most `cap` bytes and returns the body's full length; nothing is cut when the
 * result is <= cap. *code (nullable) receives the code, *retry_after (nullable) the seconds or 0.
 */
size_t ac_status_body(int status, ac_str reason, char *buf, size_t cap, int *code, unsigned *retry_after) AC_NOEXCEPT;

/* ------------------------------------------------------------------------------------------------------ authentication
 */

#define AC_DIGEST_SIZE 32
#define AC_ID_SIZE 25    /* 24 hexadecimal digits and NUL */
#define AC_SLUG_SIZE 129 /* 128 bytes and NUL */
#define AC_TAG_SIZE 17   /* 16 hexadecimal digits and NUL */

typedef enum ac_access {
    AC_ACCESS_OK = 0,
    AC_ACCESS_NO_TOKEN,  /* 4002: no Authorization, another scheme, an empty token */
    AC_ACCESS_INVALID,   /* 4001: malformed, unknown, revoked, expired */
    AC_ACCESS_SCOPE,     /* 4001: the key lacks mad.application.management.create */
    AC_ACCESS_SCOPE_LIST /* 4001: the key lacks mad.application.management.list */
} ac_access;

typedef struct ac_bearer {
    uint8_t digest[AC_DIGEST_SIZE]; /* SHA-256 of the token: what ac_store_find_keys takes */
} ac_bearer;

/*
 * Reads the value of Authorization (RFC 6750, 2.1; scheme without regard to case, b64token of at most 512 bytes).
 * AC_ACCESS_OK fills *out; AC_ACCESS_INVALID is also the answer for a token of this library's own form ("aca_…") whose
 * checksum is wrong: such a token needs no look-up.
 */
ac_access ac_bearer_parse(ac_str authorization, ac_bearer *out) AC_NOEXCEPT;

/*
 * Writes the token's tag, NUL-terminated: a truncated hash of the digest, no credential, for rate limits and logs.
 * Empty where libcrypto fails or `bearer` is NULL.
 */
void ac_bearer_tag(const ac_bearer *bearer, char out[AC_TAG_SIZE]) AC_NOEXCEPT;

enum {
    AC_KEY_MAY_CREATE = 1,  /* has the permission mad.application.management.create */
    AC_KEY_ORG_ENABLED = 2, /* its organization is enabled */
    AC_KEY_REVOKED = 4,
    AC_KEY_MAY_LIST = 8 /* has the permission mad.application.management.list */
};

/* A key record, as it can be kept in a cache that processes share. 256 bytes. */
typedef struct ac_key {
    char id[AC_ID_SIZE];
    char organization[AC_ID_SIZE];
    char organization_slug[AC_SLUG_SIZE];
    char owner[AC_ID_SIZE]; /* createdBy */
    uint8_t role;           /* index into the list of roles (docs/api.md, "Response"); 8: unknown */
    uint8_t flags;          /* AC_KEY_… */
    uint8_t reserved[42];
    int64_t expires_at; /* milliseconds since 1970; 0: never */
} ac_key;

/*
 * Who asks, as the host knows it without a key: from a token that it has verified itself, a certificate, a session
 * (docs/api.md, "Identity from the gateway").
 */
typedef struct ac_identity {
    ac_str owner;             /* 24 hexadecimal digits: createdBy */
    ac_str organization;      /* 24 hexadecimal digits */
    ac_str organization_slug; /* empty: its clients name the organization by its id alone */
    ac_str role;              /* one of the roles (docs/api.md, "Response"); anything else is "unknown" */
    ac_str permissions;       /* with spaces or commas between them */
} ac_identity;

/*
 * Makes what stands for the identity's key, for ac_key_check and ac_head. Its id belongs to owner and organization and
 * is always the same for the two; it is no stored key's. The host answers for what it says: only whether there is such
 * an organization, and whether it is enabled, is the store asked when the create is written. AC_ACCESS_NO_TOKEN:
 * neither an owner nor an organization; AC_ACCESS_INVALID: not as above. Otherwise AC_ACCESS_OK, which alone fills
 * *out.
 */
ac_access ac_identity_key(const ac_identity *identity, ac_key *out) AC_NOEXCEPT;

/* May this key create, at time `now`? */
ac_access ac_key_check(const ac_key *key, int64_t now) AC_NOEXCEPT;
/* May it read applications? AC_ACCESS_SCOPE_LIST where it may not. */
ac_access ac_key_check_list(const ac_key *key, int64_t now) AC_NOEXCEPT;

/*
 * The value of WWW-Authenticate for an access that failed (RFC 6750, 3). `realm` is quoted as needed. Returns the
 * full length, writes at most `cap` bytes.
 */
size_t ac_challenge(ac_access access, ac_str realm, char *buf, size_t cap) AC_NOEXCEPT;

/* ------------------------------------------------------------------------------------------------------------- stores
 */

typedef struct ac_uri ac_uri;

typedef enum ac_store_kind { AC_STORE_SQLITE = 1, AC_STORE_MONGODB = 2 } ac_store_kind;

/*
 * Reads a store's URI without contacting the store: "sqlite:/path/apps.db", "mongodb://…" or "mongodb+srv://…"; or
 * "file:/path" or "env:NAME", which hold one. "sqlite:/path/apps.db?checkpoint=external" leaves it to another program,
 * such as Litestream, to bring the write-ahead log into the file. Blocks for as long as a "file:" takes to read. Give
 * back with ac_uri_free.
 */
ac_status ac_uri_parse(ac_str text, ac_uri **out, ac_error *err) AC_NOEXCEPT;
void ac_uri_free(ac_uri *uri) AC_NOEXCEPT;
ac_store_kind ac_uri_kind(const ac_uri *uri) AC_NOEXCEPT;
/* Absolute path of a SQLite store's file, NUL-terminated; empty for other stores. Owned by `uri`. */
ac_str ac_uri_path(const ac_uri *uri) AC_NOEXCEPT;
/* Identifies the store (two spellings of one store may differ), without credentials; for logs. Owned by `uri`. */
ac_str ac_uri_name(const ac_uri *uri) AC_NOEXCEPT;

typedef enum ac_uri_head {
    AC_HEAD_UNKNOWN = 0,     /* another kind of store; no such file, or none that may be read; a log decides */
    AC_HEAD_STORE = 1,       /* a store's, or its like */
    AC_HEAD_BLANK = 2,       /* empty, or a database that holds nothing: ac_store_init would make it a store */
    AC_HEAD_FOREIGN = 3,     /* another program's database */
    AC_HEAD_NO_DATABASE = 4, /* none, or its first bytes were overwritten */
    AC_HEAD_DAMAGED = 5      /* it begins as a database does and goes on as none, or was cut short */
} ac_uri_head;

/*
 * What the first bytes of a SQLite store's file say, for a host that warns before it serves. Reads them and nothing
 * else, without SQLite: nothing is locked, made, changed or removed, also where a crash left a log. Never in a process
 * that has the store open: its locks would be lost. Blocks for a read.
 */
ac_uri_head ac_uri_look(const ac_uri *uri) AC_NOEXCEPT;

/*
 * The turn to write to one SQLite file, fair over threads and processes. The host gives AC_TURN_SIZE bytes of memory
 * shared by its processes, aligned to 64, makes it once with ac_turn_init, and hands it to every store of that file.
 * It is for fairness, not for safety: processes that do not share it still cannot hurt each other.
 */
#define AC_TURN_SIZE 256
ac_status ac_turn_init(void *memory) AC_NOEXCEPT;

/*
 * Memory in which processes hand each other creates of one SQLite file, so that one commit is for all of them. The host
 * gives AC_EXCHANGE_SIZE bytes shared by its processes, aligned to 64, makes it once with ac_exchange_init, and hands
 * it to every store of that file that has the same turn. No more than what is used of it is touched. Without it each
 * process commits its own creates.
 */
#define AC_EXCHANGE_SIZE 4259840
ac_status ac_exchange_init(void *memory) AC_NOEXCEPT;

enum {
    AC_LOG_ERROR = 1,
    AC_LOG_WARN = 2,
    AC_LOG_NOTICE = 3,
    AC_LOG_RECOVERED = 4 /* what an AC_LOG_ERROR said has ended: worth as much attention */
};

/* Called from any thread, one line, no newline; one for each change of state, not one for each request. */
typedef void (*ac_log_fn)(void *ctx, int level, const char *message, size_t len);

/* Called from the thread that writes, once for each batch: how many creates are in it, also other processes'. */
typedef void (*ac_batch_fn)(void *ctx, size_t creates);

typedef struct ac_store_options {
    size_t size;        /* sizeof(ac_store_options) */
    const ac_uri *uri;  /* borrowed for the call */
    int64_t timeout_ms; /* bound on the store work of one request; > 0; more than a day is a day */
    void *turn;         /* nullable; see ac_turn_init; must outlive the store */
    ac_log_fn log;      /* nullable */
    void *log_ctx;      /* nullable */
    uint32_t threads;   /* how many threads of this process may ask at once; >= 1 */
    uint32_t flags;     /* AC_STORE_… */
    /* Since 1.1; a `size` that ends before them is theirs who were compiled with 1.0. */
    void *exchange;    /* nullable; see ac_exchange_init; must outlive the store; needs `turn` */
    ac_batch_fn batch; /* nullable */
    void *batch_ctx;   /* nullable */
} ac_store_options;

enum {
    AC_STORE_MAINTAIN = 1 /* run a thread that checkpoints and sweeps: for servers, not for tools */
};

typedef struct ac_store ac_store;

/*
 * Makes a handle; contacts nothing: the first use connects, and every later one again when the store went away.
 * The first of an SQLite file with AC_STORE_MAINTAIN sets SQLite's SQLITE_CONFIG_PAGECACHE for the process, if nothing
 * in it has used SQLite before: call it while no other thread makes its first call of SQLite.
 */
ac_status ac_store_open(const ac_store_options *options, ac_store **out, ac_error *err) AC_NOEXCEPT;

/* Waits for its threads, a second for those that hang in MongoDB's driver. No other call on `store` may be running. */
void ac_store_close(ac_store *store) AC_NOEXCEPT;

/*
 * Loads ICU's rules, some 200 ms of work and several MiB that processes share which are forked afterwards. Contacts
 * nothing, starts no thread, and does nothing the second time. A failure is only a report: the first name that needs
 * the rules tries again.
 */
ac_status ac_warm(ac_error *err) AC_NOEXCEPT;

/*
 * Does beforehand what the first requests would wait for: connects, prepares statements, loads ICU's rules. Blocks.
 * A failure is only a report; the store can be used all the same.
 */
ac_status ac_store_warm(ac_store *store, ac_error *err) AC_NOEXCEPT;

/* What a store can tell of itself, for those who watch it. */
typedef struct ac_store_stats {
    size_t size;             /* sizeof(ac_store_stats) */
    uint64_t log_bytes;      /* of a SQLite file's write-ahead log as it is open here; 0: none is */
    int64_t last_checkpoint; /* when this handle last brought the log into the file; 0: never */
    uint64_t frozen;         /* since 1.1: creates of the whole store are (ac_store_freeze): seconds; as last seen */
    uint64_t reserved[4];
} ac_store_stats;

/*
 * Fills *out, whose `size` the caller has set. Contacts no server, and looks at a file's size only: it blocks no longer
 * than the file system does. AC_EINVAL: `size` is smaller than that of version 1.
 */
ac_status ac_store_get_stats(const ac_store *store, ac_store_stats *out) AC_NOEXCEPT;

typedef struct ac_lookup {
    uint8_t digest[AC_DIGEST_SIZE]; /* in */
    int32_t found;                  /* out: 1 and `key` is filled, or 0 */
    uint32_t changes;               /* out: what ac_store_key_changes says of the state that was read */
    ac_key key;                     /* out */
} ac_lookup;

/* Looks up `n` keys. Blocks, at most until `deadline`. AC_EUNAVAILABLE and AC_ETIMEOUT: nothing is known of any. */
ac_status ac_store_find_keys(ac_store *store, ac_lookup *lookups, size_t n, int64_t deadline,
                             ac_error *err) AC_NOEXCEPT;

/*
 * A number that is another one after a key was revoked or rotated, or an organization enabled, disabled, renamed or
 * deleted, whoever did it: a key that was looked up before has to be looked up again. Each look-up finds it out, and
 * with AC_STORE_MAINTAIN a store that is in use does so every second. 0: nothing is known, as the store was not used
 * yet, or not lately. Does not block; for any thread.
 */
uint32_t ac_store_key_changes(ac_store *store) AC_NOEXCEPT;

/* ----------------------------------------------------------------------------------------------------------- creating
 *
 *   ac_create_begin   organization, headers, query        event loop
 *   ac_create_body    parse and validate                  event loop; AC_AGAIN: on a thread
 *   ac_store_write    replay, provider, limit, slug, insert  on a thread
 *   ac_create_answer  status and bytes                    event loop
 */

/* What was sent besides the body. Fields that were not sent have no lines (n = 0). Field values without OWS around. */
typedef struct ac_head {
    const ac_key *key;          /* authenticated */
    ac_str organization;        /* {organizationId}, percent-decoded */
    ac_str query;               /* without "?" */
    const ac_str *content_type; /* one for each field line; nullable */
    size_t n_content_type;
    const ac_str *content_encoding; /* nullable */
    size_t n_content_encoding;
    const ac_str *idempotency_key; /* nullable */
    size_t n_idempotency_key;
} ac_head;

typedef struct ac_create ac_create;

/*
 * Checks 3 and 4 (docs/api.md, "Order of checks"). AC_OK: go on with the body. AC_DONE: it already has its answer, an
 * error. Everything of `head` is copied. Give back with ac_create_free.
 */
ac_status ac_create_begin(const ac_head *head, ac_create **out) AC_NOEXCEPT;
void ac_create_free(ac_create *create) AC_NOEXCEPT;

enum {
    AC_BODY_NO_BLOCK = 1 /* on an event loop: AC_AGAIN instead of long work (a large body, a name that needs ICU) */
};

/*
 * Check 5: parses and validates. AC_OK: give it to ac_store_write. AC_DONE: it has its answer. AC_AGAIN (with
 * AC_BODY_NO_BLOCK only): call again with the same bytes and without the flag, on a thread. After AC_OK and AC_DONE the
 * body's bytes are no longer needed. Allocates at most eight times the body's bytes, mostly no more than those once,
 * whatever is in it; a few KiB for small ones.
 */
ac_status ac_create_body(ac_create *create, ac_str body, unsigned flags) AC_NOEXCEPT;

/* Bytes that it keeps allocated while it waits, approximately: for a bound on a queue's memory. */
size_t ac_create_size(const ac_create *create) AC_NOEXCEPT;

/* A pointer of the host's. */
void ac_create_set_user(ac_create *create, void *user) AC_NOEXCEPT;
void *ac_create_user(const ac_create *create) AC_NOEXCEPT;

/*
 * It is not begun after `deadline` (CLOCK_MONOTONIC, ns; 0, as at first: none) but answered with AC_CODE_DATABASE.
 * Before it is given to ac_store_write.
 */
void ac_create_set_deadline(ac_create *create, int64_t deadline) AC_NOEXCEPT;

/*
 * Nobody waits for its answer any more: if it has not been begun it comes back with AC_CODE_DATABASE. From any thread,
 * until it is freed; ac_store_notify makes it come back now.
 */
void ac_create_abandon(ac_create *create) AC_NOEXCEPT;

/* Gives it the answer of a code (no body bytes are copied): how a host refuses, AC_CODE_BUSY or AC_CODE_DATABASE. */
void ac_create_refuse(ac_create *create, int code) AC_NOEXCEPT;

/* The answer, valid until ac_create_free; status 0 as long as there is none. */
const ac_answer *ac_create_answer(const ac_create *create) AC_NOEXCEPT;

typedef struct ac_create_facts {
    ac_str id;         /* of the record; empty when none was made */
    ac_str slug;       /* empty when none was found */
    uint32_t batch;    /* creates in its batch; 0 when it reached no store */
    uint32_t store_us; /* microseconds from the start of its batch to its outcome */
} ac_create_facts;

/* Owned by `create`. */
void ac_create_get_facts(const ac_create *create, ac_create_facts *out) AC_NOEXCEPT;

/*
 * Where ac_store_write gets its creates. Called on the thread that called ac_store_write, which may hold the turn to
 * write and, in a SQLite store, a transaction that keeps all others from writing: so they return at once, wait for
 * nothing that another thread may hold while it uses a store, and call no function that takes an ac_store.
 */
typedef struct ac_source {
    void *ctx;
    /*
     * Hands over what is pending now, oldest first: at most `max` creates, of at most `max_bytes` together by
     * ac_create_size (the first may be larger); less the ones that expired. 0: nothing is pending, ac_store_write
     * returns. From here to `done` the creates are the library's. Only those that ac_create_body said AC_OK of are
     * stored: one that was never validated is refused with AC_CODE_INTERNAL, one that has its answer keeps it, and
     * both come back by `done`, at the latest before `take` is called again. One that is handed over twice at the same
     * time is taken once, and comes back once.
     */
    size_t (*take)(void *ctx, ac_create **out, size_t max, size_t max_bytes);
    /*
     * The outcome of these is known (ac_create_answer): they are the host's again. Any subset of what was taken, in
     * any order; each create comes back exactly once, whatever happens.
     */
    void (*done)(void *ctx, ac_create *const *creates, size_t n);
    /*
     * Nullable. Is anything pending now? Asked before the turn to write is waited for, so that nobody waits for
     * nothing; after 0, ac_store_write returns. Less than 0: nothing more will be, and it returns as soon as what is
     * begun is answered.
     */
    int (*pending)(void *ctx);
} ac_source;

/*
 * Creates what `source` has, batch after batch, until it has nothing (AC_OK). First waits for its turn to write, in a
 * SQLite file also for the lock, then takes (late binding: what expires meanwhile is not begun), so that a batch is
 * whatever arrived while the last one was being committed. Blocks. AC_ETIMEOUT: the turn did not come before
 * `deadline`, nothing was taken. A store that fails answers what it took with 503/3002 and goes on taking; that is
 * AC_OK too.
 */
ac_status ac_store_write(ac_store *store, const ac_source *source, int64_t deadline, ac_error *err) AC_NOEXCEPT;

/*
 * More is pending, or nothing more will be, or a create was abandoned: a running ac_store_write that waits for another
 * process looks again. Never blocks, from any thread.
 */
void ac_store_notify(ac_store *store) AC_NOEXCEPT;

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#include "app_create_admin.h" /* organizations, providers, keys, copies: needs the types above */
#include "app_create_read.h"  /* what was created, shown: needs the types above */

#endif
