// appctl doctor, with the nginx of this machine and the module that was built for it.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <iterator>

#include "harness.h"

namespace appcreate::test {
namespace {

constexpr uid_t kWorker = 65534;

struct Found {
    std::string level, subject, message, remedy;
};

class Doctor : public AppctlTest {
  protected:
    void SetUp() override {
        if (std::string_view(MODULE).empty()) GTEST_SKIP() << "configured with APP_CREATE_MODULE=OFF: no module";
        if (::geteuid() != 0) GTEST_SKIP() << "needs root, to try what workers may do";
        ASSERT_EQ(::access(NGINX, X_OK), 0) << NGINX << ": install nginx (packaging/install-packages.sh checks)";
        ASSERT_EQ(::access(MODULE, R_OK), 0) << MODULE << " was not built";
        ASSERT_EQ(::chmod(dir_.c_str(), 0755), 0);
        std::filesystem::create_directory(dir_ / "store");
        path_ = file("store/apps.db");
        uri_ = "sqlite:" + path_;
        give("store");
    }
    void give(const std::string &name) const { ASSERT_EQ(::chown(file(name).c_str(), kWorker, kWorker), 0); }

    // A whole configuration; returns its name.
    std::string configure(const std::string &http, const std::string &module = MODULE) const {
        write_file("nginx.conf", "load_module " + module + ";\nuser nobody nogroup;\npid " + file("pid") +
                                     ";\nerror_log " + file("error.log") +
                                     ";\nevents {}\nthread_pool app threads=1;\n" +
                                     "http {\n    access_log off;\n    client_body_temp_path " + file("body") +
                                     ";\n    app_create_thread_pool app;\n" + http + "}\n");
        return file("nginx.conf");
    }
    [[nodiscard]] std::string location(const std::string &more = "") const {
        return "    server {\n        listen unix:" + file("socket") +
               ";\n        server_name one.example;\n        location /v1/ {\n            " + more +
               " app_create 507f1f77bcf86cd799439011;\n        }\n    }\n";
    }
    [[nodiscard]] std::string store() const { return "    app_create_store " + uri_ + ";\n"; }

    // appctl doctor --json; it must exit with `status`.
    std::vector<std::pair<std::string, Found>> examine(int status, const std::vector<std::string> &more,
                                                       const std::string &nginx = NGINX) const {
        std::vector<std::string> words = {APPCTL, "doctor", "--json", "--nginx", nginx};
        words.insert(words.end(), more.begin(), more.end());
        const Outcome result = run(words);
        EXPECT_EQ(result.status, status) << result.out << result.err;
        std::vector<std::pair<std::string, Found>> out;
        for (const Json &row : Json::parse(result.out).items()) {
            EXPECT_EQ(row.keys(), (std::vector<std::string>{"check", "level", "subject", "message", "remedy"}));
            const bool has_remedy = !row.is_null("/remedy");
            // Nothing is said without what to do about it.
            EXPECT_EQ(has_remedy, row.string("/level") != "ok") << row.string("/message");
            out.push_back({row.string("/check"),
                           {row.string("/level"), row.string("/subject"), row.string("/message"),
                            has_remedy ? row.string("/remedy") : ""}});
        }
        return out;
    }
    // The one finding of a check, of a level.
    static Found of(const std::vector<std::pair<std::string, Found>> &all, const std::string &check,
                    const std::string &level) {
        std::string seen;
        for (const auto &[name, found] : all) {
            if (name == check && found.level == level) return found;
            seen += name + " " + found.level + ": " + found.message + "\n";
        }
        ADD_FAILURE() << "no " << level << " of " << check << " in\n" << seen;
        return {};
    }
    static std::size_t errors(const std::vector<std::pair<std::string, Found>> &all) {
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const auto &one) { return one.second.level == "error"; }));
    }

    // The module with some bytes changed.
    std::string changed_module(const std::string &from, const std::string &to) const {
        std::string content = read_file(MODULE);
        std::size_t n = 0;
        for (std::size_t at = content.find(from); at != std::string::npos; at = content.find(from, at + from.size())) {
            content.replace(at, from.size(), to);
            ++n;
        }
        EXPECT_GE(n, 1U);
        write_file("ngx_http_app_create_module.so", content);
        return file("ngx_http_app_create_module.so");
    }
    // A program that says what an nginx would: with -V its configure arguments, with -T its configuration.
    std::string fake_nginx(const std::string &configuration) const {
        write_file("dump", "# configuration file /etc/nginx/nginx.conf:\n" + configuration);
        write_file("nginx",
                   "#!/bin/sh\ncase $1 in\n-V) printf 'nginx version: nginx/1.22.1\\nconfigure arguments: --prefix=" +
                       file("prefix") + " --user=nobody --group=nogroup\\n' >&2 ;;\n-T) cat '" + file("dump") +
                       "' ;;\nesac\n");
        EXPECT_EQ(::chmod(file("nginx").c_str(), 0755), 0);
        return file("nginx");
    }
    // What "nginx -V" says, as a module has it in its bytes.
    static std::uint64_t nginx_version() {
        const std::string line = run({NGINX, "-v"}).err;
        unsigned major = 0, minor = 0, patch = 0;
        EXPECT_EQ(std::sscanf(line.c_str() + line.find('/'), "/%u.%u.%u", &major, &minor, &patch), 3) << line;
        return (major * 1000ULL + minor) * 1000 + patch;
    }
    static std::string bytes(std::uint64_t value) {
        std::string out(sizeof(value), '\0');
        std::memcpy(out.data(), &value, sizeof(value));
        return out;
    }
};

