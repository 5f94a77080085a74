/* Every function with every pointer NULL that must not be, and with values out of range: AC_EINVAL and no crash. */
#include "support.h"

/* What an out parameter holds that must stay untouched. */
static char untouched;
#define UNTOUCHED ((void *)&untouched)

#define assert_invalid(call)                        \
    do {                                            \
        memset(&err, 0, sizeof(err));               \
        assert_int_equal((call), AC_EINVAL);        \
        assert_int_equal(err.status, AC_EINVAL);    \
        assert_int_not_equal(err.message[0], '\0'); \
    } while (0)

static void functions_of_values_take_null(void **state) {
    (void)state;
    ac_bearer bearer;
    assert_int_equal(ac_bearer_parse(S("Bearer a"), NULL), AC_ACCESS_INVALID);
    assert_int_equal(ac_bearer_parse((ac_str){NULL, 9}, &bearer), AC_ACCESS_INVALID);
    assert_int_equal(ac_bearer_parse((ac_str){NULL, 0}, &bearer), AC_ACCESS_NO_TOKEN);
    char tag[AC_TAG_SIZE] = "x";
    ac_bearer_tag(NULL, tag);
    assert_string_equal(tag, "");
    ac_bearer_tag(&bearer, NULL);
    assert_int_equal(ac_key_check(NULL, 0), AC_ACCESS_INVALID);
    assert_true(ac_challenge(AC_ACCESS_INVALID, (ac_str){NULL, 5}, NULL, 100) > 0);
    assert_true(ac_status_body(413, (ac_str){NULL, 5}, NULL, 100, NULL, NULL) > 0);
    assert_int_equal(ac_uri_kind(NULL), 0);
    assert_int_equal(ac_uri_path(NULL).len, 0);
    assert_int_equal(ac_uri_name(NULL).len, 0);
    assert_int_equal(ac_uri_look(NULL), AC_HEAD_UNKNOWN);
    ac_uri_free(NULL);
    ac_store_close(NULL);
    ac_create_free(NULL);
    assert_int_equal(ac_create_size(NULL), 0);
    assert_null(ac_create_user(NULL));
    ac_create_set_user(NULL, UNTOUCHED);
    ac_create_refuse(NULL, AC_CODE_BUSY);
    assert_int_equal(ac_create_answer(NULL)->status, 0);
    ac_create_facts facts = {.batch = 7};
    ac_create_get_facts(NULL, &facts);
    assert_int_equal(facts.batch, 0);
    ac_create_get_facts(NULL, NULL);
    assert_int_equal(ac_key_check_list(NULL, 0), AC_ACCESS_INVALID);
    ac_read_free(NULL);
    assert_int_equal(ac_read_answer(NULL)->status, 0);
    assert_int_equal(ac_read_is_missing(NULL), 0);
}

static void uris_and_times(void **state) {
    (void)state;
    ac_error err;
    ac_uri *uri = UNTOUCHED;
    int64_t ms = 4711;
    assert_invalid(ac_uri_parse(S("sqlite:/a"), NULL, &err));
    assert_invalid(ac_uri_parse((ac_str){NULL, 3}, &uri, &err));
    assert_invalid(ac_uri_parse((ac_str){NULL, 0}, &uri, &err));
    assert_ptr_equal(uri, UNTOUCHED);
    assert_int_equal(ac_uri_parse((ac_str){NULL, 0}, &uri, NULL), AC_EINVAL);
    assert_invalid(ac_time_parse(S("2024-01-01T00:00:00Z"), NULL, &err));
    assert_invalid(ac_time_parse((ac_str){NULL, 3}, &ms, &err));
    assert_int_equal(ms, 4711);
}

static void turns(void **state) {
    (void)state;
    _Alignas(64) static char memory[2 * AC_TURN_SIZE];
    assert_int_equal(ac_turn_init(NULL), AC_EINVAL);
    assert_int_equal(ac_turn_init(memory + 8), AC_EINVAL);
    assert_ok(ac_turn_init(memory));
}

