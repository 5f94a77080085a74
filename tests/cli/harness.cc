#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "creates.h"

namespace clitest {
namespace {

struct Pipe {
    int read = -1;
    int write = -1;
    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        read = ends[0];
        write = ends[1];
    }
    Pipe(const Pipe &) = delete;
    Pipe &operator=(const Pipe &) = delete;
    ~Pipe() {
        close_read();
        close_write();
    }
    void close_read() { close_end(read); }
    void close_write() { close_end(write); }

  private:
    static void close_end(int &fd) {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
};

std::vector<char *> pointers(std::vector<std::string> &texts) {
    std::vector<char *> out;
    for (std::string &text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

// A terminal that a program may write to.
void make_terminal(Pipe &pipe) {
    pipe.close_read();
    pipe.close_write();
    if (::openpty(&pipe.read, &pipe.write, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("openpty");
    ::fcntl(pipe.read, F_SETFD, FD_CLOEXEC);
    ::fcntl(pipe.write, F_SETFD, FD_CLOEXEC);
}

// Collects both outputs until both end; reading a terminal that nobody has open any more fails.
void collect(int out, int err, Result &result) {
    std::array<pollfd, 2> ends = {{{out, POLLIN, 0}, {err, POLLIN, 0}}};
    std::array<std::string *, 2> texts = {&result.out, &result.err};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (::poll(ends.data(), ends.size(), -1) < 0) continue;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0) continue;
            std::array<char, 4096> buffer;
            const ssize_t n = ::read(ends[i].fd, buffer.data(), buffer.size());
            if (n > 0) {
                texts[i]->append(buffer.data(), static_cast<std::size_t>(n));
            } else {
                ends[i].fd = -1;
            }
        }
    }
}

// The environment of the test less what would lead appctl to another store.
std::vector<std::string> environment_of(const RunOptions &options) {
    std::vector<std::string> out;
    for (char **variable = environ; *variable != nullptr; ++variable) {
        if (std::strncmp(*variable, "APP_CREATE_", 11) != 0) out.emplace_back(*variable);
    }
    out.insert(out.end(), options.environment.begin(), options.environment.end());
    return out;
}

}  // namespace

Result run(const std::vector<std::string> &command, const RunOptions &options) {
    Pipe input;
    Pipe out;
    Pipe err;
    if (options.terminal_errors) make_terminal(err);
    std::vector<std::string> words = command;
    std::vector<std::string> variables = environment_of(options);
    std::vector<char *> argv = pointers(words);
    std::vector<char *> envp = pointers(variables);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(input.read, 0);
        const int full = options.full_output ? ::open("/dev/full", O_WRONLY | O_CLOEXEC) : -1;
        ::dup2(full >= 0 ? full : out.write, 1);
        ::dup2(err.write, 2);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    input.close_read();
    out.close_write();
    err.close_write();
    // Small enough for the pipe; the program may not read it, and that is no signal for the test.
    std::signal(SIGPIPE, SIG_IGN);
    if (::write(input.write, options.input.data(), options.input.size()) < 0 && errno != EPIPE) ADD_FAILURE();
    input.close_write();
    if (options.closed_output) out.close_read();

    Result result;
    collect(out.read, err.read, result);
    int status = 0;
    ::waitpid(child, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

Json::Json(const std::string &text) {
    json_error_t error;
    value_.reset(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error));
    EXPECT_NE(value_, nullptr) << error.text << " in " << text;
}

Json Json::at(std::size_t index) const { return Json(json_array_get(raw(), index)); }

std::string Json::text(const char *key) const {
    const json_t *value = json_object_get(raw(), key);
    EXPECT_TRUE(json_is_string(value)) << key;
    return json_is_string(value) ? json_string_value(value) : "";
}

long long Json::number(const char *key) const {
    const json_t *value = json_object_get(raw(), key);
    EXPECT_TRUE(json_is_integer(value)) << key;
    return json_integer_value(value);
}

bool Json::boolean(const char *key) const {
    const json_t *value = json_object_get(raw(), key);
    EXPECT_TRUE(json_is_boolean(value)) << key;
    return json_is_true(value);
}

std::vector<std::string> Json::texts(const char *key) const {
    const json_t *value = json_object_get(raw(), key);
    EXPECT_TRUE(json_is_array(value)) << key;
    std::vector<std::string> out;
    for (std::size_t i = 0; i < json_array_size(value); ++i)
        out.emplace_back(json_string_value(json_array_get(value, i)));
    return out;
}

std::vector<std::string> Json::keys() const {
    std::vector<std::string> out;
    for (void *at = json_object_iter(raw()); at != nullptr; at = json_object_iter_next(raw(), at)) {
        out.emplace_back(json_object_iter_key(at));
    }
    return out;
}

AppctlTest::AppctlTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "appctl-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    dir_ = pattern;
    path_ = file("apps.db");
    uri_ = "sqlite:" + path_;
}

AppctlTest::~AppctlTest() {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
}

Result AppctlTest::appctl(const std::vector<std::string> &arguments, const RunOptions &options) const {
    std::vector<std::string> command = {APPCTL, "--store", uri_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, options);
}

Json AppctlTest::json(const std::vector<std::string> &arguments, const RunOptions &options) const {
    std::vector<std::string> words = {"--json"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Result result = appctl(words, options);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return Json(result.out);
}

void AppctlTest::expect_failure(int status, const std::vector<std::string> &arguments, std::string_view message,
                                const RunOptions &options) const {
    const Result result = appctl(arguments, options);
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
    EXPECT_TRUE(result.err.starts_with("appctl: ")) << result.err;
}

void AppctlTest::make_organization() {
    EXPECT_EQ(appctl({"init"}).status, 0);
    EXPECT_EQ(appctl({"org", "create", "--name", "Acme", "--slug", "acme"}).status, 0);
}

std::vector<std::string> AppctlTest::create_applications(const std::vector<std::string> &names) const {
    std::vector<Order> orders;
    for (const std::string &name : names) orders.push_back({R"({"name":")" + name + R"("})"});
    std::vector<std::string> bodies;
    for (const Answer &answer : create(uri_, "acme", orders)) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        bodies.push_back(answer.body);
    }
    return bodies;
}

void AppctlTest::write_file(const std::string &name, std::string_view content) const {
    std::ofstream(dir_ / name, std::ios::binary) << content;
}

}  // namespace clitest
