/* Two handles that share commits: what a host gives them, and what comes back. */
#include "support.h"

#include <stdlib.h>

typedef struct shared {
    void *turn;
    void *exchange;
} shared;

static shared make_shared(void) {
    shared s = {aligned_alloc(64, AC_TURN_SIZE), aligned_alloc(64, AC_EXCHANGE_SIZE)};
    assert_non_null(s.turn);
    assert_non_null(s.exchange);
    assert_ok(ac_turn_init(s.turn));
    assert_ok(ac_exchange_init(s.exchange));
    return s;
}

static void free_shared(shared *s) {
    free(s->turn);
    free(s->exchange);
}

static ac_store_options options_with(const fixture *f, const shared *s) {
    return (ac_store_options){.size = sizeof(ac_store_options),
                              .uri = f->uri,
                              .timeout_ms = 60000,
                              .turn = s->turn,
                              .threads = 1,
                              .exchange = s->exchange};
}

static ac_store *open_with(const ac_store_options *options) {
    ac_store *store = NULL;
    assert_ok(ac_store_open(options, &store, NULL));
    return store;
}

static void count_creates(void *ctx, size_t creates) { *(size_t *)ctx += creates; }

typedef struct writer {
    ac_store *store;
    pending p;
    ac_status status;
} writer;

static void *write_pending(void *ctx) {
    writer *w = ctx;
    ac_source source = source_of(&w->p);
    w->status = ac_store_write(w->store, &source, later(), NULL);
    return NULL;
}

static void begin_writing(writer *w, pthread_t *thread) {
    assert_int_equal(pthread_create(thread, NULL, write_pending, w), 0);
}

static void end_writing(writer *w, pthread_t thread) {
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ok(w->status);
    assert_int_equal(w->p.done, 2);
    ac_store_close(w->store);
}

static void each_create_is_in_one_batch_whoever_writes_it(void **state) {
    const fixture *f = *state;
    shared s = make_shared();
    size_t of_holder = 0, of_writer = 0;
    ac_store_options options = options_with(f, &s);
    options.batch = count_creates;
    options.batch_ctx = &of_holder;
    holder h;
    begin_holding(&h, open_with(&options));
    options.batch_ctx = &of_writer;
    writer w = {.store = open_with(&options), .p = {.creates = {parsed(f, BODY), parsed(f, BODY)}, .n = 2}};
    ac_create_set_deadline(w.p.creates[0], later());
    pthread_t writing;
    begin_writing(&w, &writing);
    end_holding(&h);
    end_writing(&w, writing);
    for (size_t i = 0; i < 2; i++) {
        ac_create_facts facts;
        ac_create_get_facts(w.p.creates[i], &facts);
        assert_int_equal(ac_create_answer(w.p.creates[i])->status, 200);
        assert_int_equal(facts.id.len, 24);
        ac_create_free(w.p.creates[i]);
    }
    assert_int_equal(of_holder + of_writer, 2);
    free_shared(&s);
}

static void one_that_nobody_waits_for_is_refused(void **state) {
    const fixture *f = *state;
    shared s = make_shared();
    const ac_store_options options = options_with(f, &s);
    holder h;
    begin_holding(&h, open_with(&options));
    writer w = {.store = open_with(&options), .p = {.creates = {parsed(f, BODY), parsed(f, BODY)}, .n = 2}};
    ac_create_set_deadline(w.p.creates[0], 1);
    ac_create_abandon(w.p.creates[1]);
    pthread_t writing;
    begin_writing(&w, &writing);
    ac_store_notify(w.store);
    end_writing(&w, writing); /* the other one is at it all the time */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ac_create_answer(w.p.creates[i])->code, AC_CODE_DATABASE);
        ac_create_free(w.p.creates[i]);
    }
    end_holding(&h);
    free_shared(&s);
}

static void programs_of_version_1_0_know_nothing_of_it(void **state) {
    const fixture *f = *state;
    shared s = make_shared();
    ac_store_options options = options_with(f, &s);
    options.size = offsetof(ac_store_options, exchange);
    options.exchange = (char *)s.exchange + 1; /* what lies behind a smaller struct is not looked at */
    ac_store *store = open_with(&options);
    ac_store_close(store);
    ac_error err;
    options.size--;
    assert_int_equal(ac_store_open(&options, &store, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "sizeof(ac_store_options)");
    free_shared(&s);
}

static void wrong_memory_is_named(void **state) {
    const fixture *f = *state;
    shared s = make_shared();
    ac_store *store = NULL;
    ac_error err;
    ac_store_options options = options_with(f, &s);
    options.exchange = (char *)s.exchange + 8;
    assert_int_equal(ac_store_open(&options, &store, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "exchange");
    options = options_with(f, &s);
    options.turn = NULL;
    assert_int_equal(ac_store_open(&options, &store, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "turn");
    assert_int_equal(ac_exchange_init(NULL), AC_EINVAL);
    assert_int_equal(ac_exchange_init((char *)s.exchange + 8), AC_EINVAL);
    ac_create_set_deadline(NULL, 1);
    ac_create_abandon(NULL);
    ac_store_notify(NULL);
    free_shared(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_create_is_in_one_batch_whoever_writes_it, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_that_nobody_waits_for_is_refused, make_key, remove_all),
        cmocka_unit_test_setup_teardown(programs_of_version_1_0_know_nothing_of_it, make_key, remove_all),
        cmocka_unit_test_setup_teardown(wrong_memory_is_named, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.exchange", tests, NULL, NULL);
}
