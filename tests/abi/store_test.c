/* A store through the C ABI: creating, looking up, administration. */
#include "support.h"

#include <stdlib.h>

static void a_create_is_answered_with_its_record(void **state) {
    const fixture *f = *state;
    ac_create *create = parsed(f, BODY);
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    const ac_answer *answer = ac_create_answer(create);
    assert_int_equal(answer->status, 200);
    assert_int_equal(answer->flags, 0);

    ac_create_facts facts;
    ac_create_get_facts(create, &facts);
    assert_int_equal(facts.id.len, 24);
    assert_str(facts.slug, "enterprise-mobile-banking-app");
    assert_int_equal(facts.batch, 1);

    /* The record that the store shows is the answer's data, byte for byte. */
    collector r = {0};
    ac_error err;
    assert_ok(ac_app_show(f->store, S("acme"), facts.id, take_row, &r, &err));
    char expected[8300];
    snprintf(expected, sizeof(expected), "{\"status\":true,\"data\":%s}", r.last);
    assert_str(answer->body, expected);
    assert_ok(ac_app_show(f->store, str(f->org_id), facts.slug, take_row, &r, &err));
    assert_int_equal(r.n, 2);
    ac_create_free(create);
}

static void one_of_a_batch_fails_alone(void **state) {
    const fixture *f = *state;
    pending p = {.n = 8}; /* the organization's limit is 5 */
    for (size_t i = 0; i < p.n; i++) {
        p.creates[i] =
            parsed(f, i == 2 ? "{\"name\":\"x\",\"configuration\":{\"storageProvider\":\"" OWNER "\"}}" : BODY);
    }
    const ac_source source = source_of(&p);
    assert_ok(ac_store_write(f->store, &source, later(), NULL));
    assert_int_equal(p.done, 8);
    static const int codes[] = {0, 0, AC_CODE_PROVIDER, 0, 0, 0, AC_CODE_LIMIT, AC_CODE_LIMIT};
    static const char *const slugs[] = {
        "enterprise-mobile-banking-app",   "enterprise-mobile-banking-app-2", "", "enterprise-mobile-banking-app-3",
        "enterprise-mobile-banking-app-4", "enterprise-mobile-banking-app-5", "", ""};
    for (size_t i = 0; i < p.n; i++) {
        assert_int_equal(ac_create_answer(p.creates[i])->code, codes[i]);
        ac_create_facts facts;
        ac_create_get_facts(p.creates[i], &facts);
        assert_int_equal(facts.batch, 8);
        if (codes[i] == 0) assert_str(facts.slug, slugs[i]);
        ac_create_free(p.creates[i]);
    }
    uint64_t count = 0;
    assert_ok(ac_app_count(f->store, S("acme"), &count, NULL));
    assert_int_equal(count, 5);
}

static ac_create *keyed(const fixture *f, const char *body) {
    ac_create *create = begun(f, "", "first-key");
    assert_ok(ac_create_body(create, str(body), 0));
    return create;
}

static void a_repeated_request_is_replayed(void **state) {
    const fixture *f = *state;
    ac_create *first = keyed(f, BODY);
    assert_int_equal(write_one(f, first), AC_CODE_OK);
    ac_create *again = keyed(f, BODY);
    assert_int_equal(write_one(f, again), AC_CODE_OK);
    const ac_answer *a = ac_create_answer(first), *b = ac_create_answer(again);
    assert_int_equal(a->flags, 0);
    assert_int_equal(b->flags, AC_ANSWER_REPLAYED);
    assert_int_equal(a->body.len, b->body.len);
    assert_memory_equal(a->body.data, b->body.data, a->body.len);
    ac_create *other = keyed(f, "{\"name\":\"Other\"}");
    assert_int_equal(write_one(f, other), AC_CODE_KEY_REUSED);
    uint64_t count = 0;
    assert_ok(ac_app_count(f->store, S("acme"), &count, NULL));
    assert_int_equal(count, 1);
    ac_create_free(first);
    ac_create_free(again);
    ac_create_free(other);
}

