/* Reading what was created, through the C ABI. */
#include "support.h"

#include <sqlite3.h>

/* A read of one application; `name` NULL: of a list. */
static ac_read *begun_read(const fixture *f, const char *name, const char *query) {
    const ac_str application = str(name == NULL ? "" : name);
    const ac_read_head head = {.key = &f->key,
                               .organization = S("acme"),
                               .application = name == NULL ? NULL : &application,
                               .query = str(query)};
    ac_read *read = NULL;
    assert_ok(ac_read_begin(&head, &read));
    assert_int_equal(ac_read_answer(read)->status, 0);
    return read;
}

static void what_was_created_is_read(void **state) {
    const fixture *f = *state;
    ac_create *create = parsed(f, BODY);
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    ac_create_facts facts;
    ac_create_get_facts(create, &facts);
    char id[AC_ID_SIZE];
    snprintf(id, sizeof(id), "%.*s", (int)facts.id.len, facts.id.data);
    const ac_answer *made = ac_create_answer(create);

    const char *const names[] = {id, "enterprise-mobile-banking-app", "Enterprise-Mobile-Banking-App"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        ac_read *read = begun_read(f, names[i], "limit=0");
        ac_error err = {.status = 7};
        assert_ok(ac_store_read(f->store, read, later(), &err));
        assert_int_equal(err.status, 7);
        const ac_answer *answer = ac_read_answer(read);
        assert_int_equal(answer->status, 200);
        assert_int_equal(answer->code, AC_CODE_OK);
        assert_int_equal(answer->flags, 0);
        assert_int_equal(answer->body.len, made->body.len);
        assert_memory_equal(answer->body.data, made->body.data, made->body.len);
        assert_int_equal(ac_read_is_missing(read), 0);
        /* One that has its answer keeps it. */
        assert_ok(ac_store_read(f->store, read, 1, NULL));
        assert_int_equal(ac_read_answer(read)->status, 200);
        ac_read_free(read);
    }
    ac_create_free(create);
}

static void lists_go_on_with_their_cursor(void **state) {
    const fixture *f = *state;
    for (int i = 0; i < 3; i++) create_one(f);
    char query[64] = "limit=2";
    ac_read *read = begun_read(f, NULL, query);
    assert_ok(ac_store_read(f->store, read, later(), NULL));
    char text[8192];
    snprintf(text, sizeof(text), "%.*s", (int)ac_read_answer(read)->body.len, ac_read_answer(read)->body.data);
    const char start[] = "{\"status\":true,\"data\":{\"applications\":[{\"id\":\"";
    assert_memory_equal(text, start, strlen(start));
    const char *cursor = strstr(text, "\"nextCursor\":\"");
    assert_non_null(cursor);
    char next[41];
    assert_int_equal(sscanf(cursor, "\"nextCursor\":\"%40[^\"]\"", next), 1);
    snprintf(query, sizeof(query), "cursor=%s", next);
    ac_read_free(read);

    read = begun_read(f, NULL, query);
    assert_ok(ac_store_read(f->store, read, later(), NULL));
    snprintf(text, sizeof(text), "%.*s", (int)ac_read_answer(read)->body.len, ac_read_answer(read)->body.data);
    assert_non_null(strstr(text, "{\"id\":"));
    assert_null(strstr(text, "},{\"id\":"));
    assert_null(strstr(text, "nextCursor"));
    ac_read_free(read);
}

static void missing_is_told_from_refused(void **state) {
    const fixture *f = *state;
    ac_read *read = begun_read(f, "nobody", "");
    assert_ok(ac_store_read(f->store, read, later(), NULL));
    assert_int_equal(ac_read_answer(read)->code, AC_CODE_NOT_FOUND);
    assert_int_equal(ac_read_is_missing(read), 1);
    ac_read_free(read);

    const ac_str none = S("no name");
    ac_read_head head = {.key = &f->key, .organization = S("acme"), .application = &none};
    assert_int_equal(ac_read_begin(&head, &read), AC_DONE);
    assert_int_equal(ac_read_answer(read)->status, 404);
    assert_int_equal(ac_read_is_missing(read), 1);
    ac_read_free(read);

    head.organization = S("other");
    assert_int_equal(ac_read_begin(&head, &read), AC_DONE);
    assert_int_equal(ac_read_answer(read)->status, 404);
    assert_int_equal(ac_read_is_missing(read), 0);
    ac_read_free(read);

    head = (ac_read_head){.key = &f->key, .organization = S("acme"), .query = S("limit=101")};
    assert_int_equal(ac_read_begin(&head, &read), AC_DONE);
    assert_int_equal(ac_read_answer(read)->code, AC_CODE_VALIDATION);
    ac_read_free(read);
}

