#include "harness/server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

#include "harness/client.h"
#include "harness/socket.h"

namespace appcreate::mongotest {
namespace {

// Everything is prepared before the fork: the test may have threads.
pid_t spawn(std::vector<std::string> argv, int out, int err) {
    std::vector<char *> pointers;
    for (std::string &one : argv) pointers.push_back(one.data());
    pointers.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
        // A stopped server must not outlive a test that crashed.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        ::close_range(3, ~0U, 0);
        ::execv(pointers[0], pointers.data());
        ::_exit(127);
    }
    return child;
}

Fd memory_file() { return Fd(::memfd_create("server", MFD_CLOEXEC)); }

std::string content_of(const Fd &file) {
    std::string out;
    char part[4096];
    ::lseek(file.get(), 0, SEEK_SET);
    for (ssize_t n = 0; (n = ::read(file.get(), part, sizeof part)) > 0;) out.append(part, static_cast<std::size_t>(n));
    return out;
}

std::string first_line(std::string text) { return text.substr(0, text.find('\n')); }

std::string read_line(int fd, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    std::string line;
    while (std::chrono::steady_clock::now() < end) {
        pollfd waiting{fd, POLLIN, 0};
        if (::poll(&waiting, 1, 100) != 1) continue;
        char c = 0;
        if (::read(fd, &c, 1) != 1 || c == '\n') break;
        line += c;
    }
    return line;
}

// The first answer of a JVM takes seconds on a busy machine, longer than the tests' own clients wait.
void wait_for_first_answer(const std::string &uri) {
    const std::string patient = "serverSelectionTimeoutMS=120000&connectTimeoutMS=120000&socketTimeoutMS=120000";
    Client client(uri + "?" + patient);
    const Result result = client.command(bson(R"({"ping":1})"));
    if (!result.ok) throw std::runtime_error("the MongoDB test server does not answer: " + result.message);
}

std::string prepare() {
    ::setenv("APP_CREATE_MONGO_SERVER_DIR", APP_CREATE_MONGO_SERVER_BUILD, 0);
    const Fd log = memory_file();
    const pid_t child =
        spawn({APP_CREATE_MONGO_TESTS "/prepare.sh", std::getenv("APP_CREATE_MONGO_SERVER_DIR")}, log.get(), log.get());
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return first_line(content_of(log));
    throw std::runtime_error("tests/mongo/prepare.sh failed:\n" + content_of(log));
}

}  // namespace

const std::string &JavaServer::unavailable() {
    static const std::string why = prepare();
    return why;
}

JavaServer::JavaServer(const Tls *tls) {
    if (!unavailable().empty()) throw std::runtime_error(unavailable());
    std::vector<std::string> argv{APP_CREATE_MONGO_TESTS "/start-server.sh", "0"};
    if (tls != nullptr) argv.insert(argv.end(), {tls->certificate, tls->key});
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    const Fd from_server(pipe[0]);
    Fd to_us(pipe[1]);
    const Fd log = memory_file();
    process_ = spawn(std::move(argv), to_us.get(), log.get());
    to_us.reset();
    port_ = static_cast<std::uint16_t>(std::atoi(read_line(from_server.get(), std::chrono::seconds(120)).c_str()));
    if (port_ == 0) {
        kill();
        throw std::runtime_error("the MongoDB test server did not start:\n" + content_of(log));
    }
    if (tls == nullptr) wait_for_first_answer(uri());
}

JavaServer::~JavaServer() { kill(); }

std::string JavaServer::uri(const std::string &options, const std::string &database) const {
    return "mongodb://127.0.0.1:" + std::to_string(port_) + "/" + database + (options.empty() ? "" : "?" + options);
}

// All threads have stopped when the parent is told so.
void JavaServer::stop() const {
    ::kill(process_, SIGSTOP);
    int status = 0;
    while (::waitpid(process_, &status, WUNTRACED) == process_ && !WIFSTOPPED(status)) {
    }
}
void JavaServer::go_on() const { ::kill(process_, SIGCONT); }

void JavaServer::kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
}

JavaServer &shared_server() {
    static JavaServer server;
    return server;
}

}  // namespace appcreate::mongotest
