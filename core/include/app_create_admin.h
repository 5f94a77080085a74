/*
 * libappcreate, administration: what appctl is made of. app_create.h includes it, and its conventions and ABI policy
 * hold here too.
 */

#ifndef APP_CREATE_ADMIN_H
#define APP_CREATE_ADMIN_H

#include "app_create.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/*
 * What appctl is made of. All of these block. Rows are JSON documents in the API's field names (docs/api.md), handed to
 * `row` one at a time; the bytes are borrowed for the call of `row`, which returns 0 to go on and anything else to
 * stop.
 */

typedef int (*ac_row_fn)(void *ctx, ac_str json);

/* Makes or upgrades the schema; safe to repeat. The file belongs to the owner of its directory. */
ac_status ac_store_init(ac_store *store, ac_error *err) AC_NOEXCEPT;

/*
 * Distributes the applications of an initialized MongoDB store over the shards of its cluster, by organization; safe to
 * repeat. AC_EINVAL: the store is a SQLite file. AC_EUNAVAILABLE: also where the server is no mongos.
 */
ac_status ac_store_shard(ac_store *store, ac_error *err) AC_NOEXCEPT;

#define AC_UNLIMITED INT64_MIN /* for a limit: no limit */
#define AC_UNSET INT64_MAX     /* for a number: as it is, or the default */

typedef struct ac_org_spec {
    ac_str name;                    /* empty: as it is (set only) */
    ac_str slug;                    /* empty: as it is (set only) */
    ac_str id;                      /* empty: a new one; ignored by set */
    int64_t limit;                  /* >= 0, AC_UNLIMITED, or AC_UNSET (create: unlimited) */
    int64_t build_retention_days;   /* >= -1, or AC_UNSET (create: 0) */
    int64_t builds_per_publication; /* >= -1, or AC_UNSET (create: 0) */
    int32_t enabled;                /* 1, 0, or -1: as it is (create: enabled) */
    int32_t reserved;
} ac_org_spec;

