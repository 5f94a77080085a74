/* A host's mistakes in what it hands over: nothing is stored, each create comes back once, with an answer. */
#include "support.h"

static uint64_t stored(const fixture *f) {
    uint64_t n = 0;
    assert_ok(ac_app_count(f->store, S("acme"), &n, NULL));
    return n;
}

static void write_some(const fixture *f, pending *p, size_t expected) {
    const ac_source source = source_of(p);
    assert_ok(ac_store_write(f->store, &source, later(), NULL));
    assert_int_equal(p->done, expected);
}

static void one_that_was_never_validated_is_refused(void **state) {
    const fixture *f = *state;
    ac_create *raw = begun(f, "", NULL);
    ac_create *good = parsed(f, BODY);
    pending p = {.creates = {raw, good}, .n = 2};
    write_some(f, &p, 2);
    assert_int_equal(ac_create_answer(raw)->code, AC_CODE_INTERNAL);
    assert_int_equal(ac_create_answer(good)->status, 200);
    assert_int_equal(stored(f), 1);
    ac_create_free(raw);
    ac_create_free(good);
}

/* Its name needs ICU, which AC_BODY_NO_BLOCK put off. */
static void one_that_was_to_be_called_again_is_refused(void **state) {
    const fixture *f = *state;
    ac_create *create = begun(f, "", NULL);
    assert_int_equal(ac_create_body(create, S("{\"name\":\"\xe6\xbc\xa2\"}"), AC_BODY_NO_BLOCK), AC_AGAIN);
    pending p = {.creates = {create}, .n = 1};
    write_some(f, &p, 1);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_INTERNAL);
    assert_int_equal(stored(f), 0);
    ac_create_free(create);
}

static void one_that_was_refused_keeps_its_answer(void **state) {
    const fixture *f = *state;
    ac_create *wrong = begun(f, "", NULL);
    assert_int_equal(ac_create_body(wrong, S("{}"), 0), AC_DONE);
    ac_create *expired = parsed(f, BODY);
    ac_create_refuse(expired, AC_CODE_DATABASE);
    ac_create *made = parsed(f, BODY);
    assert_int_equal(write_one(f, made), AC_CODE_OK);
    const ac_str body = ac_create_answer(made)->body;

    pending p = {.creates = {wrong, expired, made}, .n = 3};
    write_some(f, &p, 3);
    assert_int_equal(ac_create_answer(wrong)->code, AC_CODE_VALIDATION);
    assert_int_equal(ac_create_answer(expired)->code, AC_CODE_DATABASE);
    assert_int_equal(ac_create_answer(made)->status, 200);
    assert_ptr_equal(ac_create_answer(made)->body.data, body.data);
    assert_int_equal(stored(f), 1);
    ac_create_free(wrong);
    ac_create_free(expired);
    ac_create_free(made);
}

static void one_that_is_handed_over_twice_is_stored_once(void **state) {
    const fixture *f = *state;
    ac_create *create = parsed(f, BODY);
    pending p = {.creates = {create, create, NULL, create}, .n = 4};
    write_some(f, &p, 1);
    assert_int_equal(ac_create_answer(create)->status, 200);
    assert_int_equal(stored(f), 1);
    ac_create_free(create);
}

/* The same with a request that asks for no write. */
static void one_that_only_validates_is_guarded_too(void **state) {
    const fixture *f = *state;
    ac_create *create = begun(f, "validateOnly=true", NULL);
    pending p = {.creates = {create}, .n = 1};
    write_some(f, &p, 1);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_INTERNAL);
    ac_create_free(create);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_was_never_validated_is_refused, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_that_was_to_be_called_again_is_refused, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_that_was_refused_keeps_its_answer, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_that_is_handed_over_twice_is_stored_once, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_that_only_validates_is_guarded_too, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.guard", tests, NULL, NULL);
}
