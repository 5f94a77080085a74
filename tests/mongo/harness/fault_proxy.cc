#include "harness/fault_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>

#include "harness/relay.h"
#include "harness/socket.h"

namespace appcreate::test {

class FaultProxy::Loop {
  public:
    explicit Loop(std::uint16_t server_port)
        : server_port_(server_port),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          reserved_(bind_to(0)),
          port_(port_of(reserved_)),
          listener_(listen_on(port_)),
          thread_([this] { run(); }) {}

    [[nodiscard]] std::uint16_t port() const { return port_; }

    // Every change is made under the lock, and the thread looks at it at once.
    template <class Work>
    auto change(Work work) {
        const std::lock_guard lock(mutex_);
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
        return work();
    }
    template <class Work>
    auto look(Work work) const {
        const std::lock_guard lock(mutex_);
        return work();
    }

    ~Loop() {
        change([this] { ending_ = true; });
        thread_.join();
    }

    // ---- under the lock
    FaultRules rules;
    int connections = 0;
    void cut_all() { relays_.clear(); }
    // shutdown() first: as long as the thread polls a socket, close() alone leaves it listening.
    void refuse() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        listener_.reset();
        relays_.clear();
    }
    void accept() {
        if (!listener_) listener_ = listen_on(port_);
    }
    void set_stalled(bool stalled) { stalled_ = stalled; }

  private:
    void run() {
        std::unique_lock lock(mutex_);
        while (!ending_) {
            std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}};
            int timeout = -1;
            if (!stalled_) {
                if (listener_) fds.push_back({listener_.get(), POLLIN, 0});
                for (const Relay &relay : relays_) relay.watch(fds);
                timeout = milliseconds_to_next();
            }
            lock.unlock();
            ::poll(fds.data(), fds.size(), timeout);
            lock.lock();
            std::uint64_t n = 0;
            while (::read(wake_.get(), &n, sizeof n) > 0) {
            }
            if (!stalled_) work();
        }
    }

    void work() {
        if (listener_) take_connections();
        for (Relay &relay : relays_) relay.work(rules);
        relays_.remove_if([](const Relay &relay) { return relay.is_over(); });
    }

    void take_connections() {
        pollfd waiting{listener_.get(), POLLIN, 0};
        while (::poll(&waiting, 1, 0) == 1) {
            Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!client) return;
            ++connections;
            Fd server = connect_to(server_port_);
            if (server) relays_.emplace_back(std::move(client), std::move(server));
        }
    }

    [[nodiscard]] int milliseconds_to_next() const {
        std::optional<Relay::Clock::time_point> first;
        for (const Relay &relay : relays_) {
            const auto due = relay.next_due();
            if (due) first = first ? std::min(*first, *due) : due;
        }
        if (!first) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Relay::Clock::now());
        return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }

    const std::uint16_t server_port_;
    mutable std::mutex mutex_;
    Fd wake_;
    const Fd reserved_;  // keeps the port for this proxy while it refuses
    const std::uint16_t port_;
    Fd listener_;
    std::list<Relay> relays_;
    bool stalled_ = false;
    bool ending_ = false;
    std::thread thread_;
};

FaultProxy::FaultProxy(std::uint16_t server_port) : loop_(std::make_unique<Loop>(server_port)) {}
FaultProxy::~FaultProxy() = default;

std::uint16_t FaultProxy::port() const { return loop_->port(); }
std::string FaultProxy::address() const { return "127.0.0.1:" + std::to_string(port()); }
std::string FaultProxy::uri(const std::string &options, const std::string &database) const {
    return "mongodb://" + address() + "/" + database + (options.empty() ? "" : "?" + options);
}

FaultProxy::RuleId FaultProxy::add(Rule rule) {
    return loop_->change([&] { return loop_->rules.add(std::move(rule)); });
}
FaultProxy::RuleId FaultProxy::hold_request(const std::string &command, const std::string &collection) {
    return add({.command = command, .collection = collection, .side = Side::kRequest, .fault = Fault::kHold});
}
FaultProxy::RuleId FaultProxy::hold_reply(const std::string &command, const std::string &collection) {
    return add({.command = command, .collection = collection, .side = Side::kReply, .fault = Fault::kHold});
}
FaultProxy::RuleId FaultProxy::cut_request(const std::string &command, const std::string &collection) {
    return add({.command = command, .collection = collection, .side = Side::kRequest, .fault = Fault::kCut});
}
FaultProxy::RuleId FaultProxy::lose_reply(const std::string &command, const std::string &collection) {
    return add({.command = command, .collection = collection, .side = Side::kReply, .fault = Fault::kCut});
}
void FaultProxy::release(RuleId rule) {
    loop_->change([&] { loop_->rules.end(rule); });
}
void FaultProxy::clear() {
    loop_->change([&] { loop_->rules.end_all(); });
}
int FaultProxy::hits(RuleId rule) const {
    return loop_->look([&] { return loop_->rules.hits(rule); });
}
bool FaultProxy::wait_hits(RuleId rule, int n) const {
    return eventually([&] { return hits(rule) >= n; });
}

void FaultProxy::cut_all() {
    loop_->change([&] { loop_->cut_all(); });
}
void FaultProxy::refuse() {
    loop_->change([&] { loop_->refuse(); });
}
void FaultProxy::accept() {
    loop_->change([&] { loop_->accept(); });
}
void FaultProxy::stall() {
    loop_->change([&] { loop_->set_stalled(true); });
}
void FaultProxy::resume() {
    loop_->change([&] { loop_->set_stalled(false); });
}

int FaultProxy::count(const std::string &command) const {
    const auto all = counts();
    const auto found = all.find(command);
    return found == all.end() ? 0 : found->second;
}
std::map<std::string, int> FaultProxy::counts() const {
    return loop_->look([&] { return loop_->rules.counts(); });
}
int FaultProxy::round_trips() const {
    return loop_->look([&] { return static_cast<int>(loop_->rules.commands().size()); });
}
std::vector<std::string> FaultProxy::commands() const {
    return loop_->look([&] { return loop_->rules.commands(); });
}
void FaultProxy::reset_counts() {
    loop_->change([&] { loop_->rules.reset_counts(); });
}
int FaultProxy::connections() const {
    return loop_->look([&] { return loop_->connections; });
}

}  // namespace appcreate::test