TEST_F(Doctor, WhatFitsTogetherIsFoundSound) {
    make_organization();
    const std::string conf = configure(store() + location());
    const auto all = examine(0, {"--conf", conf});
    EXPECT_EQ(errors(all), 0U);
    EXPECT_NE(of(all, "nginx", "ok").message.find("nginx/"), std::string::npos);
    EXPECT_EQ(of(all, "module", "ok").subject, MODULE);
    EXPECT_NE(of(all, "module", "ok").message.find("built for nginx "), std::string::npos);
    EXPECT_EQ(of(all, "store", "ok").subject, uri_);
    EXPECT_EQ(of(all, "store", "ok").message, "used by " + conf + " (http)");
    EXPECT_EQ(of(all, "rights", "ok").message, "nobody may write it and its directory");
    for (const char *check : {"configuration", "locks", "sync", "schema", "indexes", "keys", "log", "disk"}) {
        EXPECT_FALSE(of(all, check, "ok").message.empty());
    }
    // It leaves nothing, and takes nothing from the workers.
    for (const auto &entry : std::filesystem::directory_iterator(dir_ / "store")) {
        struct stat info {};
        EXPECT_EQ(::stat(entry.path().c_str(), &info), 0);
        EXPECT_EQ(info.st_uid, kWorker) << entry.path();
        EXPECT_TRUE(entry.path().filename().string().starts_with("apps.db")) << entry.path();
    }
    const Outcome people = run({APPCTL, "doctor", "--nginx", NGINX, "--conf", conf});
    EXPECT_EQ(people.status, 0);
    EXPECT_NE(people.out.find("ok      store         " + uri_ + ": used by "), std::string::npos) << people.out;
}

TEST_F(Doctor, EachStoreIsNamedWithWhoUsesIt) {
    make_organization();
    const std::string first = uri_;
    std::filesystem::create_directory(dir_ / "other");
    give("other");
    uri_ = "sqlite:" + file("other/apps.db");
    EXPECT_EQ(appctl({"init"}).status, 0);
    write_file("uri", uri_ + "\n");
    const std::string conf =
        configure("    app_create_store " + first + ";\n" + location("app_create_store \"file:" + file("uri") + "\";"));
    const auto all = examine(0, {"--conf", conf});
    const auto used = [&](const std::string &uri) {
        const auto found = std::find_if(
            all.begin(), all.end(), [&](const auto &one) { return one.first == "store" && one.second.subject == uri; });
        return found == all.end() ? std::string() : found->second.message;
    };
    EXPECT_EQ(used(first), "used by " + conf + " (http)");
    EXPECT_EQ(used(uri_), "used by " + conf + " (location /v1/)");
}

