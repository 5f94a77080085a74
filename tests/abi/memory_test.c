/*
 * Out of memory at every allocation: each function of app_create.h that allocates is called again and again, with the
 * next allocation failing each time, until it gets through without meeting the fault. Each time it says so
 * (AC_ENOMEM, or a create's 503/3002), and nothing is lost.
 *
 * SQLite lives without some allocations, so a call into a store may also succeed.
 */
#include "support.h"

#include <stdlib.h>

#include "faults.h"

/* Strings with and without escapes, short and long, and more keys than are compared one by one. */
#define FULL_BODY                                                                                                   \
    "{\"name\":\"Mobile App\",\"metadata\":{\"a\":[1,2.5,\"three\",{\"four\":null}],\"b\":[0,1,2,3,4,5,6,7,8,9],"   \
    "\"c\":{\"d\":1,\"e\":2},\"f\":\"a text of more than fifteen bytes,\\nin two "                                  \
    "lines\",\"\\\"g\\\"\":{\"0\":0,\"1\":1,"                                                                       \
    "\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,\"9\":9,\"10\":0,\"11\":1,\"12\":2,\"13\":3,\"14\":4," \
    "\"15\":5,\"16\":6,\"17\":7,\"18\":8}},\"configuration\":{}}"

/* A function's sweep ends long before this. */
#define MANY 20000

/* 1: each allocation fails once; more, for a slow checker: each n-th does. */
static long stride(void) {
    const char *text = getenv("APP_CREATE_TEST_FAULT_STRIDE"); /* NOLINT(concurrency-mt-unsafe): one thread */
    const long n = text != NULL ? strtol(text, NULL, 10) : 0;
    return n > 0 ? n : 1;
}

/*
 * Runs `attempt` with the fault further and further away. An attempt gives back all that it made; what is left
 * allocated after a failed one is lost.
 */
typedef ac_status (*attempt_fn)(const fixture *f, ac_error *err);

static void sweep_of(const char *name, const fixture *f, attempt_fn attempt, bool may_succeed, bool counts) {
    ac_error err = {0};
    /* What is made once and kept, by the library and by those below it. */
    if (attempt(f, &err) < 0) fail_msg("%s: \"%s\"", name, err.message);
    for (long k = 0; k < MANY; k += stride()) {
        const long before = live_allocations();
        memset(&err, 0, sizeof(err));
        fault_allocation(k, false);
        const ac_status status = attempt(f, &err);
        if (!fault_allocation_met()) {
            assert_true(status >= 0);
            assert_true(k > 0);
            return;
        }
        if (status != AC_ENOMEM && !(may_succeed && status >= 0)) {
            fail_msg("%s, allocation %ld: status %d, \"%s\"", name, k, status, err.message);
        }
        if (status == AC_ENOMEM && err.status != 0) assert_error(&err, AC_ENOMEM, "memory");
        if (counts && live_allocations() > before) {
            fail_msg("%s, allocation %ld: %ld blocks are lost", name, k, live_allocations() - before);
        }
    }
    fail_msg("%s: no end of allocations", name);
}

#define sweep(f, attempt, may_succeed, counts) sweep_of(#attempt, (f), (attempt), (may_succeed), (counts))

/* ---- the request's path */

static ac_status parse_uri(const fixture *f, ac_error *err) {
    ac_uri *uri = NULL;
    const ac_status status = ac_uri_parse(str(f->uri_text), &uri, err);
    ac_uri_free(uri);
    return status;
}

static ac_status parse_bearer(const fixture *f, ac_error *err) {
    (void)err;
    char authorization[640];
    ac_bearer bearer;
    snprintf(authorization, sizeof(authorization), "Bearer %s", f->token);
    return ac_bearer_parse(str(authorization), &bearer) == AC_ACCESS_OK ? AC_OK : AC_EINTERNAL;
}

static ac_status begin_with(const fixture *f, const char *query, const char *type, ac_create **out) {
    const ac_str line = str(type), key = S("an-idempotency-key-that-no-small-string-holds");
    const ac_head head = {.key = &f->key,
                          .organization = str(f->org_id),
                          .query = str(query),
                          .content_type = &line,
                          .n_content_type = 1,
                          .idempotency_key = &key,
                          .n_idempotency_key = 1};
    return ac_create_begin(&head, out);
}

static ac_status request(const fixture *f, const char *query, const char *body) {
    ac_create *create = NULL;
    ac_status status = begin_with(f, query, "application/json", &create);
    if (status == AC_OK) status = ac_create_body(create, str(body), 0);
    if (status == AC_DONE) assert_int_equal(ac_create_answer(create)->status, 400);
    ac_create_free(create);
    return status;
}

static ac_status good_request(const fixture *f, ac_error *err) {
    (void)err;
    return request(f, "", FULL_BODY);
}

static ac_status wrong_query(const fixture *f, ac_error *err) {
    (void)err;
    return request(f, "validateOnly=maybe", FULL_BODY);
}

