/* Functions of plain values: sizes, codes, bearer tokens, keys, challenges, times. */
#include "support.h"

_Static_assert(sizeof(ac_error) == 512, "ac_error");
_Static_assert(sizeof(ac_key) == 256, "ac_key");
_Static_assert(sizeof(ac_lookup) == 296, "ac_lookup");
_Static_assert(sizeof(ac_answer) == 24, "ac_answer");

static void version_is_the_headers(void **state) {
    (void)state;
    char expected[32];
    snprintf(expected, sizeof(expected), "%d.%d.%d", AC_VERSION_MAJOR, AC_VERSION_MINOR, AC_VERSION_PATCH);
    assert_string_equal(ac_version(), expected);
}

static void every_code_has_its_answer(void **state) {
    (void)state;
    static const struct {
        int code, status, retry_after;
        const char *body;
    } rows[] = {
        {AC_CODE_INTERNAL, 500, 0, "{\"status\":false,\"error\":{\"code\":1000,\"message\":\"Internal error\"}}"},
        {AC_CODE_BAD_REQUEST, 400, 0, "{\"status\":false,\"error\":{\"code\":1001,\"message\":\"Bad request\"}}"},
        {AC_CODE_METHOD, 405, 0, "{\"status\":false,\"error\":{\"code\":1003,\"message\":\"Method not allowed\"}}"},
        {AC_CODE_TOO_LARGE, 413, 0, "{\"status\":false,\"error\":{\"code\":1004,\"message\":\"Payload too large\"}}"},
        {AC_CODE_MEDIA_TYPE, 415, 0,
         "{\"status\":false,\"error\":{\"code\":1005,\"message\":\"Unsupported media type\"}}"},
        {AC_CODE_BUSY, 503, 1, "{\"status\":false,\"error\":{\"code\":1006,\"message\":\"Server busy\"}}"},
        {AC_CODE_TOO_EARLY, 425, 0, "{\"status\":false,\"error\":{\"code\":1008,\"message\":\"Too early\"}}"},
        {AC_CODE_TOO_MANY, 429, 1, "{\"status\":false,\"error\":{\"code\":1007,\"message\":\"Too many requests\"}}"},
        {AC_CODE_NOT_FOUND, 404, 0, "{\"status\":false,\"error\":{\"code\":3001,\"message\":\"Entity not found\"}}"},
        {AC_CODE_DATABASE, 503, 1, "{\"status\":false,\"error\":{\"code\":3002,\"message\":\"Database Error\"}}"},
        {AC_CODE_UNAUTHORIZED, 401, 0, "{\"status\":false,\"error\":{\"code\":4001,\"message\":\"Unauthorized\"}}"},
        {AC_CODE_NO_TOKEN, 401, 0, "{\"status\":false,\"error\":{\"code\":4002,\"message\":\"No auth token\"}}"},
        {AC_CODE_FORBIDDEN, 403, 0, "{\"status\":false,\"error\":{\"code\":4003,\"message\":\"Forbidden\"}}"},
        {AC_CODE_KEY_REUSED, 422, 0,
         "{\"status\":false,\"error\":{\"code\":5002,\"message\":\"Idempotency key reused\"}}"},
        {AC_CODE_LIMIT, 400, 0, "{\"status\":false,\"error\":{\"code\":5017,\"message\":\"Limit Exceeded\"}}"},
        {AC_CODE_PROVIDER, 400, 0,
         "{\"status\":false,\"error\":{\"code\":5060,\"message\":\"StorageProvider not found\"}}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const ac_answer *answer = ac_code_answer(rows[i].code);
        assert_int_equal(answer->code, rows[i].code);
        assert_int_equal(answer->status, rows[i].status);
        assert_int_equal(answer->retry_after, rows[i].retry_after);
        assert_str(answer->body, rows[i].body);
    }
    assert_int_equal(ac_code_answer(AC_CODE_CONFLICT)->status, 409);
    assert_int_equal(ac_code_answer(AC_CODE_VALIDATION)->status, 400);
    assert_int_equal(ac_code_answer(4711)->code, AC_CODE_INTERNAL);
    assert_int_equal(ac_code_answer(AC_CODE_OK)->code, AC_CODE_INTERNAL);
}

static void every_status_has_its_body(void **state) {
    (void)state;
    static const struct {
        int status, code;
    } rows[] = {{400, 1001}, {403, 4003}, {405, 1003}, {413, 1004}, {425, 1008},
                {429, 1007}, {500, 1000}, {503, 1006}, {504, 1000}, {418, 1000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char body[256];
        int code = 0;
        const size_t n = ac_status_body(rows[i].status, S("Teapot"), body, sizeof(body), &code, NULL);
        assert_true(n <= sizeof(body));
        assert_int_equal(code, rows[i].code);
        char start[64];
        snprintf(start, sizeof(start), "{\"status\":false,\"error\":{\"code\":%d,\"message\":\"", rows[i].code);
        assert_memory_equal(body, start, strlen(start));
        assert_memory_equal(body + n - 3, "\"}}", 3);
    }
    char body[256];
    unsigned retry_after = 99;
    const char expected[] = "{\"status\":false,\"error\":{\"code\":1000,\"message\":\"I'm a teapot\"}}";
    assert_int_equal(ac_status_body(418, S("I'm a teapot"), body, sizeof(body), NULL, &retry_after), strlen(expected));
    assert_memory_equal(body, expected, strlen(expected));
    assert_int_equal(retry_after, 0);
    ac_status_body(503, S(""), body, sizeof(body), NULL, &retry_after);
    assert_int_equal(retry_after, 1);
}

static void a_small_buffer_is_not_overrun(void **state) {
    (void)state;
    char buf[16];
    memset(buf, 'x', sizeof(buf));
    const size_t full = ac_status_body(413, S(""), buf, 10, NULL, NULL);
    assert_true(full > sizeof(buf));
    assert_memory_equal(buf, "{\"status\":xxxxxx", 16);
    assert_int_equal(ac_status_body(413, S(""), NULL, 0, NULL, NULL), full);

    memset(buf, 'x', sizeof(buf));
    assert_int_equal(ac_challenge(AC_ACCESS_NO_TOKEN, S("apps"), buf, 9), strlen("Bearer realm=\"apps\""));
    assert_memory_equal(buf, "Bearer rexxxxxxx", 16);
    assert_int_equal(ac_challenge(AC_ACCESS_NO_TOKEN, S("apps"), NULL, 0), strlen("Bearer realm=\"apps\""));
}

static void bearer_tokens_are_read(void **state) {
    (void)state;
    ac_bearer a, b;
    assert_int_equal(ac_bearer_parse(S("Bearer mF_9.B5f-4.1JqM"), &a), AC_ACCESS_OK);
    assert_int_equal(ac_bearer_parse(S("bEARER mF_9.B5f-4.1JqM"), &b), AC_ACCESS_OK);
    assert_memory_equal(a.digest, b.digest, AC_DIGEST_SIZE);
    char a_tag[AC_TAG_SIZE], b_tag[AC_TAG_SIZE];
    ac_bearer_tag(&a, a_tag);
    ac_bearer_tag(&b, b_tag);
    assert_int_equal(strlen(a_tag), AC_TAG_SIZE - 1);
    assert_string_equal(a_tag, b_tag);
    assert_int_equal(ac_bearer_parse(S("Bearer mF_9.B5f-4.1JqN"), &b), AC_ACCESS_OK);
    assert_memory_not_equal(a.digest, b.digest, AC_DIGEST_SIZE);
    ac_bearer_tag(&b, b_tag);
    assert_string_not_equal(a_tag, b_tag);

    assert_int_equal(ac_bearer_parse(S(""), &a), AC_ACCESS_NO_TOKEN);
    assert_int_equal(ac_bearer_parse(S("Bearer"), &a), AC_ACCESS_NO_TOKEN);
    assert_int_equal(ac_bearer_parse(S("Bearer  "), &a), AC_ACCESS_NO_TOKEN);
    assert_int_equal(ac_bearer_parse(S("Basic mF_9.B5f-4.1JqM"), &a), AC_ACCESS_NO_TOKEN);
    assert_int_equal(ac_bearer_parse(S("Bearer a b"), &a), AC_ACCESS_INVALID);
    assert_int_equal(ac_bearer_parse(S("Bearer a=b"), &a), AC_ACCESS_INVALID);

    char longest[7 + 513];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "Bearer ", 7);
    assert_int_equal(ac_bearer_parse((ac_str){longest, 7 + 512}, &a), AC_ACCESS_OK);
    assert_int_equal(ac_bearer_parse((ac_str){longest, 7 + 513}, &a), AC_ACCESS_INVALID);
}

static void keys_are_checked(void **state) {
    (void)state;
    ac_key key = {.role = 8, .flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED};
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_OK);
    key.expires_at = 1001;
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_OK);
    assert_int_equal(ac_key_check(&key, 1001), AC_ACCESS_INVALID);
    key.expires_at = -5;
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_INVALID);
    key.expires_at = 0;
    key.flags = AC_KEY_ORG_ENABLED;
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_SCOPE);
    key.flags = AC_KEY_REVOKED; /* tells nothing about what it may */
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_INVALID);
    /* A disabled organization is the next check, 404 (docs/api.md, "Order of checks"). */
    key.flags = AC_KEY_MAY_CREATE;
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_OK);
    /* Damage in shared memory. */
    key.role = 9;
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_INVALID);
    key.role = 0;
    memset(key.owner, 'a', sizeof(key.owner));
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_INVALID);
}

