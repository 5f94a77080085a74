#include "harness/scripted_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "harness/fault_rules.h"
#include "harness/socket.h"

namespace appcreate::test {

Reply Reply::ok(std::string_view json) {
    Reply reply;
    reply.document = merged(bson(json).get(), bson(R"({"ok":{"$numberDouble":"1.0"}})").get());
    return reply;
}

Reply Reply::error(int code, std::string_view name, std::string_view message) {
    Reply reply;
    reply.document = bson(R"({"ok":{"$numberDouble":"0.0"},"errmsg":")" + std::string(message) + R"(","code":)" +
                          std::to_string(code) + R"(,"codeName":")" + std::string(name) + "\"}");
    return reply;
}

Reply Reply::close() {
    Reply reply;
    reply.closes = true;
    return reply;
}

Reply Reply::silence() { return Reply::close().after(std::chrono::hours(24)); }

Reply Reply::after(std::chrono::milliseconds time) && {
    delay = time;
    return std::move(*this);
}

// One thread listens and one serves each connection.
class ScriptedServer::Connections {
  public:
    explicit Connections(Bson hello) : hello_(std::move(hello)), listener_(listen_on(0)), port_(port_of(listener_)) {
        scripts_["ping"] = [](const Command &, int) { return Reply::ok(); };
        scripts_["endSessions"] = scripts_["ping"];
        scripts_["hello"] = [this](const Command &, int) {
            Reply reply;
            reply.document = copy(hello_.get());
            return reply;
        };
        accepting_ = std::thread([this] { accept(); });
    }

    ~Connections() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        ended_.notify_all();
        ::shutdown(listener_.get(), SHUT_RDWR);
        accepting_.join();
        cut_all();
        for (Connection &connection : connections_) connection.thread.join();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    void on(const std::string &command, Script script) {
        const std::lock_guard lock(mutex_);
        scripts_[command] = std::move(script);
        since_set_[command] = 0;
    }
    void set_hello(Bson hello) {
        const std::lock_guard lock(mutex_);
        hello_ = std::move(hello);
    }
    void cut_all() {
        const std::lock_guard lock(mutex_);
        for (const Connection &connection : connections_) ::shutdown(connection.socket.get(), SHUT_RDWR);
    }
    [[nodiscard]] int count(const std::string &command) const {
        const std::lock_guard lock(mutex_);
        const auto found = counts_.find(command);
        return found == counts_.end() ? 0 : found->second;
    }

  private:
    struct Connection {
        Fd socket;
        std::thread thread;
    };

    void accept() {
        for (;;) {
            Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            const std::lock_guard lock(mutex_);
            if (ending_ || !client) return;
            Connection &connection = connections_.emplace_back();
            connection.socket = std::move(client);
            connection.thread = std::thread([this, fd = connection.socket.get()] { serve(fd); });
        }
    }

    void serve(int fd) {
        Framer framer;
        std::array<std::uint8_t, 65536> buffer;
        for (;;) {
            const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (n <= 0) break;
            try {
                framer.append(buffer.data(), static_cast<std::size_t>(n));
                while (const auto message = framer.next()) {
                    if (!answer(fd, *message)) return hang_up(fd);
                }
            } catch (const std::runtime_error &) {
                break;  // no MongoDB client: the first bytes of TLS, say
            }
        }
        hang_up(fd);
    }

    bool answer(int fd, const Message &message) {
        const auto command = read_command(message);
        if (!command) return false;
        const Reply reply = ask(*command);
        if (reply.delay.count() > 0) {
            std::unique_lock lock(mutex_);
            ended_.wait_for(lock, reply.delay, [this] { return ending_; });
        }
        if (reply.closes) return false;
        if (!command->wants_reply) return true;
        const Message out = make_reply(message, reply.document.get());
        return send_all(fd, out.bytes.data(), out.bytes.size());
    }

    Reply ask(const Command &command) {
        const std::lock_guard lock(mutex_);
        const std::string name = label_of(command).command;
        ++counts_[name];
        const auto script = scripts_.find(name);
        if (script == scripts_.end()) return Reply::error(59, "CommandNotFound", "no such command: " + name);
        return script->second(command, ++since_set_[name]);
    }

    // The descriptor stays this server's until its end, so that no other file gets its number.
    static void hang_up(int fd) { ::shutdown(fd, SHUT_RDWR); }

    mutable std::mutex mutex_;
    std::condition_variable ended_;
    Bson hello_;
    std::map<std::string, Script> scripts_;
    std::map<std::string, int> since_set_;
    std::map<std::string, int> counts_;
    std::list<Connection> connections_;
    bool ending_ = false;
    Fd listener_;
    const std::uint16_t port_;
    std::thread accepting_;
};

ScriptedServer::ScriptedServer(Bson hello) : connections_(std::make_unique<Connections>(std::move(hello))) {}
ScriptedServer::~ScriptedServer() = default;

std::uint16_t ScriptedServer::port() const { return connections_->port(); }
std::string ScriptedServer::address() const { return "127.0.0.1:" + std::to_string(port()); }
std::string ScriptedServer::uri(const std::string &options, const std::string &credentials) const {
    return "mongodb://" + (credentials.empty() ? "" : credentials + "@") + address() + "/apps" +
           (options.empty() ? "" : "?" + options);
}

void ScriptedServer::on(const std::string &command, Script script) { connections_->on(command, std::move(script)); }
void ScriptedServer::set_hello(Bson hello) { connections_->set_hello(std::move(hello)); }
void ScriptedServer::cut_all() { connections_->cut_all(); }
int ScriptedServer::count(const std::string &command) const { return connections_->count(command); }

}  // namespace appcreate::test