static void a_store_that_fails_is_an_answer(void **state) {
    const fixture *f = *state;
    ac_error err;
    ac_read *read = begun_read(f, "app", "");
    assert_int_equal(ac_store_read(f->store, read, 1, &err), AC_ETIMEOUT);
    assert_error(&err, AC_ETIMEOUT, "time");
    assert_int_equal(ac_read_answer(read)->code, AC_CODE_DATABASE);
    assert_int_equal(ac_read_answer(read)->retry_after, 1);
    ac_read_free(read);

    /* A list without its index. */
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP INDEX applications_organization_id", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    read = begun_read(f, NULL, "");
    assert_int_equal(ac_store_read(f->store, read, later(), &err), AC_EVERSION);
    assert_error(&err, AC_EVERSION, "init");
    assert_int_equal(ac_read_answer(read)->code, AC_CODE_DATABASE);
    ac_read_free(read);
    assert_ok(ac_store_init(f->store, &err));
    read = begun_read(f, NULL, "");
    assert_ok(ac_store_read(f->store, read, later(), &err));
    assert_str(ac_read_answer(read)->body, "{\"status\":true,\"data\":{\"applications\":[]}}");
    ac_read_free(read);
}

static void null_is_invalid(void **state) {
    const fixture *f = *state;
    ac_error err;
    const ac_str bad = {NULL, 3};
    const ac_read_head good = {.key = &f->key, .organization = S("acme")};
    ac_read *read = NULL;
    assert_int_equal(ac_read_begin(NULL, &read), AC_EINVAL);
    assert_int_equal(ac_read_begin(&good, NULL), AC_EINVAL);
    ac_read_head head = good;
    head.key = NULL;
    assert_int_equal(ac_read_begin(&head, &read), AC_EINVAL);
    head = good, head.organization = bad;
    assert_int_equal(ac_read_begin(&head, &read), AC_EINVAL);
    head = good, head.application = &bad;
    assert_int_equal(ac_read_begin(&head, &read), AC_EINVAL);
    head = good, head.query = bad;
    assert_int_equal(ac_read_begin(&head, &read), AC_EINVAL);
    assert_null(read);
    assert_int_equal(ac_store_read(f->store, NULL, later(), &err), AC_EINVAL);
    read = begun_read(f, NULL, "");
    assert_int_equal(ac_store_read(NULL, read, later(), &err), AC_EINVAL);
    assert_int_equal(ac_read_answer(read)->status, 0);
    ac_read_free(read);
}

static void permissions_are_two(void **state) {
    const fixture *f = *state;
    ac_key key = f->key;
    key.flags = AC_KEY_ORG_ENABLED | AC_KEY_MAY_LIST;
    assert_int_equal(ac_key_check_list(&key, now_ms()), AC_ACCESS_OK);
    assert_int_equal(ac_key_check(&key, now_ms()), AC_ACCESS_SCOPE);
    key.flags = AC_KEY_ORG_ENABLED | AC_KEY_MAY_CREATE;
    assert_int_equal(ac_key_check_list(&key, now_ms()), AC_ACCESS_SCOPE_LIST);
    key.flags = AC_KEY_MAY_LIST | AC_KEY_REVOKED;
    assert_int_equal(ac_key_check_list(&key, now_ms()), AC_ACCESS_INVALID);
    key.flags = AC_KEY_MAY_LIST;
    key.expires_at = 1;
    assert_int_equal(ac_key_check_list(&key, 1), AC_ACCESS_INVALID);
    char challenge[200];
    const size_t n = ac_challenge(AC_ACCESS_SCOPE_LIST, S("r"), challenge, sizeof(challenge));
    assert_str((ac_str){challenge, n},
               "Bearer realm=\"r\", error=\"insufficient_scope\", scope=\"mad.application.management.list\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_created_is_read, make_key, remove_all),
        cmocka_unit_test_setup_teardown(lists_go_on_with_their_cursor, make_key, remove_all),
        cmocka_unit_test_setup_teardown(missing_is_told_from_refused, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_store_that_fails_is_an_answer, make_key, remove_all),
        cmocka_unit_test_setup_teardown(null_is_invalid, make_key, remove_all),
        cmocka_unit_test_setup_teardown(permissions_are_two, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.read", tests, NULL, NULL);
}