static ac_status malformed_body(const fixture *f, ac_error *err) {
    (void)err;
    return request(f, "", "{\"name\":\"a\",\"metadata\":{\"key\":[1,2,3,{\"a\":tru}]}}");
}

static ac_status cut_body(const fixture *f, ac_error *err) {
    (void)err;
    return request(f, "", "{\"name\":\"a\",\"metadata\":{\"key\":[1,2,3,{\"a\":\"b");
}

static ac_status violations(const fixture *f, ac_error *err) {
    (void)err;
    return request(f, "", "{\"metadata\":{\"n\":[1e999,-1e999]},\"configuration\":1}");
}

static void the_request_path_loses_nothing(void **state) {
    const fixture *f = *state;
    sweep(f, parse_uri, false, true);
    sweep(f, good_request, false, true);
    sweep(f, wrong_query, false, true);
    sweep(f, malformed_body, false, true);
    sweep(f, cut_body, false, true);
    sweep(f, violations, false, true);
}

static void a_token_needs_no_memory(void **state) {
    fault_allocation(0, true);
    const ac_status status = parse_bearer(*state, NULL);
    assert_false(fault_allocation_met());
    assert_ok(status);
}

/* ---- a store */

static ac_status open_and_close(const fixture *f, ac_error *err) {
    ac_store_options options = {.size = sizeof(options), .uri = f->uri, .timeout_ms = 5000, .threads = 1};
    ac_store *store = NULL;
    const ac_status status = ac_store_open(&options, &store, err);
    ac_store_close(store);
    return status;
}

/* A handle of its own each time, so that connecting and preparing are part of it. */
static ac_status with_new_store(const fixture *f, ac_error *err, attempt_fn use) {
    fixture copy = *f;
    ac_store_options options = {.size = sizeof(options), .uri = f->uri, .timeout_ms = 5000, .threads = 1};
    ac_status status = ac_store_open(&options, &copy.store, err);
    if (status == AC_OK) {
        status = use(&copy, err);
        ac_store_close(copy.store);
    }
    return status;
}

static ac_status init(const fixture *f, ac_error *err) { return ac_store_init(f->store, err); }
static ac_status new_init(const fixture *f, ac_error *err) { return with_new_store(f, err, init); }

static ac_status find_keys(const fixture *f, ac_error *err) {
    ac_lookup lookups[2] = {0};
    return ac_store_find_keys(f->store, lookups, 2, later(), err);
}
static ac_status new_find_keys(const fixture *f, ac_error *err) { return with_new_store(f, err, find_keys); }

static ac_status org_show(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_org_show(f->store, S("acme"), take_row, &r, err);
}
static ac_status new_org_show(const fixture *f, ac_error *err) { return with_new_store(f, err, org_show); }

static ac_status org_list(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_org_list(f->store, take_row, &r, err);
}

static ac_status org_create(const fixture *f, ac_error *err) {
    static unsigned number;
    char slug[32];
    collector r = {0};
    ac_org_spec spec = org_spec();
    snprintf(slug, sizeof(slug), "organization-%u", number++);
    spec.name = S("An organization with a name that no small string holds");
    spec.slug = str(slug);
    return ac_org_create(f->store, &spec, take_row, &r, err);
}

static ac_status org_set(const fixture *f, ac_error *err) {
    collector r = {0};
    ac_org_spec spec = org_spec();
    spec.name = S("Another name that no small string holds at all");
    return ac_org_set(f->store, S("acme"), &spec, take_row, &r, err);
}

static ac_status provider_create(const fixture *f, ac_error *err) {
    collector r = {0};
    const ac_provider_spec spec = {.org = S("acme"),
                                   .name = S("A provider with a name that no small string holds"),
                                   .provider = S("s3"),
                                   .config = S("{\"bucket\":\"builds\",\"list\":[1,2,3]}"),
                                   .is_default = 1};
    return ac_provider_create(f->store, &spec, take_row, &r, err);
}

static ac_status provider_list(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_provider_list(f->store, S("acme"), take_row, &r, err);
}

static ac_status key_create(const fixture *f, ac_error *err) {
    collector r = {0};
    const ac_str permissions[] = {S("a.permission.that.no.small.string.holds"), S("another.permission")};
    const ac_key_spec spec = {
        .org = S("acme"), .owner = S(OWNER), .permissions = permissions, .n_permissions = 2, .expires_at = 1};
    return ac_key_create(f->store, &spec, take_row, &r, err);
}

static ac_status key_list(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_key_list(f->store, S("acme"), take_row, &r, err);
}

static ac_status key_revoke(const fixture *f, ac_error *err) { return ac_key_revoke(f->store, str(f->key.id), err); }

static ac_status app_list(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_app_list(f->store, S("acme"), S(""), 0, take_row, &r, err);
}

