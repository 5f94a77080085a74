#include "harness/server.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "harness/client.h"
#include "harness/socket.h"
#include "support/process.h"

namespace appcreate::test {
namespace {

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
    MongoClient client(uri + "?" + patient);
    const Result result = client.command(bson(R"({"ping":1})"));
    if (!result.ok) throw std::runtime_error("the MongoDB test server does not answer: " + result.message);
}

std::string prepare() {
    ::setenv("APP_CREATE_MONGO_SERVER_DIR", APP_CREATE_MONGO_SERVER_BUILD, 0);
    const Outcome outcome = run({APP_CREATE_MONGO_TESTS "/prepare.sh", std::getenv("APP_CREATE_MONGO_SERVER_DIR")});
    if (outcome.status == 0) return {};
    if (outcome.status == 77) return first_line(outcome.out + outcome.err);
    throw std::runtime_error("tests/mongo/prepare.sh failed:\n" + outcome.out + outcome.err);
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
    const MemoryFile log;
    // A stopped server must not outlive a test that crashed.
    process_ = start(argv, Streams{-1, to_us.get(), log.fd(), SIGKILL});
    to_us.reset();
    port_ = static_cast<std::uint16_t>(std::atoi(read_line(from_server.get(), std::chrono::seconds(120)).c_str()));
    if (port_ == 0) {
        kill();
        throw std::runtime_error("the MongoDB test server did not start:\n" + log.content());
    }
    if (tls == nullptr) wait_for_first_answer(uri());
}

JavaServer::~JavaServer() { kill(); }

std::string JavaServer::uri(const std::string &options, const std::string &database) const {
    return "mongodb://127.0.0.1:" + std::to_string(port_) + "/" + database + (options.empty() ? "" : "?" + options);
}

void JavaServer::stop() const {
    ::kill(process_, SIGSTOP);
    wait_for_stop(process_);
}
void JavaServer::go_on() const { ::kill(process_, SIGCONT); }

void JavaServer::kill() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    reap(process_);
    process_ = -1;
}

JavaServer &shared_server() {
    static JavaServer server;
    return server;
}

}  // namespace appcreate::test
