/* What the tests of the C ABI share: strings, a store in a directory of its own, rows and a source of creates. */
#ifndef ABI_SUPPORT_H
#define ABI_SUPPORT_H

/* cmocka.h needs these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>

#include "app_create.h"

/* Of a literal. */
#define S(text) ((ac_str){(text), sizeof(text) - 1})

ac_str str(const char *text);

#define assert_ok(call) assert_int_equal((call), AC_OK)
/* The error says the status, one line, and contains `text`. */
void assert_error(const ac_error *err, ac_status status, const char *text);
void assert_str(ac_str actual, const char *expected);

int64_t now_ms(void);
/* A deadline that does not come in a test. */
int64_t later(void);

/* Collects rows. `stop_after` 0: never stops. */
typedef struct collector {
    size_t n;
    size_t stop_after;
    char last[8192];
} collector;

int take_row(void *ctx, ac_str json);
/* Copies the text member `name` of a row; fails the test when there is none. */
void row_text(const collector *rows, const char *name, char *out, size_t cap);

typedef struct fixture {
    char dir[64];
    char path[96];
    char uri_text[128];
    ac_uri *uri;
    ac_store *store;
    char org_id[AC_ID_SIZE];
    char token[600];
    ac_key key; /* of an organization "acme" that may create 5 applications */
} fixture;

#define OWNER "507f1f77bcf86cd799439011"
/* Of a create that is well-formed. */
#define BODY "{\"name\":\"Enterprise Mobile Banking App\"}"

/* cmocka's setup and teardown: a directory with no store in it; with an opened and empty one; with a key in it. */
int make_directory(void **state);
int make_store(void **state);
int make_key(void **state);
int remove_all(void **state);

ac_store *open_store_of(const fixture *f);
ac_org_spec org_spec(void);

/* A create that is ready for ac_store_write. */
ac_create *parsed(const fixture *f, const char *body);
ac_create *begun(const fixture *f, const char *query, const char *idempotency_key);

/* Hands out what is in it, once. */
typedef struct pending {
    ac_create *creates[8];
    size_t n;
    size_t taken;
    size_t done;
} pending;

ac_source source_of(pending *p);

/* Another host, in the middle of a transaction for as long as it pleases: it is asked for creates, once, and has none.
 */
typedef struct holder {
    ac_store *store;
    pthread_t thread;
    sem_t asked;
    sem_t may_answer;
    int was_asked;
    ac_status status;
} holder;

/* Returns when it has been asked. */
void begin_holding(holder *h, ac_store *store);
/* Lets it go on and waits for its end; closes its store. */
void end_holding(holder *h);
/* Writes one create and says the code of its answer. */
int write_one(const fixture *f, ac_create *create);
/* One more application. */
void create_one(const fixture *f);

/* Watches progress, which never goes back. */
typedef struct watcher {
    const fixture *f;
    size_t calls;
    size_t stop_at;   /* 0: never */
    size_t create_at; /* 0: never */
    uint64_t done, total;
} watcher;

int watch(void *ctx, uint64_t done, uint64_t total);

#endif
