#include "files.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace appcreate::test {

namespace {

constexpr int kFirstPort = 20000;
constexpr int kLastPort = 32000;  // below the ports that the system gives to clients

// Processes that test at the same time must not choose one port: a name in the abstract socket space is a lock that
// the kernel gives back.
bool reserve(int port) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "app-create-test-port-" + std::to_string(port);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (bind(fd, reinterpret_cast<const sockaddr *>(&address), size) == 0) {
        return true;  // kept open until the process ends
    }
    close(fd);
    return false;
}

bool is_free(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    close(fd);
    return free;
}

WorkerUser find_worker_user() {
    WorkerUser user;
    user.uid = getuid();
    user.gid = getgid();
    if (user.uid != 0) {
        return user;
    }
    for (const char *name : {"www-data", "nginx", "nobody"}) {
        const passwd *entry = getpwnam(name);
        const group *its_group = entry == nullptr ? nullptr : getgrgid(entry->pw_gid);
        if (its_group != nullptr) {
            return {true, name, its_group->gr_name, entry->pw_uid, entry->pw_gid};
        }
    }
    return user;
}

}  // namespace

const WorkerUser &worker_user() {
    static const WorkerUser user = find_worker_user();
    return user;
}

std::string worker_directory(const std::string &path) {
    std::filesystem::create_directories(path);
    const WorkerUser &user = worker_user();
    if (user.switched && chown(path.c_str(), user.uid, user.gid) != 0) {
        throw std::runtime_error("cannot give away " + path);
    }
    return path;
}

int free_port() {
    static int next = kFirstPort + getpid() * 16 % (kLastPort - kFirstPort);
    for (int tried = kFirstPort; tried < kLastPort; ++tried) {
        const int port = next;
        next = next + 1 < kLastPort ? next + 1 : kFirstPort;
        if (is_free(port) && reserve(port)) {
            return port;
        }
    }
    throw std::runtime_error("no free port");
}

std::string environment_or(const char *name, const std::string &otherwise) {
    const char *value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : value;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

}  // namespace appcreate::test
