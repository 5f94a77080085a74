#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include "app_create.h"

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

// Collects both outputs until both end.
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

ac_str str(std::string_view text) { return {text.data(), text.size()}; }

// The environment of the test less what would lead appctl to another store.
std::vector<std::string> environment_of(const RunOptions &options) {
    std::vector<std::string> out;
    for (char **variable = environ; *variable != nullptr; ++variable) {
        if (std::strncmp(*variable, "APP_CREATE_", 11) != 0) out.emplace_back(*variable);
    }
    out.insert(out.end(), options.environment.begin(), options.environment.end());
    return out;
}

int keep_row(void *ctx, ac_str json) {
    static_cast<std::string *>(ctx)->assign(json.data, json.len);
    return 0;
}

struct Pending {
    std::vector<ac_create *> creates;
    std::size_t taken = 0;
};

std::size_t take(void *ctx, ac_create **out, std::size_t max, std::size_t) {
    auto &pending = *static_cast<Pending *>(ctx);
    std::size_t n = 0;
    while (n < max && pending.taken < pending.creates.size()) out[n++] = pending.creates[pending.taken++];
    return n;
}

void done(void *, ac_create *const *, std::size_t) {}

}  // namespace

Result run(const std::vector<std::string> &command, const RunOptions &options) {
    Pipe input;
    Pipe out;
    Pipe err;
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
    ac_uri *uri = nullptr;
    ac_store *store = nullptr;
    ac_error err{};
    EXPECT_EQ(ac_uri_parse(str(uri_), &uri, &err), AC_OK) << err.message;
    ac_store_options options{};
    options.size = sizeof(options);
    options.uri = uri;
    options.timeout_ms = 30000;
    options.threads = 1;
    EXPECT_EQ(ac_store_open(&options, &store, &err), AC_OK) << err.message;
    ac_uri_free(uri);

    std::string row;
    EXPECT_EQ(ac_org_show(store, str("acme"), keep_row, &row, &err), AC_OK) << err.message;
    const std::string organization = Json(row).text("id");
    ac_key key{};
    std::memcpy(key.id, kOwner, AC_ID_SIZE);
    std::memcpy(key.owner, kOwner, AC_ID_SIZE);
    std::memcpy(key.organization, organization.c_str(), AC_ID_SIZE);
    std::memcpy(key.organization_slug, "acme", 5);
    key.role = 8;
    key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;

    const ac_str type = str("application/json");
    Pending pending;
    for (const std::string &name : names) {
        ac_head head{};
        head.key = &key;
        head.organization = str("acme");
        head.content_type = &type;
        head.n_content_type = 1;
        ac_create *create = nullptr;
        EXPECT_EQ(ac_create_begin(&head, &create), AC_OK);
        EXPECT_EQ(ac_create_body(create, str(R"({"name":")" + name + R"("})"), 0), AC_OK);
        pending.creates.push_back(create);
    }
    const ac_source source = {&pending, take, done, nullptr};
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    EXPECT_EQ(ac_store_write(store, &source, (now.tv_sec + 60) * 1'000'000'000LL, &err), AC_OK) << err.message;

    std::vector<std::string> bodies;
    for (ac_create *create : pending.creates) {
        const ac_answer *answer = ac_create_answer(create);
        EXPECT_EQ(answer->status, 200);
        bodies.emplace_back(answer->body.data, answer->body.len);
        ac_create_free(create);
    }
    ac_store_close(store);
    return bodies;
}

void AppctlTest::write_file(const std::string &name, std::string_view content) const {
    std::ofstream(dir_ / name, std::ios::binary) << content;
}

}  // namespace clitest
