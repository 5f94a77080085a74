/*
 * libappcreate, reading: what was created, as it was answered (docs/api.md, "Reading"). app_create.h includes it, and
 * its conventions and ABI policy hold here too.
 *
 *   ac_read_begin    organization, name, query        event loop
 *   ac_store_read    the store is asked               on a thread
 *   ac_read_answer   status and bytes                 event loop
 *
 * A create that was answered is found by every read that begins after it.
 */

#ifndef APP_CREATE_READ_H
#define APP_CREATE_READ_H

#include "app_create.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* What was sent. */
typedef struct ac_read_head {
    const ac_key *key;         /* authenticated, and AC_ACCESS_OK by ac_key_check_list */
    ac_str organization;       /* {organizationId}, percent-decoded */
    const ac_str *application; /* {idOrSlug}, percent-decoded, for one application; nullable: a list is asked for */
    ac_str query;              /* without "?": "limit" and "cursor" of a list */
} ac_read_head;

typedef struct ac_read ac_read;

/*
 * Checks the organization, then the query parameters of a list. AC_OK: give it to ac_store_read. AC_DONE: it already
 * has its answer, an error. Everything of `head` is copied. Give back with ac_read_free.
 */
ac_status ac_read_begin(const ac_read_head *head, ac_read **out) AC_NOEXCEPT;
void ac_read_free(ac_read *read) AC_NOEXCEPT;

/*
 * Asks the store, and gives the read its answer: 200, or 404 where there is no such application. Blocks, at most until
 * `deadline`. One that has its answer keeps it. With any negative status but AC_EINVAL the answer is an error too, as a
 * rule AC_CODE_DATABASE; AC_EVERSION where a SQLite store lacks the index that lists need ("appctl init" makes it). A
 * list has records of at most 4 MiB together, or one that is larger.
 */
ac_status ac_store_read(ac_store *store, ac_read *read, int64_t deadline, ac_error *err) AC_NOEXCEPT;

/* The answer, valid until ac_read_free; status 0 as long as there is none. */
const ac_answer *ac_read_answer(const ac_read *read) AC_NOEXCEPT;

/*
 * 1: all was in order, and the answer is 404 as this store has no such application: another server may have it. 0: it
 * is not so, or not known yet.
 */
int ac_read_is_missing(const ac_read *read) AC_NOEXCEPT;

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