TEST_F(Doctor, ItReadsWhatNginxReads) {
    make_organization();
    const std::string store = "app_create_store '" + uri_ + "';";
    const auto place = [&](const std::string &server) {
        return of(examine(0, {"--conf", configure("    server {\n        listen unix:" + file("socket") + ";\n" +
                                                  server + "    }\n")}),
                  "store", "ok")
            .message;
    };
    const std::string begin = "used by " + file("nginx.conf") + " (";
    EXPECT_EQ(place("server_name one.example; " + store + " location /v1/ { app_create 507f1f77bcf86cd799439011; }\n"),
              begin + "server one.example)");
    EXPECT_EQ(
        place("location ~ \\.app\\\"s$ { set $x ${host}y; # }\n" + store + " app_create 507f1f77bcf86cd799439011; }\n"),
        begin + R"(location ~ \.app"s$))");
    EXPECT_EQ(place("location /a { return 200 \"}\"; }\nlocation /v1/ { " + store +
                    " app_create 507f1f77bcf86cd799439011; }\n"),
              begin + "location /v1/)");
}

TEST_F(Doctor, AModuleThatIsLinkedInHasNoFile) {
    make_organization();
    const std::string nginx = fake_nginx(
        "http { app_create_store env:APPCTL_TEST_NOT_SET;\n"
        "location /v1/ { app_create x; app_create_store " +
        uri_ + "; } }\n");
    const auto all = examine(0, {}, nginx);
    EXPECT_EQ(of(all, "module", "ok").message, "no file of its own: nginx has it built in");
    EXPECT_EQ(of(all, "rights", "ok").message, "nobody may write it and its directory");
    // The master process may have the variable.
    EXPECT_EQ(of(all, "store", "warning").subject, "env:APPCTL_TEST_NOT_SET");
    const auto other = examine(1, {}, fake_nginx("http {}\n"));
    EXPECT_EQ(of(other, "module", "error").subject, file("prefix/modules/ngx_http_app_create_module.so"));
}

TEST_F(Doctor, LogsThatHoldTokensAreFound) {
    const auto formats_of = [&](const std::string &http) {
        std::vector<std::string> out;
        for (const auto &[check, found] :
             examine(0, {}, fake_nginx("http {\napp_create_store env:APPCTL_TEST_NOT_SET;\n" + http + "}\n"))) {
            if (check == "log_format") out.push_back(found.subject + ": " + found.message);
        }
        return out;
    };
    const std::string used = " access_log /var/log/nginx/a.log mine;\n";
    const auto says = [](const std::string &variable) {
        return std::vector<std::string>{"mine of /etc/nginx/nginx.conf: it writes $" + variable +
                                        ", so there are tokens in /var/log/nginx/a.log"};
    };
    EXPECT_EQ(formats_of("log_format mine '$status' \"${http_authorization}\";" + used), says("http_authorization"));
    EXPECT_EQ(formats_of("log_format mine escape=json '$HTTP_Authorization';" + used), says("http_authorization"));
    EXPECT_EQ(formats_of("log_format mine $copy; server { set $copy \"a $http_authorization\"; }" + used),
              says("copy"));
    EXPECT_EQ(formats_of("map $http_authorization $tok { ~^Bearer.(?<rest>.+)$ $rest; }\nlog_format mine $tok;" + used),
              says("tok"));
    EXPECT_EQ(formats_of("log_format mine $t; server { if ($http_authorization ~ \"(?<t>.+)\") { break; } }" + used),
              says("t"));
    // One that nothing is written with, another header, and whether there is one at all.
    EXPECT_EQ(formats_of("log_format mine $http_authorization; access_log off;"), std::vector<std::string>());
    EXPECT_EQ(formats_of("log_format mine $http_authorization_x;" + used), std::vector<std::string>());
    EXPECT_EQ(formats_of("map $http_authorization $has { '' no; default yes; }\nlog_format mine $has;" + used),
              std::vector<std::string>());
}

TEST_F(Doctor, ATimeoutThatStoppingCutsShortIsFound) {
    write_file("systemctl",
               "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'show --property=TimeoutStopUSec --value nginx.service' ] && "
               "cat '" +
                   file("answer") + "'\n");
    ASSERT_EQ(::chmod(file("systemctl").c_str(), 0755), 0);
    const std::string path = std::getenv("PATH");
    ASSERT_EQ(::setenv("PATH", (dir_.string() + ":" + path).c_str(), 1), 0);
    const auto said = [&](const std::string &answer, const std::string &timeouts) {
        write_file("answer", answer + "\n");
        std::string out;
        for (const auto &[check, found] :
             examine(0, {}, fake_nginx("http {\napp_create_store env:APPCTL_TEST_NOT_SET;\n" + timeouts + "}\n"))) {
            if (found.subject == "app_create_timeout") out += found.message;
        }
        return out;
    };
    EXPECT_EQ(said("5s", ""), "");  // nginx's default, 3 seconds
    EXPECT_EQ(said("5s", "app_create_timeout 4s; server { app_create_timeout 10s; }"),
              "it is 10000 ms, and systemd kills an nginx that has not stopped after 5000 ms");
    EXPECT_EQ(said("1min 30s", "app_create_timeout 1m 30s;"), "");  // not nginx's form: nginx itself refuses it
    EXPECT_EQ(said("1min 30s", "app_create_timeout 89s;"), "");
    EXPECT_NE(said("1min 30s", "app_create_timeout \"1m 30s\";"), "");
    EXPECT_NE(said("1s 500ms", ""), "");
    EXPECT_EQ(said("infinity", "app_create_timeout 1h;"), "");
    EXPECT_EQ(said("", "app_create_timeout 1h;"), "");
    ASSERT_EQ(::setenv("PATH", path.c_str(), 1), 0);
}

