// Offers requests at a constant rate, whatever the server does, and measures each from the moment at which it was due:
// a server that stalls cannot hide the requests that would have come meanwhile.
//
//   bench_open_loop PORT REQUEST_FILE RATE SECONDS CONNECTIONS
//
// The file holds one HTTP/1.1 request as it goes over the wire; sixteen '@' in it are replaced by a number that is new
// each time. Prints {"offered":…,"answered":…,"statuses":{…},"latency_us":{…}}; what was not answered has no latency.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "latencies.h"

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kGrace = 10 * kSecond;  // for what is still out at the end
constexpr std::string_view kMarker = "@@@@@@@@@@@@@@@@";

[[noreturn]] void fail(const std::string &what) {
    std::fprintf(stderr, "open_loop: %s\n", what.c_str());
    std::exit(1);
}

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

struct Connection {
    int fd = -1;
    std::int64_t due = 0;  // of the request that is out; 0: none
    std::string received;
};

// Length of the first complete answer in `text`, or 0.
std::size_t answer_length(const std::string &text) {
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    constexpr std::string_view kLength = "\r\ncontent-length:";
    for (std::size_t at = 0; at < head; at = text.find("\r\n", at + 2)) {
        if (strncasecmp(text.data() + at, kLength.data(), kLength.size()) != 0) continue;
        const std::size_t length = head + 4 + std::strtoull(text.data() + at + kLength.size(), nullptr, 10);
        return text.size() < length ? 0 : length;
    }
    fail("an answer without Content-Length");
}

class Load {
  public:
    Load(int port, std::string request, double rate, double seconds, std::size_t connections)
        : port_(port),
          request_(std::move(request)),
          marker_(request_.find(kMarker)),
          gap_(static_cast<double>(kSecond) / rate),
          offers_(static_cast<std::size_t>(rate * seconds)),
          connections_(connections) {
        latencies_.reserve(offers_);
        for (Connection &one : connections_) connect(one);
    }

    void run() {
        start_ = now_ns();
        const std::int64_t end = due_at(offers_) + kGrace;
        while (latencies_.size() + failed_ < offers_ && now_ns() < end) {
            offer();
            wait();
        }
    }

    void print() {
        std::printf("{\"offered\":%zu,\"answered\":%zu,\"failed\":%zu,\"statuses\":{", offers_, latencies_.size(),
                    failed_);
        const char *before = "";
        for (const auto &[status, n] : statuses_) {
            std::printf("%s\"%d\":%zu", before, status, n);
            before = ",";
        }
        std::printf("},\"latency_us\":");
        bench::print_percentiles(latencies_);
        std::printf("}\n");
    }

  private:
    [[nodiscard]] std::int64_t due_at(std::size_t n) const {
        return start_ + static_cast<std::int64_t>(gap_ * static_cast<double>(n));
    }

    void connect(Connection &one) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port_));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        one.received.clear();
        one.due = 0;
        one.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (one.fd < 0 || ::connect(one.fd, reinterpret_cast<sockaddr *>(&address), sizeof(address)) != 0) {
            fail(std::string("cannot connect: ") + std::strerror(errno));
        }
        const int on = 1;
        setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &one;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, one.fd, &event);
        idle_.push_back(&one);
    }

    // Sends what is due, as far as there are connections without a request.
    void offer() {
        while (next_ < offers_ && !idle_.empty() && due_at(next_) <= now_ns()) {
            Connection &one = *idle_.front();
            idle_.pop_front();
            one.due = due_at(next_++);
            send(one);
        }
    }

    void send(Connection &one) {
        if (marker_ != std::string::npos) {
            char number[kMarker.size() + 1];
            std::snprintf(number, sizeof(number), "%016llx", static_cast<unsigned long long>(random_()));
            request_.replace(marker_, kMarker.size(), number);
        }
        if (::send(one.fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size())) {
            lose(one);
        }
    }

    void lose(Connection &one) {
        if (one.due != 0) ++failed_;
        close(one.fd);
        connect(one);
    }

    void wait() {
        std::int64_t pause = kSecond / 10;
        if (next_ < offers_ && !idle_.empty()) pause = std::max<std::int64_t>(0, due_at(next_) - now_ns());
        const timespec timeout{pause / kSecond, pause % kSecond};
        const int n = epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
        for (int i = 0; i < n; ++i) receive(*static_cast<Connection *>(events_[static_cast<std::size_t>(i)].data.ptr));
    }

    void receive(Connection &one) {
        char buffer[16384];
        const ssize_t n = recv(one.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) {
            // A server may close a connection that rests; the connection is still in the list.
            if (one.due == 0) std::erase(idle_, &one);
            return lose(one);
        }
        one.received.append(buffer, static_cast<std::size_t>(n));
        const std::size_t length = answer_length(one.received);
        if (length == 0) return;
        ++statuses_[std::atoi(one.received.c_str() + std::strlen("HTTP/1.1 "))];
        latencies_.push_back(now_ns() - one.due);
        const bool closes = one.received.substr(0, length).find("\r\nConnection: close") != std::string::npos;
        one.received.erase(0, length);
        one.due = 0;
        if (closes) return lose(one);
        idle_.push_back(&one);
    }

    int port_;
    std::string request_;
    std::size_t marker_;
    double gap_;  // ns
    std::size_t offers_;
    std::vector<Connection> connections_;
    std::deque<Connection *> idle_;
    std::vector<epoll_event> events_ = std::vector<epoll_event>(256);
    int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    std::int64_t start_ = 0;
    std::size_t next_ = 0;
    std::size_t failed_ = 0;
    std::map<int, std::size_t> statuses_;
    std::vector<std::int64_t> latencies_;
    std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace

int main(int argc, char **argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: bench_open_loop PORT REQUEST_FILE RATE SECONDS CONNECTIONS\n");
        return 2;
    }
    std::ifstream file(argv[2], std::ios::binary);
    std::string request((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (request.empty()) fail(std::string("cannot read ") + argv[2]);
    Load load(std::atoi(argv[1]), std::move(request), std::atof(argv[3]), std::atof(argv[4]),
              std::strtoull(argv[5], nullptr, 10));
    load.run();
    load.print();
    return 0;
}
