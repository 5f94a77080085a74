// The floor of a create alone: what any event loop that does not block for the disk has to do for it, and no more. A
// client asks over a TCP connection; the event loop wakes, wakes the thread that writes, is woken by it, and answers.
//
//   bench_handed_loop FILE SECONDS
//
// Prints {"per_second":…,"latency_us":{…}} as the client sees it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <string>
#include <utility>

#include "closed_loop.h"
#include "sqlite_creates.h"

namespace {

constexpr std::size_t kRequestBytes = 512;
constexpr std::size_t kAnswerBytes = 1536;

int checked(int result, const char *what) {
    if (result >= 0) return result;
    std::perror(what);
    std::exit(1);
}

void send_all(int socket, std::size_t length) {
    const std::string bytes(length, 'x');
    for (std::size_t sent = 0; sent < length;) {
        sent += static_cast<std::size_t>(checked(
            static_cast<int>(send(socket, bytes.data() + sent, length - sent, MSG_NOSIGNAL)), "handed_loop: send"));
    }
}

// False at the end of the connection.
bool receive_all(int socket, std::size_t length) {
    std::array<char, kAnswerBytes> bytes;
    for (std::size_t received = 0; received < length;) {
        const int n = checked(static_cast<int>(recv(socket, bytes.data(), length - received, 0)), "handed_loop: recv");
        if (n == 0) return false;
        received += static_cast<std::size_t>(n);
    }
    return true;
}

struct Connection {
    int client = -1;
    int server = -1;
};

Connection connect_over_loopback() {
    const int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "handed_loop: socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto *name = reinterpret_cast<sockaddr *>(&address);
    socklen_t length = sizeof(address);
    checked(bind(listener, name, length), "handed_loop: bind");
    checked(listen(listener, 1), "handed_loop: listen");
    checked(getsockname(listener, name, &length), "handed_loop: getsockname");
    Connection made;
    made.client = checked(socket(AF_INET, SOCK_STREAM, 0), "handed_loop: socket");
    checked(connect(made.client, name, length), "handed_loop: connect");
    made.server = checked(accept(listener, nullptr, nullptr), "handed_loop: accept");
    const int on = 1;
    for (const int one : {made.client, made.server}) setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    close(listener);
    return made;
}

// The thread that writes: sleeps until it is asked for a create, and tells by `done` that it is durable.
class Thread {
  public:
    Thread(const char *path, int done) : writer_(path), done_(done), thread_([this] { run(); }) {}
    Thread(const Thread &) = delete;
    Thread &operator=(const Thread &) = delete;
    ~Thread() {
        ask(kEnd);
        thread_.join();
    }
    void create() { ask(kCreate); }

  private:
    enum Order { kNone, kCreate, kEnd };

    void ask(Order order) {
        {
            const std::lock_guard lock(mutex_);
            order_ = order;
        }
        asked_.notify_one();
    }
    Order wait() {
        std::unique_lock lock(mutex_);
        asked_.wait(lock, [this] { return order_ != kNone; });
        return std::exchange(order_, kNone);
    }
    void run() {
        while (wait() == kCreate) {
            writer_.transaction(1);
            checked(eventfd_write(done_, 1), "handed_loop: eventfd");
        }
    }

    bench::Writer writer_;
    int done_;
    std::mutex mutex_;
    std::condition_variable asked_;
    Order order_ = kNone;
    std::thread thread_;
};

// Until the client ends the connection.
void run_event_loop(const char *path, int connection) {
    const int done = checked(eventfd(0, EFD_NONBLOCK), "handed_loop: eventfd");
    Thread thread(path, done);
    const int epoll = checked(epoll_create1(0), "handed_loop: epoll");
    for (const int one : {connection, done}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = one;
        checked(epoll_ctl(epoll, EPOLL_CTL_ADD, one, &event), "handed_loop: epoll");
    }
    for (;;) {
        epoll_event event{};
        if (epoll_wait(epoll, &event, 1, -1) < 1) continue;
        if (event.data.fd == done) {
            eventfd_t count = 0;
            eventfd_read(done, &count);
            send_all(connection, kAnswerBytes);
        } else if (receive_all(connection, kRequestBytes)) {
            thread.create();
        } else {
            break;
        }
    }
    close(epoll);
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: bench_handed_loop FILE SECONDS\n");
        return 2;
    }
    const Connection connection = connect_over_loopback();
    std::thread event_loop([&] { run_event_loop(argv[1], connection.server); });
    bench::run_closed_loop(std::atof(argv[2]), 1, [&] {
        send_all(connection.client, kRequestBytes);
        return receive_all(connection.client, kAnswerBytes);
    });
    close(connection.client);
    event_loop.join();
    return 0;
}
