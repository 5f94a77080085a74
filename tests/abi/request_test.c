/* ac_create up to the store: begin, body, refuse, answer, facts. */
#include "support.h"

static ac_status begin_in(const fixture *f, const char *organization, const char *type, ac_create **out) {
    const ac_str line = str(type);
    const ac_head head = {
        .key = &f->key, .organization = str(organization), .query = S(""), .content_type = &line, .n_content_type = 1};
    return ac_create_begin(&head, out);
}

static void a_good_request_waits_for_the_store(void **state) {
    const fixture *f = *state;
    ac_create *create = NULL;
    assert_ok(begin_in(f, f->org_id, "application/json", &create));
    assert_int_equal(ac_create_answer(create)->status, 0);
    const size_t empty = ac_create_size(create);
    assert_true(empty > 0);
    assert_ok(ac_create_body(create, S(BODY), AC_BODY_NO_BLOCK));
    assert_int_equal(ac_create_answer(create)->status, 0);
    assert_true(ac_create_size(create) >= empty);
    ac_create_facts facts;
    ac_create_get_facts(create, &facts);
    assert_int_equal(facts.id.len, 0);
    assert_int_equal(facts.batch, 0);
    ac_create_free(create);
}

static void the_slug_is_an_organization_too(void **state) {
    const fixture *f = *state;
    static const char *const own[] = {"acme", "ACME", "Acme"};
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        ac_create *create = NULL;
        assert_ok(begin_in(f, own[i], "application/json", &create));
        ac_create_free(create);
    }
}

static void all_unknown_organizations_look_the_same(void **state) {
    const fixture *f = *state;
    static const char *const others[] = {"", "ac", "other", "507f1f77bcf86cd799439099", "a\\b", "acme "};
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        ac_create *create = NULL;
        assert_int_equal(begin_in(f, others[i], "application/json", &create), AC_DONE);
        assert_int_equal(ac_create_answer(create)->status, 404);
        assert_str(ac_create_answer(create)->body,
                   "{\"status\":false,\"error\":{\"code\":3001,\"message\":\"Entity not found\"}}");
        /* It has its answer: a body changes nothing. */
        assert_int_equal(ac_create_body(create, S(BODY), 0), AC_DONE);
        assert_int_equal(ac_create_answer(create)->status, 404);
        ac_create_free(create);
    }
    fixture disabled = *f;
    disabled.key.flags &= (uint8_t)~AC_KEY_ORG_ENABLED;
    ac_create *create = NULL;
    assert_int_equal(begin_in(&disabled, disabled.org_id, "application/json", &create), AC_DONE);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_NOT_FOUND);
    ac_create_free(create);
}

static void other_media_types_are_refused(void **state) {
    const fixture *f = *state;
    ac_create *create = NULL;
    assert_int_equal(begin_in(f, f->org_id, "text/plain", &create), AC_DONE);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_MEDIA_TYPE);
    assert_int_equal(ac_create_answer(create)->flags, 0);
    ac_create_free(create);

    const ac_str type = S("application/json"), gzip = S("gzip");
    const ac_head head = {.key = &f->key,
                          .organization = str(f->org_id),
                          .content_type = &type,
                          .n_content_type = 1,
                          .content_encoding = &gzip,
                          .n_content_encoding = 1};
    assert_int_equal(ac_create_begin(&head, &create), AC_DONE);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_MEDIA_TYPE);
    assert_int_equal(ac_create_answer(create)->flags, AC_ANSWER_ACCEPT_IDENTITY);
    ac_create_free(create);
}

static void violations_come_together(void **state) {
    const fixture *f = *state;
    ac_create *create = begun(f, "", NULL);
    assert_int_equal(ac_create_body(create, S("{\"name\":\"\",\"metadata\":1}"), 0), AC_DONE);
    const ac_answer *answer = ac_create_answer(create);
    assert_int_equal(answer->status, 400);
    assert_int_equal(answer->code, AC_CODE_VALIDATION);
    char body[1024] = {0};
    assert_true(answer->body.len < sizeof(body));
    memcpy(body, answer->body.data, answer->body.len);
    const char *name = strstr(body, "{\"pointer\":\"/name\",\"message\":");
    const char *metadata = strstr(body, "{\"pointer\":\"/metadata\",\"message\":");
    assert_non_null(name);
    assert_non_null(metadata);
    assert_true(name < metadata);
    ac_create_free(create);
}

