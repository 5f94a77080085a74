// TLS early data, which whoever recorded it can send again (RFC 8470): 425 without an Idempotency-Key.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

// A server that lets a client send its first flight and answers nothing.
class Silence {
  public:
    explicit Silence(int port) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(listener_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
            listen(listener_, 1) != 0) {
            throw std::runtime_error("cannot listen on port " + std::to_string(port));
        }
    }
    Silence(const Silence &) = delete;
    Silence &operator=(const Silence &) = delete;
    ~Silence() { close(listener_); }

    // Bytes of the next client up to the end of its first record of application data.
    [[nodiscard]] std::string first_flight() const {
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        std::string bytes;
        char part[16384];
        for (ssize_t n = 1; n > 0 && !has_data(bytes);) {
            n = recv(client, part, sizeof part, 0);
            if (n > 0) {
                bytes.append(part, static_cast<std::size_t>(n));
            }
        }
        close(client);
        return bytes;
    }

  private:
    // RFC 8446, 5.1: type, version, length.
    static bool has_data(const std::string &bytes) {
        constexpr std::size_t kHead = 5;
        constexpr char kApplicationData = 23;
        for (std::size_t at = 0; at + kHead <= bytes.size();) {
            const std::size_t length = static_cast<unsigned char>(bytes[at + 3]) * std::size_t{256} +
                                       static_cast<unsigned char>(bytes[at + 4]);
            if (at + kHead + length > bytes.size()) {
                return false;
            }
            if (bytes[at] == kApplicationData) {
                return true;
            }
            at += kHead + length;
        }
        return false;
    }

    int listener_;
};

class EarlyData : public SharedGateway<EarlyData> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http = "log_format codes 'status=$status code=$app_create_code early=$ssl_early_data';\n";
        // A request is logged when its connection is over.
        options.server =
            "ssl_protocols TLSv1.3;\n ssl_early_data on;\n lingering_close off;\n"
            "access_log @dir@/access.log codes;\n";
        return options;
    }

  protected:
    [[nodiscard]] std::string file(const std::string &name) { return gateway().directory() + "/" + name; }

    // The bytes of a create over HTTP/1.1, in a file.
    std::string write_create(const std::string &name, const Headers &more) {
        Request request = gateway().request(R"({"name":")" + name + "\"}");
        request.headers.emplace_back("Connection", "close");
        request.headers.insert(request.headers.end(), more.begin(), more.end());
        const std::string bytes = http1_bytes(request);
        write_file(file("request"), bytes);
        return bytes;
    }

    std::vector<std::string> openssl(int port, const std::vector<std::string> &more) {
        std::vector<std::string> argv = {"openssl", "s_client",     "-quiet",
                                         "-tls1_3", "-connect",     "127.0.0.1:" + std::to_string(port),
                                         "-CAfile", file("tls.crt")};
        argv.insert(argv.end(), more.begin(), more.end());
        return argv;
    }

    // What a client gets that sends `write_create`'s file in early data.
    std::string send_early() {
        get_ticket();
        return run(openssl(gateway().port(Protocol::tls_http1),
                           {"-sess_in", file("ticket"), "-early_data", file("request")}))
            .out;
    }

    // Records such a client's first flight and sends it three times; each gets the log's `line`.
    void replay_three_times(const std::string &line) {
        // OpenSSL takes no early data of a ticket whose age is wrong by seconds, as on a machine that is busy: again.
        for (int attempt = 0; attempt < 10; ++attempt) {
            const std::string flight = record_flight();
            const int before = count(gateway().access_log_of_test(), line);
            std::vector<std::unique_ptr<RawConnection>> connections;
            for (int i = 0; i < 3; ++i) {
                connections.push_back(std::make_unique<RawConnection>(gateway().port(Protocol::tls_http1)));
                ASSERT_TRUE(connections.back()->send(flight));
            }
            if (eventually([&] { return count(gateway().access_log_of_test(), line) == before + 3; },
                           std::chrono::seconds(5))) {
                return;
            }
        }
        ADD_FAILURE() << gateway().access_log_of_test();
    }

    static int count(const std::string &text, const std::string &part) {
        int n = 0;
        for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
            ++n;
        }
        return n;
    }

    std::int64_t before_ = gateway().store().count(gateway().organization());
    std::int64_t made() { return gateway().store().count(gateway().organization()) - before_; }

  private:
    std::string record_flight() {
        get_ticket();
        const int port = free_port();
        const Silence silence(port);
        const pid_t client =
            start(openssl(port, {"-sess_in", file("ticket"), "-early_data", file("request")}), file("client.log"));
        std::string flight = silence.first_flight();
        kill(client, SIGKILL);
        wait_for(client, std::chrono::seconds(20));
        return flight;
    }

    // A session that early data can be sent in.
    void get_ticket() {
        const Outcome done = run(openssl(gateway().port(Protocol::tls_http1), {"-sess_out", file("ticket")}),
                                 {.input = "GET /static.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"});
        ASSERT_NE(done.out.find("static"), std::string::npos) << done.out << done.err;
        ASSERT_GT(file_size(file("ticket")), 0);
    }
};

TEST_F(EarlyData, IsAnsweredWith425) {
    write_create("Early", {});
    // A client can be done with its handshake before nginx looks at the request: no repetition is.
    std::string answer = send_early();
    std::int64_t late = 0;
    for (; late < 20 && answer.starts_with("HTTP/1.1 200 "); ++late) {
        answer = send_early();
    }
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 425 ")) << answer;
    EXPECT_TRUE(answer.ends_with(R"({"status":false,"error":{"code":1008,"message":"Too early"}})")) << answer;
    EXPECT_EQ(answer.find("Retry-After"), std::string::npos) << answer;
    EXPECT_EQ(made(), late);
}

TEST_F(EarlyData, WithAnIdempotencyKeyCreates) {
    write_create("Keyed", {{"Idempotency-Key", "early"}});
    const std::string answer = send_early();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_EQ(made(), 1);
}

TEST_F(EarlyData, AfterTheHandshakeIsOrdinaryData) {
    const std::string bytes = write_create("Late", {});
    const Outcome done = run(openssl(gateway().port(Protocol::tls_http1), {}), {.input = bytes});
    EXPECT_TRUE(done.out.starts_with("HTTP/1.1 200 ")) << done.out;
    EXPECT_EQ(made(), 1);
}

TEST_F(EarlyData, ThatIsWrongIsToldWhatIsWrong) {
    write_create("Wrong", {{"Content-Encoding", "gzip"}});
    const std::string answer = send_early();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 415 ")) << answer;
}

TEST_F(EarlyData, SentThreeTimesCreatesNothing) {
    write_create("Replayed", {});
    replay_three_times("status=425 code=1008 early=1");
    EXPECT_EQ(made(), 0);
}

TEST_F(EarlyData, SentThreeTimesWithAKeyCreatesOnce) {
    write_create("Replayed with a key", {{"Idempotency-Key", "replayed"}});
    replay_three_times("status=200 code=0 early=1");
    EXPECT_EQ(made(), 1);
}

// RFC 8470, 5.1: whatever the field says, an earlier hop took the request out of early data.
TEST_F(EarlyData, OfAnEarlierHopIsAnsweredWith425) {
    Request request = gateway().request(R"({"name":"Hop"})");
    request.headers.emplace_back("Early-Data", "1");
    expect_error(gateway().client().send(request), 425, 1008, "Too early");
    request.headers.emplace_back("Idempotency-Key", "hop");
    expect_created(gateway().client().send(request));
    EXPECT_EQ(made(), 1);
}

}  // namespace
}  // namespace appcreate::test
