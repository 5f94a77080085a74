// nginx -t, of configurations that are put together from parts.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "suite.h"
#include "support/sqlite_file.h"

namespace appcreate::test {

// A configuration is a text with these parts; "#here" marks the line that the message has to name.
class ConfigSuite : public ::testing::Test {
  protected:
    ConfigSuite() { worker_directory(directory_.path() + "/store"); }

    // Something that "nginx -t", which opens no store, takes for a store.
    void make_file(const std::string &name) {
        const std::string path = directory_.path() + "/store/" + name;
        SqliteFile(path, SqliteFile::Mode::create)
            .execute("PRAGMA application_id=0x61637274; CREATE TABLE IF NOT EXISTS t(x)");
        if (worker_user().switched) {
            ASSERT_EQ(chown(path.c_str(), worker_user().uid, worker_user().gid), 0);
        }
    }

    static std::string main_context(const std::string &text) {
        const WorkerUser &user = worker_user();
        return "load_module " + nginx_program().module + ";\n" +
               (user.switched ? "user " + user.name + " " + user.group + ";\n" : "") +
               "pid @dir@/nginx.pid;\nerror_log @dir@/error.log;\nthread_pool app_create threads=2;\n"
               "events { worker_connections 64; }\n" +
               text;
    }
    static std::string http(const std::string &text) {
        return main_context(
            "http {\nclient_body_temp_path @dir@/body;\nproxy_temp_path @dir@/proxy;\nfastcgi_temp_path @dir@/f;\n"
            "uwsgi_temp_path @dir@/u;\nscgi_temp_path @dir@/s;\naccess_log off;\n" +
            text + "\n}\n");
    }
    static std::string server(const std::string &text) {
        return http("app_create_thread_pool app_create;\nserver {\nlisten 127.0.0.1:@port@;\n" + text + "\n}");
    }
    static std::string location(const std::string &text) {
        return server("app_create_store sqlite:@dir@/store/apps.db;\nlocation / {\n" + text + "\n}");
    }

    Outcome test(std::string text, const Environment &environment = {}) {
        text = replace_all(replace_all(std::move(text), "@dir@", directory_.path()), "@port@", port_);
        text_ = text;
        const Nginx nginx(directory_.path());
        nginx.write_configuration(text);
        return nginx.test(environment);
    }
    std::string marked_place() const {
        const std::size_t mark = text_.find("#here");
        const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(mark), '\n');
        return directory_.path() + "/nginx.conf:" + std::to_string(line);
    }
    void expect_refused(const std::string &text, const std::string &named, const Environment &environment = {}) {
        SCOPED_TRACE(text);
        const Outcome outcome = test(text, environment);
        EXPECT_NE(outcome.status, 0);
        EXPECT_NE(outcome.err.find("[emerg]"), std::string::npos) << outcome.err;
        // The system's own reason may follow.
        EXPECT_TRUE(outcome.err.find(marked_place() + "\n") != std::string::npos ||
                    outcome.err.find(marked_place() + " (") != std::string::npos)
            << marked_place() << "\n"
            << outcome.err;
        EXPECT_NE(outcome.err.find(named), std::string::npos) << outcome.err;
        EXPECT_LE(lines_with(outcome.err, "[emerg]").size(), 1U) << outcome.err;
        expect_sane(outcome);
    }
    Outcome expect_taken(const std::string &text, const Environment &environment = {}) {
        SCOPED_TRACE(text);
        Outcome outcome = test(text, environment);
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        expect_sane(outcome);
        return outcome;
    }
    // Passes, and says so much about it in one line with the place.
    void expect_warned(const std::string &text, const std::vector<std::string> &parts) {
        const Outcome outcome = expect_taken(text);
        const std::vector<std::string> lines = lines_with(outcome.err, "[warn]");
        ASSERT_EQ(lines.size(), 1U) << outcome.err;
        for (const std::string &part : parts) {
            EXPECT_NE(lines.front().find(part), std::string::npos) << part << "\n" << lines.front();
        }
        if (text.find("#here") != std::string::npos) {
            EXPECT_NE(lines.front().find(marked_place()), std::string::npos) << lines.front();
        }
    }
    static void expect_sane(const Outcome &outcome) {
        EXPECT_LT(outcome.status, 126) << "nginx crashed";
        EXPECT_EQ(outcome.err.find("Sanitizer"), std::string::npos) << outcome.err;
        EXPECT_EQ(outcome.err.find("runtime error:"), std::string::npos) << outcome.err;
    }

    TempDir directory_;
    std::string port_ = std::to_string(free_port());

  private:
    std::string text_;
};

}  // namespace appcreate::test
