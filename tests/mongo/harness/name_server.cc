#include "harness/name_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "harness/run_tests.h"

namespace appcreate::test {
namespace {

constexpr const char *kInside = "APP_CREATE_TEST_INSIDE";
constexpr int kNoRoom = 78;
// The resolver would be patient for minutes.
constexpr std::string_view kResolv = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kAddress = 1;
constexpr std::uint16_t kService = 33;

// Both end the process where there is no room to be had.
void raise_loopback() {
    const Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof("lo"));
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) ::_exit(kNoRoom);
}

void put_resolv_conf(const char *file) {
    // The mounts of others stay as they are.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(kNoRoom);
    if (::mount(file, "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0) ::_exit(kNoRoom);
}

[[noreturn]] void run_inside(const char *file, const std::string &filter) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) ::_exit(kNoRoom);
    raise_loopback();
    put_resolv_conf(file);
    ::setenv(kInside, "1", 1);  // NOLINT(concurrency-mt-unsafe): the only thread of this process
    ::execl("/proc/self/exe", "mongo_tests", filter.c_str(), nullptr);
    ::_exit(kNoRoom);
}

void append16(std::vector<std::uint8_t> &out, std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value & 0xff));
}

void append_name(std::vector<std::uint8_t> &out, std::string_view name) {
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        out.push_back(static_cast<std::uint8_t>(label.size()));
        out.insert(out.end(), label.begin(), label.end());
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    out.push_back(0);
}

// What follows the name of the first question: type, class.
std::size_t end_of_name(const std::vector<std::uint8_t> &question) {
    std::size_t at = kHeader;
    while (at < question.size() && question[at] != 0) at += question[at] + std::size_t{1};
    return at + 1;
}

std::vector<std::uint8_t> answer_to(const std::vector<std::uint8_t> &question, bool exists) {
    const std::size_t end = end_of_name(question);
    if (end + 4 > question.size()) return {};
    const auto type = static_cast<std::uint16_t>(question[end] << 8 | question[end + 1]);
    const bool is_known = exists && (type == kAddress || type == kService);
    std::vector<std::uint8_t> out(question.begin(), question.begin() + static_cast<std::ptrdiff_t>(end + 4));
    out[2] = 0x81;                                             // a reply
    out[3] = static_cast<std::uint8_t>(exists ? 0x80 : 0x83);  // NXDOMAIN
    out[6] = 0;
    out[7] = is_known ? 1 : 0;
    std::memset(&out[8], 0, 4);
    if (!is_known) return out;
    append16(out, 0xc000 | kHeader);  // the name in the question
    append16(out, type);
    append16(out, 1);
    append16(out, 0);
    append16(out, 60);
    std::vector<std::uint8_t> data;
    if (type == kAddress) {
        data = {127, 0, 0, 1};
    } else {
        for (const std::uint16_t number : {0, 0, 1}) append16(data, number);
        append_name(data, "db.test.example");
    }
    append16(out, static_cast<std::uint16_t>(data.size()));
    out.insert(out.end(), data.begin(), data.end());
    return out;
}

}  // namespace

bool is_inside() {
    if (std::getenv(kInside) != nullptr) return true;  // NOLINT(concurrency-mt-unsafe): nobody changes it
    const ::testing::TestInfo &test = *::testing::UnitTest::GetInstance()->current_test_info();
    const std::string filter = std::string("--gtest_filter=") + test.test_suite_name() + "." + test.name();
    std::string file = ::testing::TempDir() + "/app-create-resolv-XXXXXX";
    const Fd conf(::mkstemp(file.data()));
    // Workers of another user look names up too.
    if (::write(conf.get(), kResolv.data(), kResolv.size()) < 0 || ::fchmod(conf.get(), 0644) != 0) {
        throw std::runtime_error("cannot write " + file);
    }
    const pid_t child = ::fork();
    if (child == 0) run_inside(file.c_str(), filter);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::unlink(file.c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == kNoRoom || code == kSkipped) {
        [] { GTEST_SKIP() << "this process may not have a network and mounts of its own"; }();
    } else {
        EXPECT_EQ(status, 0) << "see above";
    }
    return false;
}

NameServer::NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0) {
        throw std::runtime_error("cannot listen on 127.0.0.1:53");
    }
    thread_ = std::thread([this] { run(); });
}

NameServer::~NameServer() {
    stops_ = true;
    thread_.join();
}

void NameServer::run() {
    while (!stops_) {
        pollfd waiting{socket_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 50) <= 0) continue;
        std::array<std::uint8_t, 1500> buffer{};
        sockaddr_in from{};
        socklen_t size = sizeof(from);
        auto *const sender = reinterpret_cast<sockaddr *>(&from);
        const ssize_t n = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, sender, &size);
        if (n < static_cast<ssize_t>(kHeader)) continue;
        ++questions_;
        const Mood mood = mood_;
        if (mood == Mood::kSilent) continue;
        const auto answer = answer_to({buffer.begin(), buffer.begin() + n}, mood == Mood::kOne);
        ::sendto(socket_.get(), answer.data(), answer.size(), 0, sender, size);
    }
}

}  // namespace appcreate::test
