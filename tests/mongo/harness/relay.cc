#include "harness/relay.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace appcreate::test {
namespace {

// False when the other end has closed.
bool read_into(const Fd &fd, Framer &framer) {
    std::array<std::uint8_t, 65536> buffer;
    for (;;) {
        const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n > 0) {
            framer.append(buffer.data(), static_cast<std::size_t>(n));
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            return false;
        } else if (errno == EAGAIN) {
            return true;
        }
    }
}

// False when the other end has closed.
bool write_from(const Fd &fd, Bytes &bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            bytes.erase(bytes.begin(), bytes.begin() + n);
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace

Relay::Relay(Fd client, Fd server) noexcept : client_(std::move(client)), server_(std::move(server)) {}

void Relay::watch(std::vector<pollfd> &out) const {
    const auto events = [](const Direction &into) -> short {
        return static_cast<short>(POLLIN | (into.bytes.empty() ? 0 : POLLOUT));
    };
    if (client_) out.push_back({client_.get(), events(to_client_), 0});
    if (server_) out.push_back({server_.get(), events(to_server_), 0});
}

void Relay::work(FaultRules &rules) {
    const bool client_left = client_ && !read_into(client_, to_server_.framer);
    while (auto message = to_server_.framer.next()) take_request(std::move(*message), rules);
    if (client_left) client_.reset();

    const bool server_left = server_ && !read_into(server_, to_client_.framer);
    while (auto message = to_client_.framer.next()) take_reply(std::move(*message), rules);
    if (server_left) server_.reset();

    advance(to_server_, server_, rules);
    advance(to_client_, client_, rules);

    // A server that has work of this client's is not told that the client left.
    if (!client_ && to_server_.waiting.empty() && to_server_.bytes.empty() && asked_.empty()) server_.reset();
    if (!server_ && to_client_.waiting.empty() && to_client_.bytes.empty()) client_.reset();
}

bool Relay::is_over() const { return !client_ && !server_; }

std::optional<Relay::Clock::time_point> Relay::next_due() const {
    std::optional<Clock::time_point> first;
    for (const Direction *direction : {&to_server_, &to_client_}) {
        if (direction->waiting.empty()) continue;
        const Waiting &next = direction->waiting.front();
        if (!next.held_by) first = first ? std::min(*first, next.due) : next.due;
    }
    return first;
}

void Relay::take_request(Message message, FaultRules &rules) {
    const auto command = read_command(message);
    const Label label = command ? label_of(*command) : Label{};
    rules.count(label);
    const FaultRules::Hit hit = command ? rules.match(label, Side::kRequest) : FaultRules::Hit{};
    if (hit.is_hit && rules.rule(hit.id).fault == Fault::kAnswer) {
        const Bson reply = rules.rule(hit.id).change(command->body);
        to_client_.waiting.push_back({make_reply(message, reply.get()), std::nullopt, {}});
        return;
    }
    if (command && command->wants_reply) asked_[message.request_id()] = label;
    if (hit.is_hit && rules.rule(hit.id).fault == Fault::kChange) {
        message = with_body(message, rules.rule(hit.id).change(command->body).get());
    }
    if (hit.is_hit && rules.rule(hit.id).fault == Fault::kDrop) asked_.erase(message.request_id());
    pass(std::move(message), to_server_, hit, rules);
}

void Relay::take_reply(Message message, FaultRules &rules) {
    const auto asked = asked_.find(message.response_to());
    const Label label = asked == asked_.end() ? Label{} : asked->second;
    if (asked != asked_.end()) asked_.erase(asked);
    const FaultRules::Hit hit = rules.match(label, Side::kReply);
    if (hit.is_hit && rules.rule(hit.id).fault == Fault::kChange) {
        message = with_body(message, rules.rule(hit.id).change(read_reply(message)).get());
    }
    pass(std::move(message), to_client_, hit, rules);
}

void Relay::pass(Message message, Direction &direction, const FaultRules::Hit &hit, const FaultRules &rules) {
    const Fault fault = hit.is_hit ? rules.rule(hit.id).fault : Fault::kChange;
    if (fault == Fault::kCut) return cut();
    if (fault == Fault::kDrop) return;
    Waiting waiting{std::move(message), std::nullopt, {}};
    if (fault == Fault::kHold) waiting.held_by = hit.id;
    if (fault == Fault::kDelay) waiting.due = Clock::now() + rules.rule(hit.id).delay;
    direction.waiting.push_back(std::move(waiting));
}

void Relay::advance(Direction &direction, Fd &to, const FaultRules &rules) {
    while (!direction.waiting.empty()) {
        const Waiting &next = direction.waiting.front();
        if (next.held_by ? !rules.is_ended(*next.held_by) : next.due > Clock::now()) break;
        direction.bytes.insert(direction.bytes.end(), next.message.bytes.begin(), next.message.bytes.end());
        direction.waiting.pop_front();
    }
    if (to && !write_from(to, direction.bytes)) to.reset();
    if (!to) {
        direction.bytes.clear();
        direction.waiting.clear();
    }
}

void Relay::cut() noexcept {
    client_.reset();
    server_.reset();
    asked_.clear();
    to_server_.waiting.clear();
    to_client_.waiting.clear();
    to_server_.bytes.clear();
    to_client_.bytes.clear();
}

}  // namespace appcreate::test
