/* Creates one application, as a server would: usage: example sqlite:/absolute/path/apps.db */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include <app_create.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STR(literal) ((ac_str){(literal), sizeof(literal) - 1})

static ac_error err;

static void must(ac_status status) {
    if (status >= 0) return;
    fprintf(stderr, "example: %s\n", err.message);
    exit(1);
}

/* Nanoseconds of CLOCK_MONOTONIC, three seconds from now. */
static int64_t deadline(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((int64_t)now.tv_sec + 3) * 1000000000 + now.tv_nsec;
}

/* Rows are borrowed for the call: this one keeps the last. */
static int keep(void *ctx, ac_str json) {
    snprintf(ctx, 1024, "%.*s", (int)json.len, json.data);
    return 0;
}

/* What is pending: one create. The library asks until there is nothing more. */
static size_t take(void *ctx, ac_create **out, size_t max, size_t max_bytes) {
    ac_create **pending = ctx;
    if (*pending == NULL || max == 0 || max_bytes == 0) return 0;
    out[0] = *pending;
    *pending = NULL;
    return 1;
}

static void done(void *ctx, ac_create *const *creates, size_t n) {
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        const ac_answer *answer = ac_create_answer(creates[i]);
        printf("%d %.*s\n", answer->status, (int)answer->body.len, answer->body.data);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;

    /* The store: opened once, after the last fork. */
    ac_uri *uri;
    must(ac_uri_parse((ac_str){argv[1], strlen(argv[1])}, &uri, &err));
    ac_store_options options = {.size = sizeof(options), .uri = uri, .timeout_ms = 3000, .threads = 1};
    ac_store *store;
    must(ac_store_open(&options, &store, &err));
    ac_uri_free(uri);

    /* What an operator does with appctl. */
    char row[1024];
    must(ac_store_init(store, &err));
    ac_org_spec org = {.name = STR("Acme"),
                       .slug = STR("acme"),
                       .limit = AC_UNLIMITED,
                       .build_retention_days = AC_UNSET,
                       .builds_per_publication = AC_UNSET,
                       .enabled = 1};
    ac_status status = ac_org_create(store, &org, keep, row, &err);
    if (status != AC_EEXISTS) must(status);
    ac_key_spec spec = {.org = STR("acme"), .owner = STR("507f1f77bcf86cd799439011"), .role = STR("org.owner")};
    must(ac_key_create(store, &spec, keep, row, &err));
    char authorization[600] = "Bearer ";
    if (sscanf(row, "{\"id\":\"%*24[0-9a-f]\",\"token\":\"%512[^\"]", authorization + 7) != 1) return 1;

    /* A request comes in. Who is it? */
    ac_bearer bearer;
    if (ac_bearer_parse((ac_str){authorization, strlen(authorization)}, &bearer) != AC_ACCESS_OK) return 1;
    ac_lookup lookup = {.found = 0};
    memcpy(lookup.digest, bearer.digest, sizeof(lookup.digest));
    must(ac_store_find_keys(store, &lookup, 1, deadline(), &err));
    if (!lookup.found || ac_key_check(&lookup.key, (int64_t)time(NULL) * 1000) != AC_ACCESS_OK) return 1;

    /* Head, body, store. AC_DONE: it has its answer already. */
    const ac_str type = STR("application/json");
    const ac_head head = {.key = &lookup.key, .organization = STR("acme"), .content_type = &type, .n_content_type = 1};
    ac_create *create;
    must(ac_create_begin(&head, &create));
    status = ac_create_body(create, STR("{\"name\":\"Enterprise Mobile Banking App\"}"), 0);
    must(status);
    if (status == AC_DONE) {
        done(NULL, &create, 1);
    } else {
        ac_create *pending = create;
        const ac_source source = {.ctx = &pending, .take = take, .done = done};
        must(ac_store_write(store, &source, deadline(), &err));
    }

    ac_create_free(create);
    ac_store_close(store);
    return 0;
}
