/* ac_source.pending: what a host may say before the turn to write is waited for. */
#include "support.h"

static int says_no(void *ctx) {
    (void)ctx;
    return 0;
}

static int says_what_is(void *ctx) {
    const pending *p = ctx;
    return p->taken < p->n;
}

static void a_host_that_says_nothing_is_pending_is_not_asked_for_it(void **state) {
    const fixture *f = *state;
    pending p = {.creates = {parsed(f, BODY)}, .n = 1};
    ac_source source = source_of(&p);
    source.pending = says_no;
    assert_ok(ac_store_write(f->store, &source, later(), NULL));
    assert_int_equal(p.taken, 0);
    source.pending = says_what_is;
    assert_ok(ac_store_write(f->store, &source, later(), NULL));
    assert_int_equal(p.done, 1);
    assert_int_equal(ac_create_answer(p.creates[0])->status, 200);
    ac_create_free(p.creates[0]);
}

static ac_store *open_with_turn(const fixture *f, void *turn) {
    const ac_store_options options = {
        .size = sizeof(options), .uri = f->uri, .timeout_ms = 60000, .turn = turn, .threads = 1};
    ac_store *store = NULL;
    assert_ok(ac_store_open(&options, &store, NULL));
    return store;
}

static void a_host_that_has_nothing_does_not_wait_for_its_turn(void **state) {
    const fixture *f = *state;
    _Alignas(64) char turn[AC_TURN_SIZE];
    assert_ok(ac_turn_init(turn));
    ac_store *store = open_with_turn(f, turn);
    holder h;
    begin_holding(&h, open_with_turn(f, turn));

    /* The turn does not come: who might have something waits for it, who has nothing does not. */
    pending p = {0};
    ac_source source = source_of(&p);
    const int64_t soon = later() - 60 * INT64_C(1000000000) + 100000000;
    assert_int_equal(ac_store_write(store, &source, soon, NULL), AC_ETIMEOUT);
    source.pending = says_no;
    assert_ok(ac_store_write(store, &source, soon, NULL));

    end_holding(&h);
    ac_store_close(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_host_that_says_nothing_is_pending_is_not_asked_for_it, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_host_that_has_nothing_does_not_wait_for_its_turn, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.pending", tests, NULL, NULL);
}