static ac_status app_show(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_app_show(f->store, S("acme"), S("first"), take_row, &r, err);
}

static ac_status app_count(const fixture *f, ac_error *err) {
    uint64_t n;
    return ac_app_count(f->store, S("acme"), &n, err);
}

static ac_status check(const fixture *f, ac_error *err) {
    collector r = {0};
    return ac_store_check(f->store, 0, take_row, &r, err);
}

/* Into a store that is open and has it already: what is there is compared. */
static ac_store *target;

static void open_target(const fixture *f) {
    char text[160];
    fixture other = {0};
    snprintf(text, sizeof(text), "sqlite:%s/copy.db", f->dir);
    assert_ok(ac_uri_parse(str(text), &other.uri, NULL));
    target = open_store_of(&other);
    ac_uri_free(other.uri);
    assert_non_null(target);
}

static ac_status store_copy(const fixture *f, ac_error *err) {
    return ac_store_copy(f->store, target, NULL, NULL, NULL, err);
}

static void make_first_application(const fixture *f) {
    ac_create *create = parsed(f, "{\"name\":\"First\"}");
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    ac_create_free(create);
}

static void handles_of_stores_lose_nothing(void **state) {
    const fixture *f = *state;
    sweep(f, open_and_close, false, true);
    sweep(f, new_init, true, true);
    sweep(f, new_find_keys, true, true);
    sweep(f, new_org_show, true, true);
}

/* SQLite's caches grow and shrink, so blocks are counted at the end only, by valgrind. */
static void administration_says_so(void **state) {
    const fixture *f = *state;
    make_first_application(f);
    sweep(f, check, true, false);
    sweep(f, init, true, false);
    sweep(f, find_keys, true, false);
    open_target(f); /* while there is little to copy */
    sweep(f, store_copy, true, false);
    ac_store_close(target);
    sweep(f, org_show, true, false);
    sweep(f, org_list, true, false);
    sweep(f, org_create, true, false);
    sweep(f, org_set, true, false);
    sweep(f, app_list, true, false);
    sweep(f, app_show, true, false);
    sweep(f, app_count, true, false);
    sweep(f, provider_create, true, false);
    sweep(f, provider_list, true, false);
    sweep(f, key_create, true, false);
    sweep(f, key_list, true, false);
    sweep(f, key_revoke, true, false);
    /* After all that the store is sound, and what was there is there. */
    ac_error err;
    collector r = {0};
    assert_ok(ac_store_check(f->store, 0, take_row, &r, &err));
    assert_ok(ac_app_show(f->store, S("acme"), S("first"), take_row, &r, &err));
}

/* A create is there exactly when it was answered with 200. */
static void sweep_creates(const fixture *f, bool forever) {
    collector r = {0};
    ac_org_spec unlimited = org_spec();
    unlimited.limit = AC_UNLIMITED;
    assert_ok(ac_org_set(f->store, S("acme"), &unlimited, take_row, &r, NULL));
    make_first_application(f);

    uint64_t created = 1, count = 0;
    for (long k = 0; k < MANY; k += stride()) {
        pending p = {.creates = {parsed(f, FULL_BODY), parsed(f, FULL_BODY)}, .n = 2};
        const ac_source source = source_of(&p);
        ac_error err;
        fault_allocation(k, forever);
        const ac_status status = ac_store_write(f->store, &source, later(), &err);
        const bool met = fault_allocation_met();
        assert_true(status == AC_OK || (met && status == AC_ENOMEM && p.taken == 0));
        assert_int_equal(p.done, p.taken);
        for (size_t i = 0; i < p.n; i++) {
            const ac_answer *answer = ac_create_answer(p.creates[i]);
            if (answer->status == 200) {
                created++;
            } else if (p.taken != 0) {
                assert_true(met);
                assert_true(answer->code == AC_CODE_DATABASE || answer->code == AC_CODE_INTERNAL);
            }
            ac_create_free(p.creates[i]);
        }
        assert_ok(ac_app_count(f->store, S("acme"), &count, &err));
        assert_int_equal(count, created);
        if (!met) {
            assert_true(k > 0);
            assert_ok(ac_store_check(f->store, 0, take_row, &r, &err));
            return;
        }
    }
    fail_msg("no end of allocations");
}

static void a_create_is_whole_or_not_there(void **state) { sweep_creates(*state, false); }
static void no_memory_is_left_for_creates(void **state) { sweep_creates(*state, true); }

int main(void) {
    watch_sqlite_allocations();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_request_path_loses_nothing, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_token_needs_no_memory, make_key, remove_all),
        cmocka_unit_test_setup_teardown(handles_of_stores_lose_nothing, make_key, remove_all),
        cmocka_unit_test_setup_teardown(administration_says_so, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_create_is_whole_or_not_there, make_key, remove_all),
        cmocka_unit_test_setup_teardown(no_memory_is_left_for_creates, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.memory", tests, NULL, NULL);
}
