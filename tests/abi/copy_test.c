/* ac_store_copy and ac_store_shard: what they promise besides what appctl shows of them (tests/cli/copy_test.cc). */
#include "support.h"

/* A second store beside the fixture's, not initialized. */
static ac_store *open_target(const fixture *f) {
    char text[160];
    fixture other = {0};
    snprintf(text, sizeof(text), "sqlite:%s/copy.db", f->dir);
    assert_ok(ac_uri_parse(str(text), &other.uri, NULL));
    ac_store *store = open_store_of(&other);
    ac_uri_free(other.uri);
    assert_non_null(store);
    return store;
}

static void everything_is_counted(void **state) {
    const fixture *f = *state;
    create_one(f);
    create_one(f);
    ac_store *target = open_target(f);
    watcher w = {.f = f};
    ac_copied copied;
    memset(&copied, 0xff, sizeof(copied));
    ac_error err;
    assert_ok(ac_store_copy(f->store, target, watch, &w, &copied, &err));
    const ac_copied expected = {.organizations = 1, .providers = 0, .keys = 1, .applications = 2};
    assert_memory_equal(&copied, &expected, sizeof(copied));
    assert_int_equal(w.done, 4);
    assert_int_equal(w.total, 4);

    /* The key works there. */
    ac_bearer bearer;
    char authorization[640];
    snprintf(authorization, sizeof(authorization), "Bearer %s", f->token);
    assert_int_equal(ac_bearer_parse(str(authorization), &bearer), AC_ACCESS_OK);
    ac_lookup lookup = {0};
    memcpy(lookup.digest, bearer.digest, sizeof(lookup.digest));
    assert_ok(ac_store_find_keys(target, &lookup, 1, later(), &err));
    assert_int_equal(lookup.found, 1);
    assert_memory_equal(&lookup.key, &f->key, sizeof(lookup.key));

    /* Again, and with nothing but the two stores. */
    assert_ok(ac_store_copy(f->store, target, NULL, NULL, NULL, NULL));
    ac_store_close(target);
}

static void progress_stops_it_and_it_goes_on(void **state) {
    const fixture *f = *state;
    create_one(f);
    ac_store *target = open_target(f);
    ac_copied copied = {.applications = 4711};
    ac_error err = {.status = 1234};
    size_t stop_at = 1;
    ac_status status = AC_AGAIN;
    for (; status == AC_AGAIN; stop_at++) {
        assert_true(stop_at < 20);
        assert_int_equal(copied.applications, 4711);
        watcher w = {.f = f, .stop_at = stop_at};
        status = ac_store_copy(f->store, target, watch, &w, &copied, &err);
    }
    assert_int_equal(status, AC_OK);
    assert_true(stop_at > 3);
    assert_int_equal(copied.applications, 1);
    assert_int_equal(err.status, 1234);
    ac_store_close(target);
}

/* Guards: counting at the end. */
static void what_comes_during_the_copy_is_noticed(void **state) {
    const fixture *f = *state;
    create_one(f);
    ac_store *target = open_target(f);
    watcher all = {.f = f};
    assert_ok(ac_store_copy(f->store, target, watch, &all, NULL, NULL));
    /* The last page is that of the keys, behind the applications. */
    watcher w = {.f = f, .create_at = all.calls};
    ac_copied copied = {.applications = 4711};
    ac_error err;
    assert_int_equal(ac_store_copy(f->store, target, watch, &w, &copied, &err), AC_ECHECK);
    assert_error(&err, AC_ECHECK, "has 2 applications in store");
    assert_error(&err, AC_ECHECK, "stop creates");
    assert_int_equal(copied.applications, 4711);
    /* As the message says. */
    assert_ok(ac_store_copy(f->store, target, NULL, NULL, &copied, &err));
    assert_int_equal(copied.applications, 2);
    ac_store_close(target);
}

/* Guards: counting again which organizations there are. */
static int make_organization(void *ctx, uint64_t done, uint64_t total) {
    const fixture *f = ctx;
    collector r = {0};
    ac_org_spec org = org_spec();
    (void)total;
    org.name = S("Late");
    org.slug = S("late");
    /* Behind the applications, before the keys. */
    if (done != 2) return 0;
    assert_ok(ac_org_create(f->store, &org, take_row, &r, NULL));
    const ac_key_spec key = {.org = S("late"), .owner = S(OWNER)};
    assert_ok(ac_key_create(f->store, &key, take_row, &r, NULL));
    return 0;
}

static void an_organization_that_comes_during_the_copy_is_noticed(void **state) {
    fixture *f = *state;
    create_one(f);
    ac_store *target = open_target(f);
    ac_error err;
    assert_int_equal(ac_store_copy(f->store, target, make_organization, f, NULL, &err), AC_ECHECK);
    assert_error(&err, AC_ECHECK, "was made during the copy; repeat the copy");
    ac_copied copied;
    assert_ok(ac_store_copy(f->store, target, NULL, NULL, &copied, &err));
    assert_int_equal(copied.organizations, 2);
    assert_int_equal(copied.keys, 2);
    ac_store_close(target);
}

static void one_store_is_not_two(void **state) {
    const fixture *f = *state;
    ac_error err;
    assert_int_equal(ac_store_copy(f->store, f->store, NULL, NULL, NULL, &err), AC_EINVAL);
    ac_store *same = open_store_of(f);
    assert_int_equal(ac_store_copy(f->store, same, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "into itself");
    ac_store_close(same);
}

static void a_file_is_not_sharded(void **state) {
    const fixture *f = *state;
    ac_error err;
    assert_int_equal(ac_store_shard(f->store, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "MongoDB");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_is_counted, make_key, remove_all),
        cmocka_unit_test_setup_teardown(progress_stops_it_and_it_goes_on, make_key, remove_all),
        cmocka_unit_test_setup_teardown(what_comes_during_the_copy_is_noticed, make_key, remove_all),
        cmocka_unit_test_setup_teardown(an_organization_that_comes_during_the_copy_is_noticed, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_store_is_not_two, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_file_is_not_sharded, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.copy", tests, NULL, NULL);
}
