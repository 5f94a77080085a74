/* ac_uri_parse: every scheme, every refusal. */
#define _DEFAULT_SOURCE /* setenv */

#include "support.h"

#include <stdlib.h>
#include <sys/stat.h>

static void assert_path(const char *text, const char *path) {
    ac_uri *uri = NULL;
    ac_error err;
    if (ac_uri_parse(str(text), &uri, &err) != AC_OK) fail_msg("\"%s\": %s", text, err.message);
    assert_int_equal(ac_uri_kind(uri), AC_STORE_SQLITE);
    assert_str(ac_uri_path(uri), path);
    assert_int_equal(ac_uri_path(uri).data[strlen(path)], '\0');
    char name[600];
    snprintf(name, sizeof(name), "sqlite:%s", path);
    assert_str(ac_uri_name(uri), name);
    ac_uri_free(uri);
}

static void assert_refused(ac_str text, const char *says) {
    ac_uri *uri = (ac_uri *)&uri;
    ac_error err;
    assert_int_equal(ac_uri_parse(text, &uri, &err), AC_EINVAL);
    assert_ptr_equal(uri, (ac_uri *)&uri);
    assert_error(&err, AC_EINVAL, says);
}

static void sqlite_paths_are_absolute(void **state) {
    (void)state;
    assert_path("sqlite:/var/lib/apps.db", "/var/lib/apps.db");
    assert_path("sqlite:///var/lib/apps.db", "/var/lib/apps.db");
    assert_path("sqlite:/a b%20c#d", "/a b%20c#d");
    assert_refused(S("sqlite:apps.db"), "must be absolute, as in sqlite:/");
    assert_refused(S("sqlite:"), "must be absolute");
    assert_refused(S("sqlite:./apps.db"), "must be absolute");
    assert_refused(S("sqlite://host/apps.db"), "one slash");
    assert_refused(S("sqlite:////apps.db"), "one slash");
    assert_refused(S("sqlite:/var/lib/"), "names the directory");
    assert_refused(S("sqlite:/"), "names the directory");
    assert_refused(S("sqlite:/a\nb"), "control characters");
    assert_refused(S("sqlite:/a\0b"), "NUL");
}

static void sqlite_has_one_parameter(void **state) {
    (void)state;
    ac_uri *uri = NULL;
    ac_error err;
    if (ac_uri_parse(S("sqlite:/var/lib/apps.db?checkpoint=external"), &uri, &err) != AC_OK)
        fail_msg("%s", err.message);
    assert_int_equal(ac_uri_kind(uri), AC_STORE_SQLITE);
    assert_str(ac_uri_path(uri), "/var/lib/apps.db");
    assert_str(ac_uri_name(uri), "sqlite:/var/lib/apps.db?checkpoint=external");
    ac_uri_free(uri);
    assert_refused(S("sqlite:/apps.db?mode=ro"), "only parameter of a sqlite store is \"?checkpoint=external\"");
    assert_refused(S("sqlite:/apps.db?"), "only parameter");
    assert_refused(S("sqlite:/apps.db?checkpoint=none"), "only parameter");
    assert_refused(S("sqlite:/apps.db?checkpoint=external&checkpoint=external"), "only parameter");
    assert_refused(S("sqlite:apps.db?checkpoint=external"), "must be absolute");
    assert_refused(S("sqlite:/var/lib/?checkpoint=external"), "add a file name");
}

static void sqlite_paths_have_a_bound(void **state) {
    (void)state;
    char text[7 + 501 + 1] = "sqlite:/";
    memset(text + 8, 'a', 499);
    assert_path(text, text + 7);
    memset(text + 8, 'a', 500);
    assert_refused(str(text), "at most 500 bytes");
}

static void unknown_schemes_are_named(void **state) {
    (void)state;
    assert_refused(S("postgres://host/db"), "unknown scheme \"postgres\"");
    assert_refused(S("postgres://host/db"), "use \"sqlite:/path/apps.db\"");
    assert_refused(S("/var/lib/apps.db"), "no known scheme");
    assert_refused(S(""), "empty");
}