static void identities_stand_for_keys(void **state) {
    (void)state;
    const ac_identity who = {.owner = S("0123456789ABCDEF01234567"),
                             .organization = S("507f1f77bcf86cd799439011"),
                             .organization_slug = S("Acme"),
                             .role = S("app.editor"),
                             .permissions = S("read, mad.application.management.create")};
    ac_key key;
    assert_int_equal(ac_identity_key(&who, &key), AC_ACCESS_OK);
    assert_int_equal(ac_key_check(&key, 1000), AC_ACCESS_OK);
    assert_string_equal(key.owner, "0123456789abcdef01234567");
    assert_string_equal(key.organization, "507f1f77bcf86cd799439011");
    assert_string_equal(key.organization_slug, "acme");
    assert_int_equal(key.role, 6);
    assert_int_equal(key.expires_at, 0);
    assert_int_equal(strlen(key.id), 24);

    /* One owner in one organization is one sender, whatever else is said of it. */
    ac_identity other = who;
    ac_key again;
    other.owner = S("0123456789abcdef01234567");
    other.role = S("");
    other.permissions = S("mad.application.management.creat");
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_OK);
    assert_string_equal(again.id, key.id);
    assert_int_equal(again.role, 8);
    assert_int_equal(ac_key_check(&again, 1000), AC_ACCESS_SCOPE);
    other.organization = S("507f1f77bcf86cd799439012");
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_OK);
    assert_string_not_equal(again.id, key.id);

    other.owner = S("");
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_INVALID);
    other.organization = S("");
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_NO_TOKEN);
    other = who;
    other.organization_slug = S("a/b");
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_INVALID);
    other = who;
    other.owner.len = 23;
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_INVALID);
    other.owner = (ac_str){NULL, 24};
    assert_int_equal(ac_identity_key(&other, &again), AC_ACCESS_INVALID);
    assert_int_equal(ac_identity_key(NULL, &again), AC_ACCESS_INVALID);
    assert_int_equal(ac_identity_key(&who, NULL), AC_ACCESS_INVALID);
}