static void validate_only_writes_nothing(void **state) {
    const fixture *f = *state;
    ac_create *create = begun(f, "validateOnly=true", NULL);
    assert_ok(ac_create_body(create, S(BODY), 0));
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    const char start[] = "{\"status\":true,\"data\":{\"name\":\"Enterprise Mobile Banking App\",";
    assert_memory_equal(ac_create_answer(create)->body.data, start, strlen(start));
    ac_create_free(create);
    uint64_t count = 7;
    assert_ok(ac_app_count(f->store, S("acme"), &count, NULL));
    assert_int_equal(count, 0);
}

static void nothing_pending_is_well(void **state) {
    const fixture *f = *state;
    pending p = {0};
    const ac_source source = source_of(&p);
    assert_ok(ac_store_write(f->store, &source, later(), NULL));
    assert_int_equal(p.done, 0);
}

static void keys_are_looked_up_together(void **state) {
    const fixture *f = *state;
    ac_lookup lookups[3] = {0};
    char authorization[640];
    snprintf(authorization, sizeof(authorization), "Bearer %s", f->token);
    ac_bearer bearer;
    assert_int_equal(ac_bearer_parse(str(authorization), &bearer), AC_ACCESS_OK);
    memcpy(lookups[1].digest, bearer.digest, AC_DIGEST_SIZE);
    lookups[0].found = lookups[2].found = 7;
    assert_ok(ac_store_find_keys(f->store, lookups, 3, later(), NULL));
    assert_int_equal(lookups[0].found, 0);
    assert_int_equal(lookups[1].found, 1);
    assert_int_equal(lookups[2].found, 0);
    const ac_key *key = &lookups[1].key;
    assert_string_equal(key->organization, f->org_id);
    assert_string_equal(key->organization_slug, "acme");
    assert_string_equal(key->owner, OWNER);
    assert_int_equal(key->role, 0);
    assert_int_equal(key->flags, AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED);
    assert_int_equal(key->expires_at, 0);

    assert_ok(ac_key_revoke(f->store, str(key->id), NULL));
    assert_ok(ac_store_find_keys(f->store, lookups, 3, later(), NULL));
    /* A store may still show a revoked key or not: the answer is the same. */
    if (lookups[1].found) assert_int_equal(ac_key_check(&lookups[1].key, now_ms()), AC_ACCESS_INVALID);
}

static void organizations_are_made_and_changed(void **state) {
    const fixture *f = *state;
    collector r = {0};
    ac_error err;
    ac_org_spec spec = org_spec();
    spec.name =
        S("B\xc3\xbc"
          "cher \"AG\"");
    spec.slug = S("Buecher");
    spec.id = S("507F1F77BCF86CD799439012");
    assert_ok(ac_org_create(f->store, &spec, take_row, &r, &err));
    const char start[] =
        "{\"id\":\"507f1f77bcf86cd799439012\",\"name\":\"B\xc3\xbc"
        "cher \\\"AG\\\"\","
        "\"slug\":\"buecher\",\"enabled\":true,\"limit\":null,\"maxBillingBuildRetentionDays\":0,"
        "\"buildsRetainedPerPublication\":0,\"defaultStorageProvider\":null,\"applications\":0,"
        "\"createdAt\":\"";
    assert_memory_equal(r.last, start, strlen(start));
    assert_int_equal(ac_org_create(f->store, &spec, take_row, &r, &err), AC_EEXISTS);
    assert_int_equal(r.n, 1);

    ac_org_spec change = org_spec();
    change.limit = 0;
    change.build_retention_days = -1;
    change.enabled = 0;
    assert_ok(ac_org_set(f->store, S("BUECHER"), &change, take_row, &r, &err));
    assert_non_null(strstr(r.last, "\"enabled\":false,\"limit\":0,\"maxBillingBuildRetentionDays\":-1,"));
    change = org_spec();
    change.limit = AC_UNLIMITED;
    assert_ok(ac_org_set(f->store, spec.id, &change, take_row, &r, &err));
    assert_non_null(strstr(r.last, "\"enabled\":false,\"limit\":null,"));

    r.n = 0;
    assert_ok(ac_org_list(f->store, take_row, &r, &err));
    assert_int_equal(r.n, 2);
    r = (collector){.stop_after = 1};
    assert_ok(ac_org_list(f->store, take_row, &r, &err));
    assert_int_equal(r.n, 1);
    assert_int_equal(ac_org_show(f->store, S("nobody"), take_row, &r, &err), AC_ENOTFOUND);
    assert_error(&err, AC_ENOTFOUND, "nobody");
}

