// nginx -t: what is wrong is found with file and line, and what is right passes (docs/directives.md).
#include <sys/stat.h>

#include <filesystem>
#include <regex>

#include "harness/config_suite.h"

namespace appcreate::test {
namespace {

class Config : public ConfigSuite {};

TEST_F(Config, StoreWithAnUnknownScheme) {
    for (const char *uri : {"postgres://host/db", "apps.db", "sqlite", "SQLITE", "http://x", ":"}) {
        expect_refused(server(std::string("app_create_store ") + uri + "; #here"), "store");
    }
}

TEST_F(Config, StoreInAFileThatCannotBeRead) {
    expect_refused(server("app_create_store file:/nonexistent/uri; #here"), "/nonexistent/uri");
    expect_refused(server("app_create_store file:@dir@; #here"), directory_.path());
    write_file(directory_.path() + "/empty", "");
    expect_refused(server("app_create_store file:@dir@/empty; #here"), directory_.path() + "/empty");
    expect_refused(server("app_create_store file:; #here"), "file:");
}

TEST_F(Config, StoreInAVariableThatIsNotSet) {
    expect_refused(server("app_create_store env:APP_CREATE_TEST_UNSET; #here"), "APP_CREATE_TEST_UNSET");
    expect_refused(server("app_create_store env:APP_CREATE_TEST_UNSET; #here"), "APP_CREATE_TEST_UNSET",
                   {{"APP_CREATE_TEST_UNSET", ""}});
}

TEST_F(Config, SecretsAreNotQuoted) {
    const Environment environment = {{"APP_CREATE_TEST_URI", "postgres://user:hidden-password@host/db"}};
    const Outcome outcome = test(server("app_create_store env:APP_CREATE_TEST_URI; #here"), environment);
    EXPECT_NE(outcome.status, 0);
    EXPECT_EQ(outcome.err.find("hidden-password"), std::string::npos) << outcome.err;
}

TEST_F(Config, PasswordThatEverybodyCanRead) {
    const std::string uri = "mongodb://gateway:hidden-password@127.0.0.1:1/apps";
    for (const std::string &telling :
         {uri, std::string("mongodb://127.0.0.1:1/apps?tls=true&tlscertificatekeyfilePassword=hidden-password")}) {
        expect_warned(server("app_create_store " + telling + "; #here\nlocation / { app_create org; }"),
                      {"password", "nginx -T", "file:/etc/nginx/app-create.uri"});
        EXPECT_EQ(test(server("app_create_store " + telling + ";")).err.find("hidden"), std::string::npos);
    }
    write_file(directory_.path() + "/uri", uri);
    for (const char *fine :
         {"file:@dir@/uri", "mongodb://127.0.0.1:1/apps", "mongodb://127.0.0.1:1,127.0.0.2:2/apps"}) {
        const Outcome outcome = expect_taken(server(std::string("app_create_store ") + fine + ";"));
        EXPECT_TRUE(lines_with(outcome.err, "[warn]").empty()) << outcome.err;
    }
}

TEST_F(Config, StoreThatNamesADirectory) {
    expect_refused(server("app_create_store sqlite:/var/lib/; #here"), "add a file name");
}

TEST_F(Config, OneFileWithAndWithoutExternalCheckpoints) {
    make_file("apps.db");
    ASSERT_EQ(symlink((directory_.path() + "/store/apps.db").c_str(), (directory_.path() + "/store/link.db").c_str()),
              0);
    const std::string first = "location /a { app_create_store sqlite:@dir@/store/apps.db; app_create org-1; }\n";
    const std::string external = "?checkpoint=external; #here\n app_create org-1; }";
    for (const char *name : {"apps.db", "link.db", "../store//apps.db"}) {
        expect_refused(server(first + "location /b { app_create_store sqlite:@dir@/store/" + name + external),
                       "\"?checkpoint=external\", say the same as in " + directory_.path() + "/nginx.conf:");
    }
    expect_taken(
        server("location /a { app_create_store sqlite:@dir@/store/apps.db?checkpoint=external; app_create org-1; }\n"
               "location /b { app_create_store sqlite:@dir@/store/apps.db" +
               external));
    make_file("other.db");
    expect_taken(server(first + "location /b { app_create_store sqlite:@dir@/store/other.db" + external));
}

TEST_F(Config, ThreadPoolThatIsNotDeclared) {
    expect_refused(location("app_create org;\napp_create_thread_pool nowhere; #here"), "nowhere");
}

TEST_F(Config, ZoneTooSmallOrMalformed) {
    expect_refused(http("app_create_key_cache zone=keys:1k; #here"), "keys");
    for (const char *parameters : {"zone=keys", "zone=:1m", "\"zone= :1m\"", "zone=keys:big", "zone=keys:-1m",
                                   "zone=keys:", "valid=1s", "zone=keys:1m zone=more:1m"}) {
        expect_refused(http(std::string("app_create_key_cache ") + parameters + "; #here"), "zone");
    }
}

TEST_F(Config, KeyCacheParametersThatAreNotTimes) {
    for (const char *parameter : {"valid=x", "valid=", "invalid=-1s", "invalid=1x", "other=1s"}) {
        expect_refused(http(std::string("app_create_key_cache zone=keys:1m ") + parameter + "; #here"), parameter);
    }
    expect_refused(http("app_create_key_cache 1m; #here"), "it must be \"zone=NAME:SIZE\"");
}

TEST_F(Config, Duplicates) {
    const std::string again = " #here";
    expect_refused(location("app_create org;\napp_create other;" + again), "duplicate");
    expect_refused(
        location("app_create_store sqlite:@dir@/store/a.db;\napp_create_store sqlite:@dir@/store/b.db;" + again),
        "duplicate");
    expect_refused(http("app_create_key_cache zone=a:1m;\napp_create_key_cache zone=b:1m;" + again), "duplicate");
    expect_refused(location("app_create_thread_pool app_create;\napp_create_thread_pool app_create;" + again),
                   "duplicate");
    expect_refused(location("app_create_queue 1;\napp_create_queue 2;" + again), "duplicate");
    expect_refused(location("app_create_timeout 1s;\napp_create_timeout 2s;" + again), "duplicate");
    expect_refused(location("app_create_realm a;\napp_create_realm b;" + again), "duplicate");
    expect_refused(location("app_create_fallback @a;\napp_create_fallback @b;" + again), "duplicate");
    expect_refused(location("app_create_mode off;\napp_create_mode $arg_x;" + again), "duplicate");
    expect_refused(location("app_create_identity off;\napp_create_identity off;" + again), "duplicate");
    expect_refused(location("app_create_show on;\napp_create_show off;" + again), "duplicate");
    expect_refused(http("app_create_key_cache zone=a:1m valid=1s valid=1s;" + again), "duplicate");
    expect_refused(http("app_create_key_cache zone=a:1m invalid=1s invalid=2s;" + again), "duplicate");
}

TEST_F(Config, DirectivesInTheWrongPlace) {
    for (const char *directive : {"app_create org;", "app_create_fallback @x;"}) {
        expect_refused(http(std::string(directive) + " #here"), "not allowed here");
        expect_refused(server(std::string(directive) + " #here"), "not allowed here");
    }
    expect_refused(server("app_create_key_cache zone=k:1m; #here"), "not allowed here");
    expect_refused(location("app_create_key_cache zone=k:1m; #here"), "not allowed here");
    for (const char *directive :
         {"app_create_store sqlite:/x;", "app_create_queue 1;", "app_create_timeout 1s;", "app_create_realm x;",
          "app_create_mode off;", "app_create_identity off;", "app_create_show on;"}) {
        expect_refused(main_context(std::string(directive) + " #here"), "not allowed here");
    }
    expect_refused(location("if ($arg_x) {\napp_create org; #here\n}"), "not allowed here");
}

TEST_F(Config, WrongNumbersOfArguments) {
    for (const char *directive :
         {"app_create", "app_create a b", "app_create_store", "app_create_store a b", "app_create_queue",
          "app_create_queue 1 1m 1", "app_create_timeout", "app_create_fallback", "app_create_realm a b",
          "app_create_thread_pool", "app_create_mode", "app_create_mode create off", "app_create_identity",
          "app_create_show", "app_create_show on off"}) {
        expect_refused(location(std::string(directive) + "; #here"), "invalid number of arguments");
    }
    expect_refused(http("app_create_key_cache; #here"), "invalid number of arguments");
}

TEST_F(Config, BadNumbers) {
    for (const char *queue : {"0", "-1", "x", "1.5", "99999999999999999999", "1 0", "1 x", "1 -1"}) {
        expect_refused(location(std::string("app_create_queue ") + queue + "; #here"), "app_create_queue");
    }
    for (const char *time : {"0", "x", "-1s", "1x", "99999999999999999999s"}) {
        expect_refused(location(std::string("app_create_timeout ") + time + "; #here"), "app_create_timeout");
    }
}

TEST_F(Config, EmptyArguments) {
    for (const char *empty : {"\"\"", "\" \"", "\"\\t\""}) {
        for (const char *directive :
             {"app_create", "app_create_store", "app_create_thread_pool", "app_create_queue", "app_create_queue 1",
              "app_create_timeout", "app_create_fallback", "app_create_realm", "app_create_mode", "app_create_show"}) {
            expect_refused(location(std::string(directive) + " " + empty + "; #here"), "empty parameter");
        }
        expect_refused(http(std::string("app_create_key_cache zone=k:1m ") + empty + "; #here"), "empty parameter");
    }
}

TEST_F(Config, ReadsNeedKeys) {
    expect_refused(server("app_create_store sqlite:@dir@/store/apps.db;\nlocation / {\napp_create org; #here\n"
                          "app_create_identity owner=$connection organization=507f1f77bcf86cd799439010 permissions=x;\n"
                          "app_create_show on;\n}"),
                   "app_create_show off");
}

TEST_F(Config, FlagIsOnOrOff) {
    for (const char *flag : {"yes", "1", "$arg_x"}) {
        expect_refused(location(std::string("app_create_show ") + flag + "; #here"), "app_create_show");
    }
    for (const char *place : {"on", "off"}) {
        expect_taken(http(std::string("app_create_show ") + place + ";"));
        expect_taken(server(std::string("app_create_show ") + place + ";"));
        expect_taken(location(std::string("app_create org; app_create_show ") + place + ";"));
    }
}

TEST_F(Config, OrganizationThatNoRequestCanName) {
    for (const char *name : {"ab", "a/b", "my_org", "\"a b\"", "caf\u00e9"}) {
        expect_refused(location(std::string("app_create ") + name + "; #here"), "$organization_id");
    }
    for (const char *name : {"org", "507f1f77bcf86cd799439011", "My-Org", "$arg_o", "a$arg_o"}) {
        expect_taken(location(std::string("app_create ") + name + ";"));
    }
}

TEST_F(Config, TimesThatAreTooLong) {
    expect_taken(location("app_create org; app_create_timeout 60s;"));
    for (const char *time : {"61s", "1h", "60001ms", "9223372036854775807ms"}) {
        expect_refused(location(std::string("app_create_timeout ") + time + "; #here"), "at most 60s");
    }
    expect_taken(http("app_create_key_cache zone=keys:1m valid=1d invalid=0;"));
    for (const char *parameter : {"valid=2d", "invalid=86400001ms"}) {
        expect_refused(http(std::string("app_create_key_cache zone=keys:1m ") + parameter + "; #here"), "1d or less");
    }
}

TEST_F(Config, AppCreateWithoutAStore) {
    expect_refused(server("location / {\napp_create org; #here\n}"), "app_create_store");
}

TEST_F(Config, FallbackThatIsNoNamedLocationOrMissing) {
    expect_refused(location("app_create org;\napp_create_fallback api; #here"), "api");
    expect_refused(location("app_create org; #here\napp_create_fallback @api;"), "@api");
    expect_refused(server("app_create_store sqlite:@dir@/store/a.db;\nlocation @x { app_create org; }\n"
                          "location / { app_create org; #here\napp_create_fallback @x; }"),
                   "\"app_create\" itself");
}

TEST_F(Config, FallbackThatNothingUses) {
    make_file("apps.db");
    const std::string api = "location @api { return 200; }\n";
    expect_warned(server(api + "location / { app_create_fallback @api; #here\n}"), {"has no effect"});
    // Its locations inherit it.
    const Outcome outcome = expect_taken(server("app_create_store sqlite:@dir@/store/apps.db;\n" + api +
                                                "location / { app_create_fallback @api;\n"
                                                "location /x { app_create org; } }"));
    EXPECT_TRUE(lines_with(outcome.err, "[warn]").empty()) << outcome.err;
}

TEST_F(Config, AnotherContentHandlerInTheLocation) {
    const Outcome outcome = test(location("app_create org; #here\nproxy_pass http://127.0.0.1:1;"));
    EXPECT_NE(outcome.status, 0) << "one of the two would silently not be asked";
    EXPECT_NE(outcome.err.find("[emerg]"), std::string::npos) << outcome.err;
    for (const char *remedy : {"\"proxy_pass\"", "\"app_create_fallback\""}) {
        EXPECT_NE(outcome.err.find(remedy), std::string::npos) << outcome.err;
        expect_refused(location("proxy_pass http://127.0.0.1:1;\napp_create org; #here"), remedy);
    }
}

TEST_F(Config, WarnsAboutBodiesThatTheQueueCannotHold) {
    make_file("apps.db");
    const Outcome outcome =
        expect_taken(location("app_create org;\napp_create_queue 10 1m;\nclient_max_body_size 2m;"));
    EXPECT_EQ(lines_with(outcome.err, "[warn]").size(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find("app_create_queue"), std::string::npos) << outcome.err;
}

TEST_F(Config, MetricsAndHealthInALocationOfTheirOwn) {
    const std::string create = "app_create_store sqlite:@dir@/store/apps.db;\nlocation /v1 { app_create org-1; }\n";
    make_file("apps.db");
    for (const std::string name : {"app_create_metrics", "app_create_health"}) {
        expect_refused(server(create + "location /m { " + name + " all; #here\n }"), name);
        expect_refused(server(create + "location /m { " + name + "; " + name + "; #here\n }"), "duplicate");
        expect_refused(server(create + name + "; #here"), name);
        expect_refused(http(name + "; #here"), name);
        expect_refused(server(create + "location /m { proxy_pass http://127.0.0.1:1; " + name + "; #here\n }"),
                       "\"" + name + "\" shares its location with another content handler");
        expect_refused(server(create + "location /m { " + name + "; #here\n proxy_pass http://127.0.0.1:1; }"),
                       "\"" + name + "\" shares its location with another content handler");
        expect_warned(server("location /m { " + name + "; #here\n }"),
                      {"\"" + name + "\" without \"app_create\" has nothing to tell"});
        expect_taken(server(create + "location /m { " + name + "; }"));
    }
    expect_refused(server(create + "location /m { app_create_health; app_create_metrics; #here\n }"), "duplicate");
    expect_refused(server(create + "location /m { app_create org-1; app_create_metrics; #here\n }"), "content handler");
    expect_refused(server(create + "location /m { app_create_health dead; #here\n }"),
                   "invalid parameter \"dead\" in \"app_create_health\", it must be \"live\" or \"ready\"");
    expect_taken(server(create + "location /l { app_create_health live; }\nlocation /r { app_create_health ready; }"));
}

TEST_F(Config, WarnsAboutCompressedAnswers) {
    make_file("apps.db");
    const auto with = [](const std::string &outer, const std::string &server, const std::string &location) {
        return http("app_create_thread_pool app_create;\n" + outer + "server {\nlisten 127.0.0.1:@port@;\n" + server +
                    "app_create_store sqlite:@dir@/store/apps.db;\nlocation / {\n" + location +
                    "app_create org-1; #here\n}\n}");
    };
    const std::string on = "gzip on;\n";
    const std::string json = "gzip_types text/css application/json;\n";
    for (const std::string &text : {with(on + json, "", ""), with(json, on, ""), with(on, "", json),
                                    with("", on, "gzip_types *;\n"), with("", "", json + on)}) {
        SCOPED_TRACE(text);
        expect_warned(text, {"\"gzip\" compresses \"application/json\"", "set \"gzip off\""});
    }
    for (const std::string &text : {with(on, "", ""), with(json, "", ""), with(on + json, "", "gzip off;\n"),
                                    with(on + json, "gzip_types text/css;\n", "")}) {
        EXPECT_EQ(expect_taken(text).err.find("[warn]"), std::string::npos);
    }
}

TEST_F(Config, ModeThatIsNone) {
    for (const char *mode : {"on", "Create", "OFF", "validate,off", "validateOnly", "of"}) {
        expect_refused(location(std::string("app_create org;\napp_create_mode ") + mode + "; #here"),
                       std::string("invalid value \"") + mode +
                           "\" in \"app_create_mode\", it must be \"create\", \"validate\" or \"off\"");
        expect_refused(http(std::string("app_create_mode ") + mode + "; #here"), "app_create_mode");
    }
    for (const char *mode : {"create", "validate", "off", "$arg_mode", "o$arg_mode"}) {
        expect_taken(location(std::string("app_create org;\napp_create_mode ") + mode + ";"));
    }
}

TEST_F(Config, RealmWithAControlCharacter) {
    expect_refused(location("app_create org;\napp_create_realm \"a\\nb\"; #here"), "realm");
}

TEST_F(Config, PassesWithoutHttp) { expect_taken(main_context("")); }

TEST_F(Config, PassesWithAnHttpThatUsesNothing) { expect_taken(server("location / { return 200; }")); }

TEST_F(Config, PassesAndMakesNoStore) {
    expect_taken(location("app_create org;"));
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path() + "/store")) << "nginx -t made something";
}

TEST_F(Config, PassesWithEveryDirective) {
    make_file("a.db");
    make_file("b.db");
    const Outcome outcome = expect_taken(
        http("app_create_key_cache zone=keys:64k valid=1m invalid=500ms;\napp_create_store sqlite:@dir@/store/a.db;\n"
             "app_create_thread_pool app_create;\napp_create_queue 10 1m;\napp_create_timeout 2s;\n"
             "app_create_realm outer;\napp_create_mode create;\nserver {\nlisten 127.0.0.1:@port@;\n"
             "app_create_realm inner;\napp_create_mode validate;\n"
             "location @api { return 200; }\n"
             "location / { app_create $arg_org; app_create_fallback @api; app_create_queue 1;\n"
             "app_create_mode $arg_mode;\n"
             "app_create_store sqlite:@dir@/store/b.db; if ($arg_x) { add_header X y; }\n"
             "limit_except POST { deny all; } } }"));
    EXPECT_EQ(outcome.err.find("[warn]"), std::string::npos) << outcome.err;
}

TEST_F(Config, PassesWithUrisInAFileAndInAVariable) {
    write_file(directory_.path() + "/uri", "sqlite:" + directory_.path() + "/store/a.db\n");
    expect_taken(server("location / { app_create org; app_create_store file:@dir@/uri; }"));
    expect_taken(server("location / { app_create org; app_create_store env:APP_CREATE_TEST_URI; }"),
                 {{"APP_CREATE_TEST_URI", "sqlite:" + directory_.path() + "/store/a.db"}});
}

TEST_F(Config, WarnsAboutAPoolThatStaticFilesShare) {
    const Outcome outcome =
        expect_taken(http("server {\nlisten 127.0.0.1:@port@;\naio threads;\n"
                          "app_create_store sqlite:@dir@/store/a.db;\nlocation / { app_create org; } }"));
    EXPECT_NE(outcome.err.find("[warn]"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("thread_pool"), std::string::npos) << outcome.err;
}

TEST_F(Config, TellsWhatStarts) {
    make_file("apps.db");
    Nginx nginx(directory_.path());
    const std::string text = replace_all(location("app_create org;"), "error.log;", "error.log notice;");
    nginx.write_configuration("daemon off;\n" +
                              replace_all(replace_all(text, "@dir@", directory_.path()), "@port@", port_));
    nginx.start();
    EXPECT_EQ(nginx.quit(), 0);
    const std::string store = "uses app_create_store \"sqlite:" + directory_.path() + "/store/apps.db\"";
    const auto lines = lines_with(nginx.error_log(), store);
    ASSERT_EQ(lines.size(), 1U) << nginx.error_log();
    EXPECT_TRUE(
        std::regex_search(lines.front(), std::regex(R"(\[notice\].*nginx-app-create \d+\.\d+\S* for nginx/1\.\d+)")))
        << lines.front();
}

TEST_F(Config, StartsWithoutHttpAndStops) {
    Nginx nginx(directory_.path());
    nginx.write_configuration(replace_all(main_context("daemon off;"), "@dir@", directory_.path()));
    nginx.start();
    EXPECT_EQ(nginx.quit(), 0);
    EXPECT_TRUE(bad_lines(nginx.error_log(), {}).empty()) << nginx.error_log();
}

}  // namespace
}  // namespace appcreate::test