static void challenges_are_rfc_6750s(void **state) {
    (void)state;
    static const struct {
        ac_access access;
        const char *realm, *expected;
    } rows[] = {
        {AC_ACCESS_NO_TOKEN, "applications", "Bearer realm=\"applications\""},
        {AC_ACCESS_INVALID, "applications", "Bearer realm=\"applications\", error=\"invalid_token\""},
        {AC_ACCESS_SCOPE, "applications",
         "Bearer realm=\"applications\", error=\"insufficient_scope\", scope=\"mad.application.management.create\""},
        {AC_ACCESS_NO_TOKEN, "", "Bearer realm=\"\""},
        {AC_ACCESS_NO_TOKEN, "a \"b\" \\c", "Bearer realm=\"a \\\"b\\\" \\\\c\""},
        {AC_ACCESS_NO_TOKEN, "a\r\nSet-Cookie: b\x7f", "Bearer realm=\"a  Set-Cookie: b \""},
        {AC_ACCESS_NO_TOKEN, "caf\xc3\xa9", "Bearer realm=\"caf\xc3\xa9\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char buf[256];
        const size_t n = ac_challenge(rows[i].access, str(rows[i].realm), buf, sizeof(buf));
        assert_true(n <= sizeof(buf));
        assert_str((ac_str){buf, n}, rows[i].expected);
    }
}

static void times_are_rfc_3339s(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"1970-01-01T00:00:00Z", 0},
                {"2024-02-29T12:00:00.250Z", 1709208000250},
                {"2024-02-29T13:00:00+01:00", 1709208000000},
                {"1969-12-31T23:59:59Z", -1000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t ms = 1;
        assert_ok(ac_time_parse(str(rows[i].text), &ms, NULL));
        assert_int_equal(ms, rows[i].ms);
    }
    static const char *const wrong[] = {"",         "2024-02-30T12:00:00Z", "2024-02-29", "2024-02-29T12:00:00",
                                        "tomorrow", "2024-02-29T12:00:00Z "};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        int64_t ms = 4711;
        ac_error err;
        assert_int_equal(ac_time_parse(str(wrong[i]), &ms, &err), AC_EINVAL);
        assert_int_equal(ms, 4711);
        assert_error(&err, AC_EINVAL, "RFC 3339");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_the_headers),    cmocka_unit_test(every_code_has_its_answer),
        cmocka_unit_test(every_status_has_its_body), cmocka_unit_test(a_small_buffer_is_not_overrun),
        cmocka_unit_test(bearer_tokens_are_read),    cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(identities_stand_for_keys), cmocka_unit_test(challenges_are_rfc_6750s),
        cmocka_unit_test(times_are_rfc_3339s),
    };
    return cmocka_run_group_tests_name("abi.values", tests, NULL, NULL);
}
