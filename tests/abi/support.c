#define _DEFAULT_SOURCE /* mkdtemp */

#include "support.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

ac_str str(const char *text) { return (ac_str){text, strlen(text)}; }

void assert_error(const ac_error *err, ac_status status, const char *text) {
    assert_int_equal(err->status, status);
    assert_non_null(memchr(err->message, '\0', sizeof(err->message)));
    assert_null(strchr(err->message, '\n'));
    if (strstr(err->message, text) == NULL) fail_msg("\"%s\" is not in \"%s\"", text, err->message);
}

void assert_str(ac_str actual, const char *expected) {
    assert_int_equal(actual.len, strlen(expected));
    if (actual.len != 0) assert_memory_equal(actual.data, expected, actual.len);
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t later(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((int64_t)now.tv_sec + 60) * 1000000000;
}

int take_row(void *ctx, ac_str json) {
    collector *r = ctx;
    r->n++;
    const size_t n = json.len < sizeof(r->last) ? json.len : sizeof(r->last) - 1;
    memcpy(r->last, json.data, n);
    r->last[n] = '\0';
    return r->stop_after != 0 && r->n >= r->stop_after;
}

void row_text(const collector *rows, const char *name, char *out, size_t cap) {
    char start[64];
    snprintf(start, sizeof(start), "\"%s\":\"", name);
    const char *found = strstr(rows->last, start);
    if (found == NULL) fail_msg("no \"%s\" in %s", name, rows->last);
    found += strlen(start);
    const size_t n = strcspn(found, "\"");
    assert_true(n < cap);
    memcpy(out, found, n);
    out[n] = '\0';
}

int make_directory(void **state) {
    fixture *f = calloc(1, sizeof(*f));
    strcpy(f->dir, "/tmp/app-create-abi-XXXXXX");
    if (mkdtemp(f->dir) == NULL) return -1;
    snprintf(f->path, sizeof(f->path), "%s/apps.db", f->dir);
    snprintf(f->uri_text, sizeof(f->uri_text), "sqlite:%s", f->path);
    *state = f;
    return ac_uri_parse(str(f->uri_text), &f->uri, NULL);
}

ac_store *open_store_of(const fixture *f) {
    ac_store_options options = {.size = sizeof(options), .uri = f->uri, .timeout_ms = 5000, .threads = 1};
    ac_store *store = NULL;
    return ac_store_open(&options, &store, NULL) == AC_OK ? store : NULL;
}

int make_store(void **state) {
    if (make_directory(state) != 0) return -1;
    fixture *f = *state;
    f->store = open_store_of(f);
    return f->store == NULL ? -1 : ac_store_init(f->store, NULL);
}

ac_org_spec org_spec(void) {
    return (ac_org_spec){
        .limit = AC_UNSET, .build_retention_days = AC_UNSET, .builds_per_publication = AC_UNSET, .enabled = -1};
}

int make_key(void **state) {
    if (make_store(state) != 0) return -1;
    fixture *f = *state;
    ac_error err;
    collector r = {0};

    ac_org_spec org = org_spec();
    org.name = S("Acme");
    org.slug = S("acme");
    org.limit = 5;
    if (ac_org_create(f->store, &org, take_row, &r, &err) != AC_OK) return -1;
    row_text(&r, "id", f->org_id, sizeof(f->org_id));

    ac_key_spec spec = {.org = S("acme"), .owner = S(OWNER), .role = S("org.owner")};
    if (ac_key_create(f->store, &spec, take_row, &r, &err) != AC_OK) return -1;
    row_text(&r, "token", f->token, sizeof(f->token));

    char authorization[640];
    snprintf(authorization, sizeof(authorization), "Bearer %s", f->token);
    ac_bearer bearer;
    if (ac_bearer_parse(str(authorization), &bearer) != AC_ACCESS_OK) return -1;
    ac_lookup lookup = {0};
    memcpy(lookup.digest, bearer.digest, sizeof(lookup.digest));
    if (ac_store_find_keys(f->store, &lookup, 1, later(), &err) != AC_OK || !lookup.found) return -1;
    f->key = lookup.key;
    return 0;
}

int remove_all(void **state) {
    fixture *f = *state;
    ac_store_close(f->store);
    ac_uri_free(f->uri);
    static const char *const names[] = {
        "apps.db", "apps.db-wal", "apps.db-shm", "apps.db-journal", "uri",
        "copy.db", "copy.db-wal", "copy.db-shm", "backup.db",       "apps.db.before-restore"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    const int result = rmdir(f->dir);
    free(f);
    return result;
}

ac_create *begun(const fixture *f, const char *query, const char *idempotency_key) {
    const ac_str type = S("application/json");
    const ac_str key = str(idempotency_key == NULL ? "" : idempotency_key);
    const ac_head head = {.key = &f->key,
                          .organization = str(f->org_id),
                          .query = str(query),
                          .content_type = &type,
                          .n_content_type = 1,
                          .idempotency_key = &key,
                          .n_idempotency_key = idempotency_key != NULL};
    ac_create *create = NULL;
    assert_ok(ac_create_begin(&head, &create));
    return create;
}

ac_create *parsed(const fixture *f, const char *body) {
    ac_create *create = begun(f, "", NULL);
    assert_ok(ac_create_body(create, str(body), 0));
    return create;
}

static size_t take_pending(void *ctx, ac_create **out, size_t max, size_t max_bytes) {
    pending *p = ctx;
    (void)max_bytes;
    size_t n = 0;
    while (n < max && p->taken < p->n) out[n++] = p->creates[p->taken++];
    return n;
}

static void done_pending(void *ctx, ac_create *const *creates, size_t n) {
    pending *p = ctx;
    for (size_t i = 0; i < n; i++) assert_int_not_equal(ac_create_answer(creates[i])->status, 0);
    p->done += n;
}

ac_source source_of(pending *p) { return (ac_source){.ctx = p, .take = take_pending, .done = done_pending}; }

int write_one(const fixture *f, ac_create *create) {
    pending p = {.creates = {create}, .n = 1};
    const ac_source source = source_of(&p);
    ac_error err;
    assert_ok(ac_store_write(f->store, &source, later(), &err));
    assert_int_equal(p.done, 1);
    return ac_create_answer(create)->code;
}

void create_one(const fixture *f) {
    ac_create *create = parsed(f, BODY);
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    ac_create_free(create);
}

int watch(void *ctx, uint64_t done, uint64_t total) {
    watcher *w = ctx;
    w->calls++;
    assert_true(done >= w->done);
    assert_true(total >= done);
    w->done = done;
    w->total = total;
    if (w->calls == w->create_at) create_one(w->f);
    return w->calls == w->stop_at;
}

static size_t take_nothing_at_last(void *ctx, ac_create **out, size_t max, size_t max_bytes) {
    holder *h = ctx;
    (void)out, (void)max, (void)max_bytes;
    if (!h->was_asked) {
        h->was_asked = 1;
        sem_post(&h->asked);
        sem_wait(&h->may_answer);
    }
    return 0;
}

static int has_something_once(void *ctx) {
    const holder *h = ctx;
    return !h->was_asked;
}

static void nothing_is_done(void *ctx, ac_create *const *creates, size_t n) { (void)ctx, (void)creates, (void)n; }

static void *hold(void *ctx) {
    holder *h = ctx;
    const ac_source source = {
        .ctx = h, .take = take_nothing_at_last, .done = nothing_is_done, .pending = has_something_once};
    h->status = ac_store_write(h->store, &source, later(), NULL);
    return NULL;
}

void begin_holding(holder *h, ac_store *store) {
    *h = (holder){.store = store};
    assert_int_equal(sem_init(&h->asked, 0, 0), 0);
    assert_int_equal(sem_init(&h->may_answer, 0, 0), 0);
    assert_int_equal(pthread_create(&h->thread, NULL, hold, h), 0);
    assert_int_equal(sem_wait(&h->asked), 0);
}

void end_holding(holder *h) {
    sem_post(&h->may_answer);
    assert_int_equal(pthread_join(h->thread, NULL), 0);
    assert_ok(h->status);
    sem_destroy(&h->asked);
    sem_destroy(&h->may_answer);
    ac_store_close(h->store);
}