static void specs_are_checked(void **state) {
    const fixture *f = *state;
    collector r = {0};
    ac_error err;
    static const struct {
        const char *name, *slug, *id, *says;
        int64_t limit;
        int32_t enabled;
    } wrong[] = {
        {"", "abc", "", "name is missing", AC_UNSET, -1},
        {"A", "", "", "slug is missing", AC_UNSET, -1},
        {"A", "ab", "", "3 to 128", AC_UNSET, -1},
        {"A", "a_b", "", "3 to 128", AC_UNSET, -1},
        {"A", "507f1f77bcf86cd799439012", "", "never 24 hexadecimal digits", AC_UNSET, -1},
        {"A", "abc", "123", "24 hexadecimal digits", AC_UNSET, -1},
        {"A\nB", "abc", "", "control", AC_UNSET, -1},
        {"A\n", "abc", "", "white space", AC_UNSET, -1},
        {"A\xff", "abc", "", "UTF-8", AC_UNSET, -1},
        {" A", "abc", "", "space", AC_UNSET, -1},
        {"A", "abc", "", "0 or more", -1, -1},
        {"A", "abc", "", "enabled", AC_UNSET, 2},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        ac_org_spec spec = org_spec();
        spec.name = str(wrong[i].name);
        spec.slug = str(wrong[i].slug);
        spec.id = str(wrong[i].id);
        spec.limit = wrong[i].limit;
        spec.enabled = wrong[i].enabled;
        assert_int_equal(ac_org_create(f->store, &spec, take_row, &r, &err), AC_EINVAL);
        assert_error(&err, AC_EINVAL, wrong[i].says);
    }
    static const struct {
        const char *owner, *role, *permission, *token, *says;
        int64_t expires_at;
    } keys[] = {
        {"x", "", "a", "", "owner", 0},
        {OWNER, "king", "a", "", "org.owner", 0},
        {OWNER, "", "", "", "permission", 0},
        {OWNER, "", "a b", "", "visible ASCII", 0},
        {OWNER, "", "a", "short", "32 to 512", 0},
        {OWNER, "", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa a", "32 to 512", 0},
        {OWNER, "", "a", "", "9999", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const ac_str permission = str(keys[i].permission);
        const ac_key_spec spec = {.org = S("acme"),
                                  .owner = str(keys[i].owner),
                                  .role = str(keys[i].role),
                                  .permissions = &permission,
                                  .n_permissions = 1,
                                  .expires_at = keys[i].expires_at,
                                  .token = str(keys[i].token)};
        assert_int_equal(ac_key_create(f->store, &spec, take_row, &r, &err), AC_EINVAL);
        assert_error(&err, AC_EINVAL, keys[i].says);
        if (keys[i].token[0] != '\0') assert_null(strstr(err.message, keys[i].token));
    }
    assert_int_equal(r.n, 0);
}

static void keys_are_made_and_listed(void **state) {
    const fixture *f = *state;
    collector r = {0};
    ac_error err;
    char id[AC_ID_SIZE], token[128];
    const ac_str none = S("none");
    ac_key_spec spec = {
        .org = S("acme"), .owner = S(OWNER), .permissions = &none, .n_permissions = 1, .expires_at = -1};
    assert_ok(ac_key_create(f->store, &spec, take_row, &r, &err));
    row_text(&r, "id", id, sizeof(id));
    row_text(&r, "token", token, sizeof(token));
    char expected[512];
    snprintf(expected, sizeof(expected),
             "{\"id\":\"%s\",\"token\":\"%s\",\"organization\":\"%s\",\"owner\":\"" OWNER
             "\",\"role\":\"unknown\",\"permissions\":[],\"revoked\":false,\"expiresAt\":\"1969-12-31T23:59:59.999Z\","
             "\"createdAt\":\"",
             id, token, f->org_id);
    assert_memory_equal(r.last, expected, strlen(expected));
    assert_memory_equal(token, "aca_", 4);
    assert_true(strlen(token) >= 32);

    /* An existing token is not repeated, and not taken twice. */
    const ac_str permissions[] = {S("a"), S("a"), S("b")};
    const char own[] = "0123456789abcdefghijklmnopqrstuv";
    spec = (ac_key_spec){
        .org = S("acme"), .owner = S(OWNER), .permissions = permissions, .n_permissions = 3, .token = str(own)};
    assert_ok(ac_key_create(f->store, &spec, take_row, &r, &err));
    assert_null(strstr(r.last, own));
    assert_null(strstr(r.last, "token"));
    assert_non_null(strstr(r.last, "\"permissions\":[\"a\",\"b\"]"));
    assert_int_equal(ac_key_create(f->store, &spec, take_row, &r, &err), AC_EEXISTS);
    assert_null(strstr(err.message, own));
    /* One of our own that lost a character on the way would never work. */
    token[10] = token[10] == 'a' ? 'b' : 'a';
    spec.token = str(token);
    assert_int_equal(ac_key_create(f->store, &spec, take_row, &r, &err), AC_EINVAL);
    assert_error(&err, AC_EINVAL, "checksum");

    r.n = 0;
    assert_ok(ac_key_list(f->store, S("acme"), take_row, &r, &err));
    assert_int_equal(r.n, 3);
    assert_null(strstr(r.last, "token"));
    assert_ok(ac_key_revoke(f->store, str(id), &err));
    assert_ok(ac_key_revoke(f->store, str(id), &err));
    assert_int_equal(ac_key_revoke(f->store, S("507f1f77bcf86cd799439099"), &err), AC_ENOTFOUND);
}

static void providers_are_made_and_used(void **state) {
    const fixture *f = *state;
    collector r = {0};
    ac_error err;
    ac_provider_spec spec = {.org = S("acme"),
                             .name = S("Main"),
                             .provider = S("s3"),
                             .region = S("eu-west-1"),
                             .config = S("{ \"bucket\" : \"builds\" , \"n\": 1.50 }"),
                             .id = S("507f1f77bcf86cd799439012"),
                             .is_default = 1};
    assert_ok(ac_provider_create(f->store, &spec, take_row, &r, &err));
    const char shown[] =
        "{\"id\":\"507f1f77bcf86cd799439012\",\"name\":\"Main\",\"region\":\"eu-west-1\","
        "\"config\":{\"bucket\":\"builds\",\"n\":1.5},\"provider\":\"s3\"";
    assert_memory_equal(r.last, shown, strlen(shown));
    assert_int_equal(ac_provider_create(f->store, &spec, take_row, &r, &err), AC_EEXISTS);
    static const char *const wrong[] = {"[]", "{", "1", "{\"n\":1e999}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        spec.config = str(wrong[i]);
        assert_int_equal(ac_provider_create(f->store, &spec, take_row, &r, &err), AC_EINVAL);
        assert_error(&err, AC_EINVAL, "config");
    }

    ac_create *create = parsed(f, BODY);
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    char body[4096] = {0};
    memcpy(body, ac_create_answer(create)->body.data, ac_create_answer(create)->body.len);
    char used[512];
    snprintf(used, sizeof(used), "\"storageProvider\":%s}", shown);
    assert_non_null(strstr(body, used));
    ac_create_free(create);

    assert_ok(ac_provider_delete(f->store, S("acme"), S("507f1f77bcf86cd799439012"), &err));
    assert_int_equal(ac_provider_delete(f->store, S("acme"), S("507f1f77bcf86cd799439012"), &err), AC_ENOTFOUND);
    r.n = 0;
    assert_ok(ac_provider_list(f->store, S("acme"), take_row, &r, &err));
    assert_int_equal(r.n, 0);
}

static void applications_are_listed_in_pages(void **state) {
    const fixture *f = *state;
    char ids[5][AC_ID_SIZE];
    for (size_t i = 0; i < 5; i++) {
        ac_create *create = parsed(f, BODY);
        assert_int_equal(write_one(f, create), AC_CODE_OK);
        ac_create_free(create);
    }
    char after[AC_ID_SIZE] = "";
    collector r = {0};
    ac_error err;
    for (size_t i = 0; i < 5; i++) {
        r.n = 0;
        assert_ok(ac_app_list(f->store, S("acme"), str(after), 1, take_row, &r, &err));
        assert_int_equal(r.n, 1);
        row_text(&r, "id", ids[i], sizeof(ids[i]));
        assert_true(strcmp(after, ids[i]) < 0);
        memcpy(after, ids[i], sizeof(after));
    }
    r.n = 0;
    assert_ok(ac_app_list(f->store, S("acme"), str(after), 0, take_row, &r, &err));
    assert_int_equal(r.n, 0);
    assert_ok(ac_app_list(f->store, S("acme"), str(ids[1]), 0, take_row, &r, &err));
    assert_int_equal(r.n, 3);
    assert_int_equal(ac_app_show(f->store, S("acme"), S("no-such-app"), take_row, &r, &err), AC_ENOTFOUND);
}

static void a_sound_store_has_no_problems(void **state) {
    const fixture *f = *state;
    collector r = {0};
    ac_error err;
    assert_ok(ac_store_check(f->store, 0, take_row, &r, &err));
    assert_int_equal(r.n, 0);
    assert_ok(ac_store_init(f->store, &err)); /* again */
    assert_ok(ac_warm(&err));
    assert_ok(ac_warm(NULL)); /* again */
    assert_ok(ac_store_warm(f->store, &err));
}

static void a_store_tells_of_its_log(void **state) {
    const fixture *f = *state;
    ac_create *create = parsed(f, BODY);
    assert_int_equal(write_one(f, create), AC_CODE_OK);
    ac_create_free(create);
    ac_store_stats stats = {.size = sizeof(stats)};
    assert_ok(ac_store_get_stats(f->store, &stats));
    assert_true(stats.log_bytes > 4096);
    /* By no thread: nobody maintains this store. */
    assert_int_equal(stats.last_checkpoint, 0);
}

static void a_store_that_is_not_there_is_unavailable(void **state) {
    fixture *f = *state;
    f->store = open_store_of(f);
    assert_non_null(f->store);
    collector r = {0};
    ac_error err;
    const ac_status status = ac_org_list(f->store, take_row, &r, &err);
    assert_true(status == AC_EUNAVAILABLE || status == AC_EVERSION);
    assert_error(&err, status, "appctl --store ");
    assert_true(ac_store_warm(f->store, NULL) < 0);
    /* It was looked at, not made. */
    assert_null(fopen(f->path, "r"));
    /* And it is taken as soon as it is there. */
    assert_ok(ac_store_init(f->store, &err));
    assert_ok(ac_org_list(f->store, take_row, &r, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_create_is_answered_with_its_record, make_key, remove_all),
        cmocka_unit_test_setup_teardown(one_of_a_batch_fails_alone, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_repeated_request_is_replayed, make_key, remove_all),
        cmocka_unit_test_setup_teardown(validate_only_writes_nothing, make_key, remove_all),
        cmocka_unit_test_setup_teardown(nothing_pending_is_well, make_key, remove_all),
        cmocka_unit_test_setup_teardown(keys_are_looked_up_together, make_key, remove_all),
        cmocka_unit_test_setup_teardown(organizations_are_made_and_changed, make_key, remove_all),
        cmocka_unit_test_setup_teardown(specs_are_checked, make_key, remove_all),
        cmocka_unit_test_setup_teardown(keys_are_made_and_listed, make_key, remove_all),
        cmocka_unit_test_setup_teardown(providers_are_made_and_used, make_key, remove_all),
        cmocka_unit_test_setup_teardown(applications_are_listed_in_pages, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_sound_store_has_no_problems, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_store_tells_of_its_log, make_key, remove_all),
        cmocka_unit_test_setup_teardown(a_store_that_is_not_there_is_unavailable, make_directory, remove_all),
    };
    return cmocka_run_group_tests_name("abi.store", tests, NULL, NULL);
}