static void long_work_is_for_a_thread(void **state) {
    const fixture *f = *state;
    static char large[100000];
    memset(large, ' ', sizeof(large));
    memcpy(large, BODY, sizeof(BODY) - 1);
    const ac_str bodies[] = {{large, sizeof(large)},
                             S("{\"name\":\"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\"}")};
    for (size_t i = 0; i < 2; i++) {
        ac_create *create = begun(f, "", NULL);
        assert_int_equal(ac_create_body(create, bodies[i], AC_BODY_NO_BLOCK), AC_AGAIN);
        assert_int_equal(ac_create_answer(create)->status, 0);
        assert_ok(ac_create_body(create, bodies[i], 0));
        ac_create_free(create);
    }
    /* A malformed body that is short is answered at once. */
    ac_create *create = begun(f, "", NULL);
    assert_int_equal(ac_create_body(create, S("{"), AC_BODY_NO_BLOCK), AC_DONE);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_VALIDATION);
    ac_create_free(create);
}

static void an_empty_body_is_malformed(void **state) {
    const fixture *f = *state;
    ac_create *create = begun(f, "", NULL);
    assert_int_equal(ac_create_body(create, (ac_str){NULL, 0}, 0), AC_DONE);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_VALIDATION);
    ac_create_free(create);
}

static void a_host_may_refuse(void **state) {
    const fixture *f = *state;
    ac_create *create = parsed(f, BODY);
    ac_create_refuse(create, AC_CODE_BUSY);
    assert_int_equal(ac_create_answer(create)->status, 503);
    assert_int_equal(ac_create_answer(create)->retry_after, 1);
    assert_ptr_equal(ac_create_answer(create)->body.data, ac_code_answer(AC_CODE_BUSY)->body.data);
    ac_create_refuse(create, 4711);
    assert_int_equal(ac_create_answer(create)->code, AC_CODE_INTERNAL);
    ac_create_free(create);
}

static void the_hosts_pointer_stays(void **state) {
    const fixture *f = *state;
    ac_create *create = begun(f, "", NULL);
    int mine;
    assert_null(ac_create_user(create));
    ac_create_set_user(create, &mine);
    assert_ok(ac_create_body(create, S(BODY), 0));
    assert_ptr_equal(ac_create_user(create), &mine);
    ac_create_free(create);
}

static void what_was_given_may_go_away(void **state) {
    const fixture *f = *state;
    ac_key key = f->key;
    char organization[AC_ID_SIZE], type[] = "application/json", body[] = BODY;
    memcpy(organization, f->org_id, sizeof(organization));
    const ac_str line = {type, sizeof(type) - 1};
    ac_head head = {.key = &key, .organization = str(organization), .content_type = &line, .n_content_type = 1};
    ac_create *create = NULL;
    assert_ok(ac_create_begin(&head, &create));
    memset(&key, 0xff, sizeof(key));
    memset(organization, 'x', sizeof(organization) - 1);
    memset(type, 'x', sizeof(type));
    memset(&head, 0xff, sizeof(head));
    assert_ok(ac_create_body(create, (ac_str){body, sizeof(body) - 1}, 0));
    memset(body, 'x', sizeof(body));
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    ac_create_facts facts;
    ac_create_get_facts(create, &facts);
    assert_str(facts.slug, "enterprise-mobile-banking-app");
    ac_create_free(create);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_waits_for_the_store),
        cmocka_unit_test(the_slug_is_an_organization_too),
        cmocka_unit_test(all_unknown_organizations_look_the_same),
        cmocka_unit_test(other_media_types_are_refused),
        cmocka_unit_test(violations_come_together),
        cmocka_unit_test(long_work_is_for_a_thread),
        cmocka_unit_test(an_empty_body_is_malformed),
        cmocka_unit_test(a_host_may_refuse),
        cmocka_unit_test(the_hosts_pointer_stays),
        cmocka_unit_test(what_was_given_may_go_away),
    };
    return cmocka_run_group_tests_name("abi.request", tests, make_key, remove_all);
}
