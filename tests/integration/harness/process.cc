#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "files.h"

namespace appcreate::harness {

namespace {

class MemoryFile {
  public:
    explicit MemoryFile(std::string_view content = {}) : fd_(memfd_create("harness", MFD_CLOEXEC)) {
        if (fd_ < 0 || ::write(fd_, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
            throw std::runtime_error("cannot make a memory file");
        }
        lseek(fd_, 0, SEEK_SET);
    }
    MemoryFile(const MemoryFile &) = delete;
    MemoryFile &operator=(const MemoryFile &) = delete;
    ~MemoryFile() { close(fd_); }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::string content() const {
        lseek(fd_, 0, SEEK_SET);
        std::string all;
        char part[4096];
        for (ssize_t n = 0; (n = ::read(fd_, part, sizeof part)) > 0;) {
            all.append(part, static_cast<std::size_t>(n));
        }
        return all;
    }

  private:
    int fd_;
};

std::vector<char *> pointers(std::vector<std::string> &strings) {
    std::vector<char *> result;
    result.reserve(strings.size() + 1);
    for (std::string &one : strings) {
        result.push_back(one.data());
    }
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged_environment(const Environment &environment) {
    std::vector<std::string> result;
    for (char **one = environ; *one != nullptr; ++one) {
        const std::string_view line = *one;
        if (!environment.contains(std::string(line.substr(0, line.find('='))))) {
            result.emplace_back(line);
        }
    }
    for (const auto &[name, value] : environment) {
        result.push_back(name + "=" + value);
    }
    return result;
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

// Everything is prepared before the fork: the test may have threads.
pid_t spawn(std::vector<std::string> argv, const Environment &environment, int in, int out, int err) {
    std::vector<std::string> env = merged_environment(environment);
    const std::vector<char *> argv_pointers = pointers(argv);
    const std::vector<char *> env_pointers = pointers(env);
    const pid_t child = fork();
    if (child < 0) {
        throw std::runtime_error("cannot fork");
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        close_range(3, ~0U, 0);
        execvpe(argv_pointers[0], argv_pointers.data(), env_pointers.data());
        _exit(127);
    }
    return child;
}

}  // namespace

Outcome run(const std::vector<std::string> &argv, std::string_view input, const Environment &environment) {
    const MemoryFile in(input);
    const MemoryFile out;
    const MemoryFile err;
    const pid_t child = spawn(argv, environment, in.fd(), out.fd(), err.fd());
    int raw = 0;
    while (waitpid(child, &raw, 0) < 0 && errno == EINTR) {
    }
    return {status_of(raw), out.content(), err.content()};
}

pid_t start(const std::vector<std::string> &argv, const std::string &log, const Environment &environment) {
    const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const pid_t child = spawn(argv, environment, in, out, out);
    close(in);
    close(out);
    return child;
}

std::optional<int> wait_for(pid_t child, std::chrono::seconds limit) {
    int raw = 0;
    if (!eventually([&] { return waitpid(child, &raw, WNOHANG) == child; }, limit)) {
        return std::nullopt;
    }
    return status_of(raw);
}

bool eventually(const std::function<bool()> &done, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

std::vector<pid_t> children_of(pid_t parent, std::string_view text) {
    std::vector<pid_t> result;
    for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const std::string status = read_file(entry.path() / "status");
        const std::size_t at = status.find("\nPPid:");
        if (at == std::string::npos || std::atoi(status.c_str() + at + 6) != parent) {
            continue;
        }
        if (read_file(entry.path() / "cmdline").find(text) != std::string::npos) {
            result.push_back(std::atoi(name.c_str()));
        }
    }
    return result;
}

bool is_alive(pid_t process) {
    const std::string status = read_file("/proc/" + std::to_string(process) + "/status");
    return !status.empty() && status.find("State:\tZ") == std::string::npos;
}

std::size_t resident_kib(pid_t process) {
    const std::string status = read_file("/proc/" + std::to_string(process) + "/status");
    const std::size_t at = status.find("RssAnon:");
    return at == std::string::npos ? 0 : std::strtoul(status.c_str() + at + 8, nullptr, 10);
}

}  // namespace appcreate::harness
