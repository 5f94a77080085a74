/*
 * A body takes at most eight times its bytes, whatever is in it: what a tenant sends must not be multiplied. Measured
 * is all that is allocated between ac_create_begin and ac_create_free, the answer to a violation included.
 */
#include "support.h"

#include <stdlib.h>

#include "faults.h"

enum { SIZE = 1 << 20, TIMES = 8 };

typedef struct body {
    char *text;
    size_t len;
} body;

static void add(body *b, const char *text) {
    const size_t n = strlen(text);
    assert_true(b->len + n < 2 * SIZE);
    memcpy(b->text + b->len, text, n);
    b->len += n;
}

/* `begin`, then `element` as often as it takes, with commas between, then `end`. */
static void fill(body *b, const char *begin, const char *element, const char *comma, const char *end) {
    b->len = 0;
    add(b, begin);
    add(b, element);
    while (b->len + strlen(element) + strlen(end) < SIZE) {
        add(b, comma);
        add(b, element);
    }
    add(b, end);
}

/* Members with keys that differ, as short as can be. */
static void fill_keys(body *b, const char *begin, const char *before, const char *value, const char *end) {
    static const char digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    b->len = 0;
    add(b, begin);
    for (unsigned i = 0; b->len + 64 < SIZE; i++) {
        char key[8] = {0};
        unsigned rest = i, n = 0;
        do {
            key[n++] = digits[rest % 64];
            rest /= 64;
        } while (rest != 0);
        add(b, i == 0 ? "\"" : ",\"");
        add(b, before);
        add(b, key);
        add(b, "\":");
        add(b, value);
    }
    add(b, end);
}

static void measure(const fixture *f, const char *what, const body *b, int status) {
    const ac_str type = S("application/json");
    const ac_head head = {.key = &f->key, .organization = str(f->org_id), .content_type = &type, .n_content_type = 1};
    ac_create *create = NULL;
    watch_peak();
    const long before = live_bytes();
    assert_ok(ac_create_begin(&head, &create));
    const ac_status parsed_as = ac_create_body(create, (ac_str){b->text, b->len}, 0);
    const long taken = peak_bytes() - before;
    if (ac_create_answer(create)->status != status) {
        fail_msg("%s: %s", what, parsed_as == AC_DONE ? ac_create_answer(create)->body.data : "taken");
    }
    ac_create_free(create);
    if (taken > TIMES * (long)b->len) fail_msg("%s: %ld bytes for a body of %zu", what, taken, b->len);
    /* What is kept for the next one is small. */
    assert_true(live_bytes() - before < 64 * 1024);
}

static void a_body_takes_eight_times_its_bytes(void **state) {
    static const char begin[] = "{\"name\":\"x\",\"metadata\":{\"a\":[", end[] = "]}}";
    static const char *elements[] = {
        "1",           "[]",    "{}",           "\"\"",
        "null",        "1.5",   "1e15",         "{\"\":1}",
        "\"\\u0000\"", "\"a\"", "1e15,\"\\n\"", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]"};
    const fixture *f = *state;
    body b = {malloc(2 * SIZE), 0};
    assert_non_null(b.text);
    for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++) {
        fill(&b, begin, elements[i], ",", end);
        measure(f, elements[i], &b, 0);
        fill(&b, "{\"name\":\"x\",\"unknown\":[", elements[i], ",", "]}");
        measure(f, elements[i], &b, 0);
        fill(&b, begin, elements[i], ",", "]}");
        measure(f, elements[i], &b, 400);
    }
    fill(&b, begin, "1e99999999999", ",", end);
    measure(f, "exponents beyond 32 bits", &b, 400);

    fill_keys(&b, "{\"name\":\"x\",\"metadata\":{", "", "1", "}}");
    measure(f, "short keys", &b, 0);
    fill_keys(&b, "{\"name\":\"x\",\"metadata\":{", "\\n", "1e15", "}}");
    measure(f, "keys with escapes", &b, 0);
    fill_keys(&b, "{\"name\":\"x\",\"metadata\":{", "", "1e999", "}}");
    measure(f, "numbers out of range", &b, 400);
    fill(&b, "{\"name\":\"x\",\"metadata\":{", "\"\":1", ",", "}}");
    measure(f, "one key again and again", &b, 400);

    fill(&b, "{\"name\":\"x\",\"", "~", "", "\":1e999}");
    measure(f, "a key that is escaped in its pointer", &b, 400);
    fill(&b, "{\"name\":\"x\",\"", "\\u0001", "", "\":1e999}");
    measure(f, "a key that is escaped in its pointer's text", &b, 400);
    fill(&b, "{\"name\":\"x\",\"defaultScripts\":{\"audit\":\"", "\\u0001s", "", "\"}}");
    measure(f, "a script", &b, 0);
    fill(&b, "{\"name\":\"", "\\u00e9", "", "\"}");
    measure(f, "a name", &b, 400);
    free(b.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_body_takes_eight_times_its_bytes, make_key, remove_all),
    };
    return cmocka_run_group_tests_name("abi.body_memory", tests, NULL, NULL);
}
