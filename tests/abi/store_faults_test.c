/* SQLite failing at every call: 503/3002 for creates, AC_EUNAVAILABLE for the rest, and recovery without a new handle.
 */
#include "support.h"

#include <sqlite3.h>

#include "faults.h"

#define MANY 2000

static void make_unlimited(const fixture *f) {
    collector r = {0};
    ac_org_spec unlimited = org_spec();
    unlimited.limit = AC_UNLIMITED;
    assert_ok(ac_org_set(f->store, S("acme"), &unlimited, take_row, &r, NULL));
}

static uint64_t count_of(const fixture *f) {
    uint64_t count = 0;
    ac_error err;
    if (ac_app_count(f->store, S("acme"), &count, &err) != AC_OK) fail_msg("%s", err.message);
    return count;
}

/* Fails each call of a kind in turn, on a new handle so that connecting is part of it, until a create meets no fault.
 */
static void sweep_creates(fixture *f, fault_kind kind, int code) {
    make_unlimited(f);
    const ac_answer *database = ac_code_answer(AC_CODE_DATABASE);
    uint64_t created = 0;
    for (long k = 0; k < MANY; k++) {
        fixture copy = *f;
        copy.store = open_store_of(f);
        assert_non_null(copy.store);
        ac_create *create = parsed(f, BODY);
        fault_sqlite(kind, k, code, false);
        const int answered = write_one(&copy, create);
        const bool met = fault_sqlite_met();
        if (answered == AC_CODE_OK) {
            created++;
        } else {
            assert_true(met);
            assert_int_equal(answered, AC_CODE_DATABASE);
            assert_int_equal(ac_create_answer(create)->status, 503);
            assert_int_equal(ac_create_answer(create)->retry_after, 1);
            assert_ptr_equal(ac_create_answer(create)->body.data, database->body.data);
        }
        ac_create_free(create);
        /* The same handle works again. */
        create = parsed(f, BODY);
        assert_int_equal(write_one(&copy, create), AC_CODE_OK);
        created++;
        ac_create_free(create);
        ac_store_close(copy.store);
        assert_int_equal(count_of(f), created);
        if (!met) {
            assert_true(k > 0);
            collector r = {0};
            assert_ok(ac_store_check(f->store, 0, take_row, &r, NULL));
            return;
        }
    }
    fail_msg("no end of calls");
}

static void a_failing_step_is_3002(void **state) { sweep_creates(*state, FAULT_STEP, SQLITE_IOERR_WRITE); }
static void a_full_disk_is_3002(void **state) { sweep_creates(*state, FAULT_STEP, SQLITE_FULL); }
static void a_failing_statement_is_3002(void **state) { sweep_creates(*state, FAULT_PREPARE, SQLITE_CORRUPT); }
static void a_failing_commit_is_3002(void **state) { sweep_creates(*state, FAULT_EXEC, SQLITE_IOERR_FSYNC); }
static void a_file_that_does_not_open_is_3002(void **state) { sweep_creates(*state, FAULT_OPEN, SQLITE_CANTOPEN); }

static void look_ups_say_that_nothing_is_known(void **state) {
    const fixture *f = *state;
    ac_error err;
    for (int kind = FAULT_PREPARE; kind <= FAULT_STEP; kind++) {
        ac_store *store = open_store_of(f);
        ac_lookup lookup = {0};
        fault_sqlite(kind, 0, SQLITE_IOERR_READ, true);
        assert_int_equal(ac_store_find_keys(store, &lookup, 1, later(), &err), AC_EUNAVAILABLE);
        assert_true(fault_sqlite_met());
        assert_error(&err, AC_EUNAVAILABLE, f->path);
        assert_int_equal(err.detail, SQLITE_IOERR_READ);
        assert_ok(ac_store_find_keys(store, &lookup, 1, later(), &err));
        assert_int_equal(lookup.found, 0);
        ac_store_close(store);
    }
}

