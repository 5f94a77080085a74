// A real nginx: the program, and one running server.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"

namespace appcreate::test {

// The nginx under test: APP_CREATE_TEST_NGINX, else the installed one.
struct NginxProgram {
    std::string path;
    int version = 0;         // 1022001 is 1.22.1
    std::string configured;  // what `nginx -V` says
    std::string module;      // APP_CREATE_TEST_MODULE, else the one of this build
    [[nodiscard]] bool has_http2_directive() const { return version >= 1025001; }
};
const NginxProgram &nginx_program();

class Nginx {
  public:
    // `directory` gets logs and the like; the configuration is `directory`/nginx.conf.
    explicit Nginx(std::string directory) : directory_(std::move(directory)) {}
    Nginx(const Nginx &) = delete;
    Nginx &operator=(const Nginx &) = delete;
    ~Nginx();

    void write_configuration(std::string_view text) const;
    // nginx -t
    [[nodiscard]] Outcome test(const Environment &environment = {}) const;
    // Throws with nginx's own words when it does not come up.
    void start(const Environment &environment = {});
    // HUP; returns when the workers of the old configuration are no longer the only ones.
    void reload();
    // QUIT; exit status of the master. Throws when it does not end.
    int quit();
    int terminate();
    // The master alone; what becomes of its workers is the test's affair.
    int kill();
    void signal(int number) const;

    [[nodiscard]] pid_t master() const { return master_; }
    // The pid of the pid file: after a binary upgrade not the one that was started.
    [[nodiscard]] pid_t master_of_file() const;
    void adopt_master(pid_t master) { master_ = master; }
    // Those that serve: not the ones shutting down.
    [[nodiscard]] std::vector<pid_t> workers() const;
    [[nodiscard]] bool is_running() const { return master_ > 0; }

    [[nodiscard]] std::string error_log_path() const { return directory_ + "/error.log"; }
    [[nodiscard]] std::string stderr_path() const { return directory_ + "/stderr.log"; }
    [[nodiscard]] std::string access_log_path() const { return directory_ + "/access.log"; }
    [[nodiscard]] std::string error_log() const;

  private:
    int stop(int signal_number);
    [[nodiscard]] std::vector<std::string> command() const;

    std::string directory_;
    pid_t master_ = 0;
};

}  // namespace appcreate::test