/* `org` is an id or a slug. Each hands the organization as it is afterwards to `row`. */
ac_status ac_org_create(ac_store *store, const ac_org_spec *spec, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
ac_status ac_org_set(ac_store *store, ac_str org, const ac_org_spec *spec, ac_row_fn row, void *ctx,
                     ac_error *err) AC_NOEXCEPT;
ac_status ac_org_show(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
ac_status ac_org_list(ac_store *store, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;

enum {
    AC_ORG_WITH_APPLICATIONS = 1 /* its applications are deleted too */
};

/*
 * Deletes an organization with its keys and storage providers, for ever, and hands out
 * {"id","deleted":true,"applications":N}: how many applications went with it. AC_EEXISTS: it has applications, and
 * AC_ORG_WITH_APPLICATIONS is not among `flags`; it is as it was. Works in short transactions; when it is interrupted,
 * the organization is disabled and some of its applications are gone: the same call again goes on. With MongoDB it
 * takes a second at least, and a create that was on its way for longer may leave a record that ac_store_check reports.
 */
ac_status ac_org_delete(ac_store *store, ac_str org, unsigned flags, ac_row_fn row, void *ctx,
                        ac_error *err) AC_NOEXCEPT;

/*
 * Freezes creates of the organization `org` (an id or a slug), or of the whole store where it is empty, until a thaw:
 * they are answered with 503, code 1006 and Retry-After. What is only validated is answered as usual. `retry_after`:
 * the seconds of Retry-After, 1 to 3600; 0: 30. Hands out {"organization":ID|null,"frozen":true,"retryAfter":SECONDS,
 * "already":BOOL}: whether it was frozen before; then only the seconds are new.
 *
 * Once this has returned, no create is acknowledged that an ac_store_copy which begins then might miss, by any library
 * that knows of freezes: those of version 1.0 create all the same. A SQLite store looks at it in each transaction. With
 * MongoDB gateways know of it within a second, and this waits 2.5 seconds: none acknowledges a create by what it knew
 * of the store more than 2 seconds ago. When it is interrupted, creates are frozen, but that was not waited for: repeat
 * it.
 *
 * An organization may be frozen while the store is, and stays so when the store is thawed.
 */
ac_status ac_store_freeze(ac_store *store, ac_str org, uint32_t retry_after, ac_row_fn row, void *ctx,
                          ac_error *err) AC_NOEXCEPT;
/* The end of it. Hands out {"organization":ID|null,"frozen":false,"already":BOOL}: whether it was not frozen before. */
ac_status ac_store_thaw(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
/* Asks whether the whole store is frozen: *retry_after is its seconds, 0 where it is not. An organization's row tells
 * the same of itself ("frozen"). */
ac_status ac_store_frozen(ac_store *store, uint32_t *retry_after, ac_error *err) AC_NOEXCEPT;

typedef struct ac_provider_spec {
    ac_str org; /* id or slug */
    ac_str name;
    ac_str provider;
    ac_str region;
    ac_str config; /* a JSON text; empty: {} */
    ac_str id;     /* empty: a new one */
    int32_t is_default;
    int32_t reserved;
} ac_provider_spec;

ac_status ac_provider_create(ac_store *store, const ac_provider_spec *spec, ac_row_fn row, void *ctx,
                             ac_error *err) AC_NOEXCEPT;
ac_status ac_provider_list(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;

typedef struct ac_provider_change {
    size_t size;            /* sizeof(ac_provider_change) */
    const ac_str *name;     /* nullable: as it is; the same for the next three */
    const ac_str *provider; /* nullable */
    const ac_str *region;   /* nullable */
    const ac_str *config;   /* nullable */
    int32_t is_default;     /* 1: the organization's default; 0: not its default; -1: as it is */
    int32_t reserved;
} ac_provider_change;

/* Hands out the provider as it is afterwards. Applications keep what their records say about it. */
ac_status ac_provider_set(ac_store *store, ac_str org, ac_str id, const ac_provider_change *change, ac_row_fn row,
                          void *ctx, ac_error *err) AC_NOEXCEPT;
ac_status ac_provider_delete(ac_store *store, ac_str org, ac_str id, ac_error *err) AC_NOEXCEPT;

#define AC_PERMISSION_CREATE "mad.application.management.create"
#define AC_PERMISSION_LIST "mad.application.management.list"

typedef struct ac_key_spec {
    ac_str org;                /* id or slug */
    ac_str owner;              /* 24 hexadecimal digits */
    ac_str role;               /* empty: "unknown" */
    const ac_str *permissions; /* nullable when n_permissions is 0: the create permission */
    size_t n_permissions;      /* {"none"} alone: no permission at all */
    int64_t expires_at;        /* milliseconds since 1970, may have passed; 0: never */
    ac_str token;              /* empty: a new one; otherwise an existing b64token of 32 to 512 bytes */
} ac_key_spec;

/* Reads an RFC 3339 time of any offset, "2026-12-31T23:59:59Z", for ac_key_spec. Does not block. */
ac_status ac_time_parse(ac_str text, int64_t *out, ac_error *err) AC_NOEXCEPT;

/* The row holds "token" only here: a new token is shown once, an existing one is not repeated. */
ac_status ac_key_create(ac_store *store, const ac_key_spec *spec, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
/* The same with a name that people read: at most 128 characters; empty: none. */
ac_status ac_key_create_named(ac_store *store, const ac_key_spec *spec, ac_str name, ac_row_fn row, void *ctx,
                              ac_error *err) AC_NOEXCEPT;
/* Gives a key another name; empty: none. */
ac_status ac_key_rename(ac_store *store, ac_str id, ac_str name, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
ac_status ac_key_show(ac_store *store, ac_str id, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;

typedef struct ac_key_rotation {
    size_t size;        /* sizeof(ac_key_rotation) */
    int64_t overlap_ms; /* so long the old token goes on being accepted; >= 0, at most ten years */
    int64_t expires_at; /* of the new key: milliseconds since 1970; 0: never; AC_UNSET: as long as the old one lasted */
    ac_str token;       /* empty: a new one; otherwise as in ac_key_spec */
} ac_key_rotation;

/*
 * Makes a key with another token that may all that the key `id` may, and lets that one end when the overlap is over (or
 * before, if it ends by itself). The row is that of the new key as from ac_key_create, and "replaces", the old one's
 * id, and "replacedExpiresAt", its end. AC_ENOTFOUND: there is no such key, or it is revoked.
 */
ac_status ac_key_rotate(ac_store *store, ac_str id, const ac_key_rotation *rotation, ac_row_fn row, void *ctx,
                        ac_error *err) AC_NOEXCEPT;
ac_status ac_key_list(ac_store *store, ac_str org, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
ac_status ac_key_revoke(ac_store *store, ac_str id, ac_error *err) AC_NOEXCEPT;

/* Records in the order of their ids, those after `after` (empty: from the first), at most `max` (0: all). */
ac_status ac_app_list(ac_store *store, ac_str org, ac_str after, size_t max, ac_row_fn row, void *ctx,
                      ac_error *err) AC_NOEXCEPT;
/* `app` is an id or a slug. */
ac_status ac_app_show(ac_store *store, ac_str org, ac_str app, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
/* Deletes an application for ever, and what is kept of its Idempotency-Key; hands out the record as it was. */
ac_status ac_app_delete(ac_store *store, ac_str org, ac_str app, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;
ac_status ac_app_count(ac_store *store, ac_str org, uint64_t *out, ac_error *err) AC_NOEXCEPT;

/*
 * Checks every promise that can be checked at rest; each row is {"problem","organization","detail","repaired"}.
 * With `repair` mends what can be mended. AC_ECHECK when a problem is left.
 */
ac_status ac_store_check(ac_store *store, int repair, ac_row_fn row, void *ctx, ac_error *err) AC_NOEXCEPT;

/* What both stores have after a copy, as counted in each. 64 bytes. */
typedef struct ac_copied {
    uint64_t organizations;
    uint64_t providers;
    uint64_t keys;
    uint64_t applications;
    uint64_t reserved[4];
} ac_copied;

/*
 * Called on the thread that called ac_store_copy, ac_store_backup or ac_store_restore, again and again: so much of
 * about `total` is done; rows in a copy, in the others pages of the file, once for each stage. Returns 0 to go on and
 * anything else to stop. May not use the stores.
 */
typedef int (*ac_progress_fn)(void *ctx, uint64_t done, uint64_t total);

/*
 * Copies everything of `from` into `to`, a store of the same or the other kind, which it initializes first (as
 * ac_store_init): organizations with their plans, storage providers, keys (the hashes of their tokens), applications
 * with the same ids, slugs, times and record, byte for byte, and the Idempotency-Keys that are still kept, so that a
 * retry is answered with the same bytes there. Keys go last, so nobody can create in `to` before all else is there.
 *
 * Blocks, for minutes when there is much: it reads and writes in short transactions of their own, and others may use
 * both stores meanwhile. Whatever ended it, kill -9 included, the same call again goes on: what is in `to` is compared
 * and passed over. At the end the rows of each organization are counted in both stores. `from` is only read. What else
 * is in `to`, organizations of its own, stays.
 *
 * AC_OK: both have the same; *out (nullable) is filled. AC_AGAIN: `progress` (nullable) stopped it. AC_EEXISTS: `to`
 * has a row with the same id and other content, or another one with the same slug, token or Idempotency-Key.
 * AC_ECHECK: the numbers differ, because somebody wrote to one of the stores: stop creates and repeat; or a row of
 * `from` is damaged. AC_EINVAL: both are the same store.
 */
ac_status ac_store_copy(ac_store *from, ac_store *to, ac_progress_fn progress, void *ctx, ac_copied *out,
                        ac_error *err) AC_NOEXCEPT;

enum {
    AC_FILE_REPLACE = 1 /* an existing file is replaced */
};

/*
 * Writes a SQLite store, as it is at one moment, to `file` (a path without NUL bytes, 480 bytes at most), while others
 * write to the store: one file with the mode 0600 that needs no other beside it. It is written as FILE.part, synced,
 * and checked as by SQLite's integrity_check and by ac_store_check, before it gets its name; a FILE.part that a crash
 * left is taken over by the next backup. What is written to the store meanwhile stays in its write-ahead log until the
 * copy has ended, so the log grows by that much. The store is only read.
 *
 * Blocks, for minutes when there is much, and leaves the disk to others half of the time. AC_OK: *out (nullable) tells
 * what the file holds. AC_AGAIN: `progress` (nullable) stopped it. AC_EEXISTS: `file` exists, and AC_FILE_REPLACE is
 * not among `flags`. AC_ECHECK: the store is damaged or breaks a promise. AC_EINVAL: `file` is the store's own, or
 * names no file, or a database's side files lie beside it; or the store is on MongoDB, which has tools of its own.
 * After each of these and any other failure there is no new file, and an older one is as it was.
 */
ac_status ac_store_backup(ac_store *store, ac_str file, unsigned flags, ac_progress_fn progress, void *ctx,
                          ac_copied *out, ac_error *err) AC_NOEXCEPT;

/*
 * Makes a SQLite store what `file` is, a whole store in one file as ac_store_backup writes it, while others use the
 * store: their creates and look-ups before this call's commit are of the store before, and those after it of the store
 * that came back; while it commits, they wait, and may time out. What the store was is kept whole as
 * STORE.before-restore, with all that was acknowledged before the commit. Whatever ends this call early, kill -9 or a
 * full disk included, the store is either as it was or as `file` is.
 *
 * A store whose file is missing, empty or so damaged that SQLite cannot begin to read it gets a new file in its place;
 * what was there is kept as STORE.before-restore, its log as STORE.before-restore-wal.
 *
 * `file` is only read, and checked first as by ac_store_backup. It needs room for three times its size beside the
 * store, and for the store's own. Blocks. Results as of ac_store_backup, with these: AC_EEXISTS: STORE.before-restore
 * exists, and AC_FILE_REPLACE is not among `flags`. AC_EVERSION: the schema of `file` is too old or too new. AC_EINVAL:
 * a log lies beside `file`, which may hold a part of it. AC_EUNAVAILABLE: also where the store's file is no database
 * and was perhaps never one, and AC_FILE_REPLACE is not among `flags`.
 */
ac_status ac_store_restore(ac_store *store, ac_str file, unsigned flags, ac_progress_fn progress, void *ctx,
                           ac_copied *out, ac_error *err) AC_NOEXCEPT;

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