static void mongodb_is_a_store_too(void **state) {
    (void)state;
    ac_uri *uri = NULL;
    ac_error err;
    if (ac_uri_parse(S("mongodb://user:hunter2@db.example:27018/apps"), &uri, &err) != AC_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(ac_uri_kind(uri), AC_STORE_MONGODB);
    assert_int_equal(ac_uri_path(uri).len, 0);
    assert_str(ac_uri_name(uri), "mongodb://db.example:27018/apps");
    ac_uri_free(uri);
    assert_refused(S("mongodb://host/db?w=1"), "majority");
    assert_refused(S("mongodb://"), "mongodb");
}

static void messages_hold_no_secrets(void **state) {
    (void)state;
    static const char *const texts[] = {"mongodb://user:hunter2@host/db?w=1", "mongodb://user:hunter2@", "hunter2",
                                        "user hunter2@host:27017", "env:APP_CREATE_ABI_SECRET"};
    setenv("APP_CREATE_ABI_SECRET", "hunter2:whatever", 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        ac_uri *uri = NULL;
        ac_error err;
        assert_int_equal(ac_uri_parse(str(texts[i]), &uri, &err), AC_EINVAL);
        assert_null(strstr(err.message, "hunter2"));
    }
}

static void variables_hold_uris(void **state) {
    (void)state;
    setenv("APP_CREATE_ABI_URI", "sqlite:/var/lib/apps.db", 1);
    assert_path("env:APP_CREATE_ABI_URI", "/var/lib/apps.db");
    setenv("APP_CREATE_ABI_URI", "", 1);
    assert_refused(S("env:APP_CREATE_ABI_URI"), "\"APP_CREATE_ABI_URI\" of the store URI is empty");
    unsetenv("APP_CREATE_ABI_URI");
    assert_refused(S("env:APP_CREATE_ABI_URI"), "\"APP_CREATE_ABI_URI\" of the store URI is not set");
    setenv("APP_CREATE_ABI_URI", "env:APP_CREATE_ABI_URI", 1);
    assert_refused(S("env:APP_CREATE_ABI_URI"), "holds another");
    setenv("APP_CREATE_ABI_URI", "apps.db", 1);
    assert_refused(S("env:APP_CREATE_ABI_URI"), "no known scheme in the environment variable \"APP_CREATE_ABI_URI\"");
    assert_refused(S("env:"), "needs the name");
    assert_refused(S("env:A B"), "needs the name");
}

static void assert_head(const fixture *f, ac_str content, ac_uri_head head) {
    char path[96], text[128];
    snprintf(path, sizeof(path), "%s/apps.db", f->dir);
    snprintf(text, sizeof(text), "sqlite:%s", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.len, file), content.len);
    assert_int_equal(fclose(file), 0);
    ac_uri *uri = NULL;
    assert_ok(ac_uri_parse(str(text), &uri, NULL));
    assert_int_equal(ac_uri_look(uri), head);
    assert_int_equal(remove(path), 0);
    assert_int_equal(ac_uri_look(uri), AC_HEAD_UNKNOWN);
    ac_uri_free(uri);
}

static void files_are_looked_at(void **state) {
    const fixture *f = *state;
    assert_head(f, S("x"), AC_HEAD_NO_DATABASE);
    assert_head(f, S("SQLite format 3\0"), AC_HEAD_DAMAGED);
    ac_uri *uri = NULL;
    assert_ok(ac_uri_parse(S("mongodb://127.0.0.1:1/apps"), &uri, NULL));
    assert_int_equal(ac_uri_look(uri), AC_HEAD_UNKNOWN);
    ac_uri_free(uri);
}

static void write_uri_file(const fixture *f, ac_str content, char *uri, size_t cap) {
    char path[96];
    snprintf(path, sizeof(path), "%s/uri", f->dir);
    snprintf(uri, cap, "file:%s", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.len, file), content.len);
    assert_int_equal(fclose(file), 0);
}

static void files_hold_uris(void **state) {
    const fixture *f = *state;
    char uri[128];
    write_uri_file(f, S("sqlite:/var/lib/apps.db"), uri, sizeof(uri));
    assert_path(uri, "/var/lib/apps.db");
    write_uri_file(f, S("sqlite:/var/lib/apps.db\n"), uri, sizeof(uri));
    assert_path(uri, "/var/lib/apps.db");
    write_uri_file(f, S("sqlite:/var/lib/apps.db\n\n"), uri, sizeof(uri));
    assert_refused(str(uri), "more than one line");
    write_uri_file(f, S("\n"), uri, sizeof(uri));
    assert_refused(str(uri), "is empty");
    write_uri_file(f, S("file:/etc/hostname\n"), uri, sizeof(uri));
    assert_refused(str(uri), "holds another");
    write_uri_file(f, S("sqlite:/a\0b"), uri, sizeof(uri));
    assert_refused(str(uri), "NUL");
    assert_refused(S("file:/nonexistent/uri"), "cannot read the store URI file \"/nonexistent/uri\"");
    assert_refused(S("file:uri"), "must be absolute");
    assert_refused(S("file:/tmp"), "not a regular file");
}

static void files_have_a_bound(void **state) {
    const fixture *f = *state;
    char uri[128];
    static char content[4098];
    memset(content, 'a', sizeof(content));
    memcpy(content, "sqlite:/", 8);
    write_uri_file(f, (ac_str){content, 4096}, uri, sizeof(uri));
    assert_refused(str(uri), "at most 500 bytes");
    write_uri_file(f, (ac_str){content, 4097}, uri, sizeof(uri));
    assert_refused(str(uri), "larger than 4096 bytes");
}

static void a_pipe_does_not_hold_it_up(void **state) {
    const fixture *f = *state;
    char path[96], uri[128];
    snprintf(path, sizeof(path), "%s/uri", f->dir);
    snprintf(uri, sizeof(uri), "file:%s", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(str(uri), "not a regular file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sqlite_paths_are_absolute),
        cmocka_unit_test(sqlite_has_one_parameter),
        cmocka_unit_test(sqlite_paths_have_a_bound),
        cmocka_unit_test(unknown_schemes_are_named),
        cmocka_unit_test(mongodb_is_a_store_too),
        cmocka_unit_test(messages_hold_no_secrets),
        cmocka_unit_test(variables_hold_uris),
        cmocka_unit_test_setup_teardown(files_are_looked_at, make_directory, remove_all),
        cmocka_unit_test_setup_teardown(files_hold_uris, make_directory, remove_all),
        cmocka_unit_test_setup_teardown(files_have_a_bound, make_directory, remove_all),
        cmocka_unit_test_setup_teardown(a_pipe_does_not_hold_it_up, make_directory, remove_all),
    };
    return cmocka_run_group_tests_name("abi.uri", tests, NULL, NULL);
}
