#include "nginx.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "files.h"

namespace appcreate::test {

namespace {

// A binary upgrade runs the program again by the name it was started with.
std::string absolute(const std::string &program) {
    if (program.find('/') != std::string::npos) {
        return program;
    }
    std::istringstream directories(environment_or("PATH", "/usr/bin") + ":/usr/sbin:/usr/local/nginx/sbin");
    for (std::string directory; std::getline(directories, directory, ':');) {
        if (access((directory + "/" + program).c_str(), X_OK) == 0) {
            return directory + "/" + program;
        }
    }
    throw std::runtime_error("no " + program + " in PATH; name one with APP_CREATE_TEST_NGINX");
}

NginxProgram find_program() {
    NginxProgram program;
    program.path = absolute(environment_or("APP_CREATE_TEST_NGINX", "nginx"));
    program.module = environment_or("APP_CREATE_TEST_MODULE", APP_CREATE_BUILT_MODULE);
    const Outcome outcome = run({program.path, "-V"});
    program.configured = outcome.err;
    int major = 0;
    int minor = 0;
    int patch = 0;
    const std::size_t at = outcome.err.find("nginx/");
    if (outcome.status != 0 || at == std::string::npos ||
        std::sscanf(outcome.err.c_str() + at, "nginx/%d.%d.%d", &major, &minor, &patch) != 3) {
        throw std::runtime_error("cannot run " + program.path + " -V: " + outcome.err);
    }
    program.version = major * 1000000 + minor * 1000 + patch;
    for (const char *needed : {"http_v2_module", "http_ssl_module", "http_auth_request_module", "with-threads"}) {
        if (outcome.err.find(needed) == std::string::npos) {
            throw std::runtime_error(program.path + " is built without " + needed + ", which these tests need");
        }
    }
    return program;
}

}  // namespace

const NginxProgram &nginx_program() {
    static const NginxProgram program = find_program();
    return program;
}

Nginx::~Nginx() {
    if (master_ > 0) {
        ::kill(master_, SIGTERM);
        if (!wait_for(master_, std::chrono::seconds(30))) {
            ::kill(master_, SIGKILL);
        }
    }
}

std::vector<std::string> Nginx::command() const {
    return {nginx_program().path, "-p", directory_, "-c", directory_ + "/nginx.conf", "-e", error_log_path()};
}

void Nginx::write_configuration(std::string_view text) const { write_file(directory_ + "/nginx.conf", text); }

Outcome Nginx::test(const Environment &environment) const {
    std::vector<std::string> arguments = command();
    arguments.emplace_back("-t");
    return run(arguments, {.environment = environment});
}

void Nginx::start(const Environment &environment) {
    const std::string configuration = read_file(directory_ + "/nginx.conf");
    const bool daemon = configuration.find("daemon on;") != std::string::npos;
    const bool single = configuration.find("master_process off;") != std::string::npos;
    const pid_t child = test::start(command(), stderr_path(), environment);
    if (daemon && wait_for(child, std::chrono::seconds(20)) != 0) {
        throw std::runtime_error("nginx did not start: " + read_file(stderr_path()));
    }
    master_ = child;
    const bool up = eventually([&] {
        master_ = daemon ? master_of_file() : child;
        return !is_alive(master_) || (master_of_file() == master_ && (single || !workers().empty()));
    });
    if (!up || !is_alive(master_)) {
        terminate();
        throw std::runtime_error("nginx did not start: " + read_file(stderr_path()));
    }
}

pid_t Nginx::master_of_file() const { return std::atoi(read_file(directory_ + "/nginx.pid").c_str()); }

std::vector<pid_t> Nginx::workers() const {
    std::vector<pid_t> all = children_of(master_, "worker process");
    std::erase_if(all, [](pid_t one) {
        return read_file("/proc/" + std::to_string(one) + "/cmdline").find("shutting down") != std::string::npos;
    });
    return all;
}

void Nginx::signal(int number) const { ::kill(master_, number); }

void Nginx::reload() {
    const std::vector<pid_t> before = workers();
    signal(SIGHUP);
    const bool changed = eventually([&] {
        const std::vector<pid_t> now = workers();
        return !now.empty() && std::none_of(now.begin(), now.end(), [&](pid_t one) {
            return std::find(before.begin(), before.end(), one) != before.end();
        });
    });
    if (!changed) {
        throw std::runtime_error("nginx did not reload: " + error_log());
    }
}

int Nginx::stop(int signal_number) {
    const pid_t master = master_;
    ::kill(master, signal_number);
    const std::optional<int> status = wait_for(master, std::chrono::seconds(60));
    if (!status) {
        throw std::runtime_error("nginx does not stop");
    }
    master_ = 0;
    return *status;
}

int Nginx::quit() { return stop(SIGQUIT); }
int Nginx::terminate() { return stop(SIGTERM); }
int Nginx::kill() { return stop(SIGKILL); }

std::string Nginx::error_log() const { return read_file(error_log_path()); }

}  // namespace appcreate::test