static void store_options(void **state) {
    fixture *f = *state;
    ac_error err;
    ac_store *store = UNTOUCHED;
    const ac_store_options good = {.size = sizeof(good), .uri = f->uri, .timeout_ms = 1, .threads = 1};
    ac_store_options o = good;
    assert_invalid(ac_store_open(NULL, &store, &err));
    assert_invalid(ac_store_open(&o, NULL, &err));
    o.size = offsetof(ac_store_options, exchange) - 1; /* version 1.0 had no more than that */
    assert_invalid(ac_store_open(&o, &store, &err));
    o = good, o.uri = NULL;
    assert_invalid(ac_store_open(&o, &store, &err));
    o = good, o.timeout_ms = 0;
    assert_invalid(ac_store_open(&o, &store, &err));
    o = good, o.threads = 0;
    assert_invalid(ac_store_open(&o, &store, &err));
    o = good, o.flags = 2;
    assert_invalid(ac_store_open(&o, &store, &err));
    _Alignas(64) char turn[2 * AC_TURN_SIZE];
    o = good, o.turn = turn + 1;
    assert_invalid(ac_store_open(&o, &store, &err));
    assert_ptr_equal(store, UNTOUCHED);
    assert_int_equal(ac_store_open(NULL, &store, NULL), AC_EINVAL);
}

static void creates(void **state) {
    fixture *f = *state;
    const ac_str type = S("application/json");
    const ac_str broken = {NULL, 4};
    const ac_head good = {.key = &f->key, .organization = str(f->org_id), .content_type = &type, .n_content_type = 1};
    ac_create *create = UNTOUCHED;
    assert_int_equal(ac_create_begin(NULL, &create), AC_EINVAL);
    assert_int_equal(ac_create_begin(&good, NULL), AC_EINVAL);
    ac_head head = good;
    head.key = NULL;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    head = good, head.organization = broken;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    head = good, head.query = broken;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    head = good, head.content_type = NULL;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    head = good, head.content_type = &broken;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    head = good, head.n_content_encoding = 1;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    head = good, head.n_idempotency_key = 1;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    ac_key damaged = f->key;
    memset(damaged.organization_slug, 'a', sizeof(damaged.organization_slug));
    head = good, head.key = &damaged;
    assert_int_equal(ac_create_begin(&head, &create), AC_EINVAL);
    assert_ptr_equal(create, UNTOUCHED);

    assert_ok(ac_create_begin(&good, &create));
    assert_int_equal(ac_create_body(NULL, S("{}"), 0), AC_EINVAL);
    assert_int_equal(ac_create_body(create, broken, 0), AC_EINVAL);
    assert_int_equal(ac_create_body(create, S("{}"), 2), AC_EINVAL);
    assert_int_equal(ac_create_answer(create)->status, 0);
    ac_create_get_facts(create, NULL);
    ac_create_free(create);
}

static void serving(void **state) {
    fixture *f = *state;
    ac_error err;
    pending p = {0};
    ac_lookup lookup = {.found = 7};
    const ac_source good = source_of(&p);
    assert_invalid(ac_store_warm(NULL, &err));
    ac_store_stats stats = {.size = sizeof(stats) - 1, .log_bytes = 7};
    assert_int_equal(ac_store_get_stats(f->store, &stats), AC_EINVAL);
    assert_int_equal(ac_store_get_stats(f->store, NULL), AC_EINVAL);
    stats.size = sizeof(stats);
    assert_int_equal(ac_store_get_stats(NULL, &stats), AC_EINVAL);
    assert_int_equal(stats.log_bytes, 7);
    assert_invalid(ac_store_find_keys(NULL, &lookup, 1, later(), &err));
    assert_invalid(ac_store_find_keys(f->store, NULL, 1, later(), &err));
    assert_int_equal(lookup.found, 7);
    assert_ok(ac_store_find_keys(f->store, NULL, 0, later(), &err));
    assert_invalid(ac_store_write(NULL, &good, later(), &err));
    assert_invalid(ac_store_write(f->store, NULL, later(), &err));
    ac_source source = good;
    source.take = NULL;
    assert_invalid(ac_store_write(f->store, &source, later(), &err));
    source = good, source.done = NULL;
    assert_invalid(ac_store_write(f->store, &source, later(), &err));
}

