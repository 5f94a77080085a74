/* ac_store_backup and ac_store_restore: what they promise besides what appctl shows of them (tests/cli/backup_test.cc).
 */
#include "support.h"

#include <unistd.h>

static uint64_t applications(const fixture *f) {
    uint64_t n = 0;
    assert_ok(ac_app_count(f->store, S("acme"), &n, NULL));
    return n;
}

static void it_goes_and_comes_back(void **state) {
    const fixture *f = *state;
    char file[128];
    snprintf(file, sizeof(file), "%s/backup.db", f->dir);
    create_one(f);
    watcher w = {0};
    ac_copied copied;
    memset(&copied, 0xff, sizeof(copied));
    ac_error err = {.status = 1234};
    assert_ok(ac_store_backup(f->store, str(file), 0, watch, &w, &copied, &err));
    const ac_copied expected = {.organizations = 1, .providers = 0, .keys = 1, .applications = 1};
    assert_memory_equal(&copied, &expected, sizeof(copied));
    assert_true(w.calls > 0);
    assert_int_equal(w.done, w.total);
    assert_int_equal(err.status, 1234);

    create_one(f);
    w = (watcher){0};
    assert_ok(ac_store_restore(f->store, str(file), 0, watch, &w, &copied, &err));
    assert_memory_equal(&copied, &expected, sizeof(copied));
    assert_int_equal(w.done, w.total);
    assert_int_equal(applications(f), 1);

    /* With nothing but what they need. */
    assert_ok(ac_store_backup(f->store, str(file), AC_FILE_REPLACE, NULL, NULL, NULL, NULL));
    assert_ok(ac_store_restore(f->store, str(file), AC_FILE_REPLACE, NULL, NULL, NULL, NULL));
}

static void progress_stops_them(void **state) {
    const fixture *f = *state;
    char file[128];
    snprintf(file, sizeof(file), "%s/backup.db", f->dir);
    watcher w = {.stop_at = 1};
    ac_copied copied = {.applications = 4711};
    ac_error err = {.status = 1234};
    assert_int_equal(ac_store_backup(f->store, str(file), 0, watch, &w, &copied, &err), AC_AGAIN);
    assert_int_equal(w.calls, 1);
    assert_int_equal(copied.applications, 4711);
    assert_int_equal(err.status, 1234);
    assert_int_not_equal(access(file, F_OK), 0);

    assert_ok(ac_store_backup(f->store, str(file), 0, NULL, NULL, NULL, &err));
    create_one(f);
    w = (watcher){.stop_at = 2};
    assert_int_equal(ac_store_restore(f->store, str(file), 0, watch, &w, &copied, &err), AC_AGAIN);
    assert_int_equal(copied.applications, 4711);
    assert_int_equal(applications(f), 1);
    assert_ok(ac_store_restore(f->store, str(file), 0, NULL, NULL, NULL, &err));
    assert_int_equal(applications(f), 0);
}

static void arguments_are_checked(void **state) {
    const fixture *f = *state;
    const ac_str bad = {NULL, 3};
    ac_error err;
    assert_int_equal(ac_store_backup(NULL, S("/f"), 0, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "the store is NULL");
    assert_int_equal(ac_store_restore(NULL, S("/f"), 0, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "the store is NULL");
    assert_int_equal(ac_store_backup(f->store, bad, 0, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "NULL but has a length");
    assert_int_equal(ac_store_restore(f->store, bad, 0, NULL, NULL, NULL, NULL), AC_EINVAL);
    assert_int_equal(ac_store_backup(f->store, S("/f"), 2, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "unknown flag");
    assert_int_equal(ac_store_restore(f->store, S("/f"), 2, NULL, NULL, NULL, NULL), AC_EINVAL);
    assert_int_equal(ac_store_backup(f->store, S(""), 0, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "names no file");
    assert_int_equal(ac_store_backup(f->store, S("/a\0b"), 0, NULL, NULL, NULL, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "names no file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_goes_and_comes_back, make_key, remove_all),
        cmocka_unit_test_setup_teardown(progress_stops_them, make_key, remove_all),
        cmocka_unit_test_setup_teardown(arguments_are_checked, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