TEST_F(Doctor, WhatNginxWarnsOfIsShown) {
    ASSERT_EQ(appctl({"--store", uri_, "init"}).status, 0);
    const auto all =
        examine(0, {"--conf", configure(store() + "    gzip on;\n    gzip_types application/json;\n" + location())});
    const Found found = of(all, "configuration", "warning");
    EXPECT_EQ(found.message.find("nginx warns: \"gzip\" compresses \"application/json\""), 0U) << found.message;
}

TEST_F(Doctor, WorkersThatMayNotWriteAreFound) {
    make_organization();
    ASSERT_EQ(::chown(path_.c_str(), 0, 0), 0);
    ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
    Found found = of(examine(1, {"--conf", configure(store() + location())}), "rights", "error");
    EXPECT_EQ(found.subject, path_);
    EXPECT_NE(found.message.find("nobody cannot read and write it: Permission denied"), std::string::npos)
        << found.message;
    EXPECT_EQ(found.remedy, "chown nobody \"" + path_ + "\" && chmod u+rw \"" + path_ + "\"");
    give("store/apps.db");
    ASSERT_EQ(::chown(file("store").c_str(), 0, 0), 0);
    found = of(examine(1, {"--conf", configure(store() + location())}), "rights", "error");
    EXPECT_NE(found.message.find("cannot make files in it"), std::string::npos) << found.message;
    EXPECT_NE(found.remedy.find("install -d -o nobody"), std::string::npos) << found.remedy;
}

TEST_F(Doctor, AUserThatIsNotThereIsFound) {
    make_organization();
    std::string conf = configure(store() + location());
    // nginx itself refuses it, so what is read is the module's file alone.
    std::string text = read_file(conf);
    text.replace(text.find("nobody nogroup"), 14, "no-such-user");
    const std::size_t end = text.find('\n') + 1;
    write_file("50-module.conf", text.substr(0, end));
    write_file("nginx.conf", "include 50-*.conf;\n" + text.substr(end));
    const auto all = examine(1, {"--conf", conf});
    EXPECT_NE(of(all, "configuration", "error").message.find("no-such-user"), std::string::npos);
    EXPECT_EQ(of(all, "module", "ok").subject, MODULE);
}

TEST_F(Doctor, AModuleOfAnotherVersionIsFound) {
    const std::string module = changed_module(bytes(nginx_version()), bytes(1'019'010));
    const auto all = examine(1, {"--conf", configure(store() + location(), module)});
    EXPECT_NE(of(all, "configuration", "error").message.find("version"), std::string::npos);
    const Found found = of(all, "module", "error");
    EXPECT_EQ(found.subject, module);
    EXPECT_NE(found.message.find("built for nginx 1.19.10, this nginx is "), std::string::npos) << found.message;
    EXPECT_NE(found.remedy.find("build the module against this nginx"), std::string::npos) << found.remedy;
}

TEST_F(Doctor, AModuleOfAnotherSignatureIsFound) {
    const std::string module = changed_module("8,4,8,00", "8,4,8,11");
    const auto all = examine(1, {"--conf", configure(store() + location(), module)});
    const Found found = of(all, "module", "error");
    EXPECT_EQ(found.subject, module);
    EXPECT_NE(found.message.find("its signature 8,4,8,11"), std::string::npos) << found.message;
    EXPECT_NE(found.remedy.find("--with-compat"), std::string::npos) << found.remedy;
}