static void administration(void **state) {
    fixture *f = *state;
    ac_store *s = f->store;
    ac_error err;
    collector r = {0};
    const ac_str org = S("acme"), id = S(OWNER), broken = {NULL, 4};
    ac_org_spec o = org_spec();
    o.name = S("B");
    o.slug = S("bbb");
    ac_provider_spec p = {.org = org, .name = S("n"), .provider = S("s3")};
    ac_key_spec k = {.org = org, .owner = id};
    uint64_t count = 7;

    assert_invalid(ac_store_init(NULL, &err));
    assert_invalid(ac_org_create(NULL, &o, take_row, &r, &err));
    assert_invalid(ac_org_create(s, NULL, take_row, &r, &err));
    assert_invalid(ac_org_create(s, &o, NULL, &r, &err));
    assert_invalid(ac_org_set(NULL, org, &o, take_row, &r, &err));
    assert_invalid(ac_org_set(s, broken, &o, take_row, &r, &err));
    assert_invalid(ac_org_set(s, org, NULL, take_row, &r, &err));
    assert_invalid(ac_org_set(s, org, &o, NULL, &r, &err));
    assert_invalid(ac_org_show(NULL, org, take_row, &r, &err));
    assert_invalid(ac_org_show(s, broken, take_row, &r, &err));
    assert_invalid(ac_org_show(s, org, NULL, &r, &err));
    assert_invalid(ac_org_list(NULL, take_row, &r, &err));
    assert_invalid(ac_org_list(s, NULL, &r, &err));
    assert_invalid(ac_provider_create(NULL, &p, take_row, &r, &err));
    assert_invalid(ac_provider_create(s, NULL, take_row, &r, &err));
    assert_invalid(ac_provider_create(s, &p, NULL, &r, &err));
    assert_invalid(ac_provider_list(NULL, org, take_row, &r, &err));
    assert_invalid(ac_provider_list(s, org, NULL, &r, &err));
    assert_invalid(ac_provider_delete(NULL, org, id, &err));
    assert_invalid(ac_provider_delete(s, org, broken, &err));
    assert_invalid(ac_key_create(NULL, &k, take_row, &r, &err));
    assert_invalid(ac_key_create(s, NULL, take_row, &r, &err));
    assert_invalid(ac_key_create(s, &k, NULL, &r, &err));
    k.n_permissions = 1;
    assert_invalid(ac_key_create(s, &k, take_row, &r, &err));
    k.permissions = &broken;
    assert_invalid(ac_key_create(s, &k, take_row, &r, &err));
    k.n_permissions = 0;
    assert_invalid(ac_key_create_named(NULL, &k, S("name"), take_row, &r, &err));
    assert_invalid(ac_key_create_named(s, NULL, S("name"), take_row, &r, &err));
    assert_invalid(ac_key_create_named(s, &k, broken, take_row, &r, &err));
    assert_invalid(ac_key_create_named(s, &k, S("name"), NULL, &r, &err));
    assert_invalid(ac_key_rename(NULL, id, S("name"), take_row, &r, &err));
    assert_invalid(ac_key_rename(s, S("x"), S("name"), take_row, &r, &err));
    assert_invalid(ac_key_rename(s, id, broken, take_row, &r, &err));
    assert_invalid(ac_key_rename(s, id, S("a\nb"), take_row, &r, &err));
    assert_invalid(ac_key_show(NULL, id, take_row, &r, &err));
    assert_invalid(ac_key_show(s, S("x"), take_row, &r, &err));
    assert_invalid(ac_key_show(s, id, NULL, &r, &err));
    ac_key_rotation rotation = {.size = sizeof(rotation)};
    assert_invalid(ac_key_rotate(NULL, id, &rotation, take_row, &r, &err));
    assert_invalid(ac_key_rotate(s, S("x"), &rotation, take_row, &r, &err));
    assert_invalid(ac_key_rotate(s, id, NULL, take_row, &r, &err));
    assert_invalid(ac_key_rotate(s, id, &rotation, NULL, &r, &err));
    rotation.overlap_ms = -1;
    assert_invalid(ac_key_rotate(s, id, &rotation, take_row, &r, &err));
    rotation = (ac_key_rotation){.size = sizeof(rotation), .expires_at = INT64_MIN};
    assert_invalid(ac_key_rotate(s, id, &rotation, take_row, &r, &err));
    rotation = (ac_key_rotation){.size = sizeof(rotation), .token = S("short")};
    assert_invalid(ac_key_rotate(s, id, &rotation, take_row, &r, &err));
    rotation = (ac_key_rotation){.size = sizeof(rotation) - 1};
    assert_invalid(ac_key_rotate(s, id, &rotation, take_row, &r, &err));
    ac_provider_change change = {.size = sizeof(change), .is_default = -1};
    assert_invalid(ac_provider_set(NULL, org, id, &change, take_row, &r, &err));
    assert_invalid(ac_provider_set(s, broken, id, &change, take_row, &r, &err));
    assert_invalid(ac_provider_set(s, org, broken, &change, take_row, &r, &err));
    assert_invalid(ac_provider_set(s, org, id, NULL, take_row, &r, &err));
    assert_invalid(ac_provider_set(s, org, id, &change, NULL, &r, &err));
    change.name = &broken;
    assert_invalid(ac_provider_set(s, org, id, &change, take_row, &r, &err));
    change = (ac_provider_change){.size = sizeof(change), .is_default = 2};
    assert_invalid(ac_provider_set(s, org, id, &change, take_row, &r, &err));
    change = (ac_provider_change){.size = 0, .is_default = 1};
    assert_invalid(ac_provider_set(s, org, id, &change, take_row, &r, &err));
    assert_invalid(ac_store_freeze(NULL, org, 1, take_row, &r, &err));
    assert_invalid(ac_store_freeze(s, broken, 1, take_row, &r, &err));
    assert_invalid(ac_store_freeze(s, org, 3601, take_row, &r, &err));
    assert_invalid(ac_store_freeze(s, org, 1, NULL, &r, &err));
    assert_invalid(ac_store_thaw(NULL, org, take_row, &r, &err));
    assert_invalid(ac_store_thaw(s, broken, take_row, &r, &err));
    assert_invalid(ac_store_thaw(s, org, NULL, &r, &err));
    uint32_t seconds = 7;
    assert_invalid(ac_store_frozen(NULL, &seconds, &err));
    assert_invalid(ac_store_frozen(s, NULL, &err));
    assert_int_equal(seconds, 7);
    assert_invalid(ac_org_delete(NULL, org, 0, take_row, &r, &err));
    assert_invalid(ac_org_delete(s, broken, 0, take_row, &r, &err));
    assert_invalid(ac_org_delete(s, org, 2, take_row, &r, &err));
    assert_invalid(ac_org_delete(s, org, 0, NULL, &r, &err));
    assert_invalid(ac_app_delete(NULL, org, id, take_row, &r, &err));
    assert_invalid(ac_app_delete(s, org, broken, take_row, &r, &err));
    assert_invalid(ac_app_delete(s, org, id, NULL, &r, &err));
    assert_invalid(ac_key_list(NULL, org, take_row, &r, &err));
    assert_invalid(ac_key_list(s, org, NULL, &r, &err));
    assert_invalid(ac_key_revoke(NULL, id, &err));
    assert_invalid(ac_key_revoke(s, S("x"), &err));
    assert_invalid(ac_app_list(NULL, org, S(""), 0, take_row, &r, &err));
    assert_invalid(ac_app_list(s, org, S("x"), 0, take_row, &r, &err));
    assert_invalid(ac_app_list(s, org, S(""), 0, NULL, &r, &err));
    assert_invalid(ac_app_show(NULL, org, id, take_row, &r, &err));
    assert_invalid(ac_app_show(s, org, S(""), take_row, &r, &err));
    assert_invalid(ac_app_show(s, org, id, NULL, &r, &err));
    assert_invalid(ac_app_count(NULL, org, &count, &err));
    assert_invalid(ac_app_count(s, org, NULL, &err));
    assert_invalid(ac_store_check(NULL, 0, take_row, &r, &err));
    assert_invalid(ac_store_check(s, 0, NULL, &r, &err));
    ac_copied copied = {.keys = 7};
    assert_invalid(ac_store_copy(NULL, s, NULL, NULL, &copied, &err));
    assert_invalid(ac_store_copy(s, NULL, NULL, NULL, &copied, &err));
    assert_invalid(ac_store_copy(s, s, NULL, NULL, &copied, &err));
    assert_int_equal(copied.keys, 7);
    assert_int_equal(ac_store_copy(NULL, NULL, NULL, NULL, NULL, NULL), AC_EINVAL);
    assert_invalid(ac_store_shard(NULL, &err));
    assert_invalid(ac_store_shard(s, &err));
    assert_int_equal(r.n, 0);
    assert_int_equal(count, 7);
    assert_int_equal(ac_org_list(s, NULL, NULL, NULL), AC_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_values_take_null),
        cmocka_unit_test(uris_and_times),
        cmocka_unit_test(turns),
        cmocka_unit_test_setup_teardown(store_options, make_directory, remove_all),
        cmocka_unit_test_setup_teardown(creates, make_key, remove_all),
        cmocka_unit_test_setup_teardown(serving, make_store, remove_all),
        cmocka_unit_test_setup_teardown(administration, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.arguments", tests, NULL, NULL);
}