static void administration_names_the_file(void **state) {
    const fixture *f = *state;
    ac_error err;
    collector r = {0};
    const ac_org_spec spec = {.name = S("Other"),
                              .slug = S("other"),
                              .limit = AC_UNSET,
                              .build_retention_days = AC_UNSET,
                              .builds_per_publication = AC_UNSET,
                              .enabled = -1};
    fault_sqlite(FAULT_STEP, 0, SQLITE_FULL, true);
    assert_int_equal(ac_org_create(f->store, &spec, take_row, &r, &err), AC_EUNAVAILABLE);
    assert_true(fault_sqlite_met());
    assert_error(&err, AC_EUNAVAILABLE, f->path);
    assert_error(&err, AC_EUNAVAILABLE, "free space");
    assert_int_equal(r.n, 0);
    assert_ok(ac_org_create(f->store, &spec, take_row, &r, &err));
    assert_int_equal(r.n, 1);
}

static void a_store_of_another_program_is_refused(void **state) {
    fixture *f = *state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE theirs(a); INSERT INTO theirs VALUES (1)", NULL, NULL, NULL), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    f->store = open_store_of(f);
    ac_error err;
    collector r = {0};
    ac_status status = ac_org_list(f->store, take_row, &r, &err);
    assert_true(status == AC_EUNAVAILABLE || status == AC_EVERSION);
    assert_error(&err, status, f->path);
    status = ac_store_init(f->store, &err);
    assert_true(status == AC_EUNAVAILABLE || status == AC_EVERSION);
    assert_error(&err, status, f->path);
}

static void a_file_that_is_no_database_is_refused(void **state) {
    fixture *f = *state;
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) fputs("this is a text, not a database\n", file);
    assert_int_equal(fclose(file), 0);
    f->store = open_store_of(f);
    ac_error err;
    collector r = {0};
    assert_int_equal(ac_org_list(f->store, take_row, &r, &err), AC_EUNAVAILABLE);
    assert_error(&err, AC_EUNAVAILABLE, f->path);
    assert_int_equal(ac_store_init(f->store, &err), AC_EUNAVAILABLE);
}

static void a_locked_store_is_late(void **state) {
    const fixture *f = *state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);

    /* The turn comes, the lock does not. */
    ac_create *create = parsed(f, BODY);
    pending p = {.creates = {create}, .n = 1};
    const ac_source source = source_of(&p);
    ac_error err;
    assert_ok(ac_store_write(f->store, &source, later() - 59 * INT64_C(1000000000), &err));
    assert_int_equal(p.done, 1);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_DATABASE);
    ac_create_free(create);

    ac_store_options hasty = {.size = sizeof(hasty), .uri = f->uri, .timeout_ms = 100, .threads = 1};
    ac_store *store;
    assert_ok(ac_store_open(&hasty, &store, NULL));
    collector r = {0};
    ac_org_spec spec = org_spec();
    spec.limit = 7;
    assert_int_equal(ac_org_set(store, S("acme"), &spec, take_row, &r, &err), AC_ETIMEOUT);
    assert_error(&err, AC_ETIMEOUT, f->path);
    ac_store_close(store);

    /* Reading goes on, and writing as soon as the lock is gone. */
    assert_ok(ac_org_show(f->store, S("acme"), take_row, &r, &err));
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    create = parsed(f, BODY);
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    ac_create_free(create);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failing_step_is_3002, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_full_disk_is_3002, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_failing_statement_is_3002, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_failing_commit_is_3002, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_file_that_does_not_open_is_3002, make_key, remove_all),
        cmocka_unit_test_setup_teardown(look_ups_say_that_nothing_is_known, make_key, remove_all),
        cmocka_unit_test_setup_teardown(administration_names_the_file, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_store_of_another_program_is_refused, make_directory, remove_all),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused, make_directory, remove_all),
        cmocka_unit_test_setup_teardown(a_locked_store_is_late, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.store_faults", tests, NULL, NULL);
}