TEST_F(Doctor, AConfigurationThatNginxRefusesIsShown) {
    const auto all = examine(1, {"--conf", configure("    app_create_stor x;\n" + location())});
    const Found found = of(all, "configuration", "error");
    EXPECT_NE(found.message.find("app_create_stor"), std::string::npos) << found.message;
    EXPECT_NE(found.remedy.find("nginx -t"), std::string::npos);
}

TEST_F(Doctor, AStoreThatWasNeverMadeIsFound) {
    const auto all = examine(1, {"--conf", configure(store() + location())});
    const Found found = of(all, "schema", "error");
    EXPECT_EQ(found.subject, uri_);
    EXPECT_NE(found.remedy.find("init"), std::string::npos) << found.remedy;
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Doctor, AStoreThatNginxDoesNotUseIsLookedAtToo) {
    make_organization();
    const std::string mine = uri_;
    uri_ = "sqlite:" + file("store/other.db");
    const std::string conf = configure(store() + location());
    EXPECT_EQ(appctl({"init"}).status, 0);
    const auto all = examine(0, {"--conf", conf, "--store", mine});
    EXPECT_NE(of(all, "store", "warning").message.find("does not use it"), std::string::npos);
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto &one) { return one.first == "schema"; }), 2);
}

TEST_F(Doctor, KeysThatEndSoonAreNamed) {
    make_organization();
    const auto in_days = [](int days) {
        const std::time_t at = std::time(nullptr) + days * 86400;
        char text[32];
        std::tm parts{};
        std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", ::gmtime_r(&at, &parts));
        return std::string(text);
    };
    const auto key = [&](int days) {
        return json({"key", "create", "--org", "acme", "--owner", kOwner, "--name", "ci", "--expires", in_days(days)})
            .string("/id");
    };
    const std::string soon = key(3);
    key(-1);
    key(300);
    EXPECT_EQ(appctl({"key", "revoke", key(4)}).status, 0);
    const auto all = examine(0, {"--conf", configure(store() + location())});
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto &one) { return one.first == "keys"; }), 1);
    const Found found = of(all, "keys", "warning");
    EXPECT_EQ(found.subject, soon + " (ci)");
    EXPECT_NE(found.remedy.find("appctl key rotate " + soon), std::string::npos) << found.remedy;
}

TEST_F(Doctor, ALongLogIsFound) {
    write_file("store/apps.db-wal", "");
    std::filesystem::resize_file(path_ + "-wal", 600ULL << 20);
    const Found found = of(examine(1, {"--conf", configure(store() + location())}), "log", "warning");
    EXPECT_EQ(found.subject, path_ + "-wal");
    EXPECT_EQ(found.message, "it has grown to 600 MiB");
}

TEST_F(Doctor, ADamageThatAGatewayFoundIsToldAlsoWhereTheStoresPathIsALink) {
    make_organization();
    std::filesystem::rename(path_, path_ + ".real");
    std::filesystem::create_symlink(path_ + ".real", path_);
    const std::string conf = configure(store() + location());
    EXPECT_EQ(of(examine(0, {"--conf", conf}), "damage", "ok").subject, path_);
    write_file("store/apps.db.real.damaged", "");
    const Found found = of(examine(1, {"--conf", conf}), "damage", "error");
    EXPECT_EQ(found.subject, path_ + ".real.damaged");
    EXPECT_NE(found.remedy.find("restore a backup"), std::string::npos) << found.remedy;
}

TEST_F(Doctor, AFileSystemThatForgetsIsFound) {
    if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "there is no /dev/shm";
    uri_ = "sqlite:/dev/shm/appctl-doctor-test.db";
    const auto all = examine(1, {"--conf", configure(store() + location())});
    const Found found = of(all, "file-system", "warning");
    EXPECT_NE(found.message.find("tmpfs"), std::string::npos) << found.message;
    EXPECT_NE(found.remedy.find("local file system"), std::string::npos) << found.remedy;
}

TEST_F(Doctor, NoNginxIsFound) {
    const Outcome result = run({APPCTL, "doctor", "--json", "--nginx", file("nginx")});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.out.find("\"check\":\"nginx\",\"level\":\"error\""), std::string::npos) << result.out;
    EXPECT_NE(result.err.find("errors: 1"), std::string::npos) << result.err;
    const Outcome people = run({APPCTL, "doctor", "--nginx", file("nginx")});
    EXPECT_NE(people.out.find("\n                      -> name nginx's binary with --nginx PATH\n"), std::string::npos)
        << people.out;
}

}  // namespace
}  // namespace appcreate::test
