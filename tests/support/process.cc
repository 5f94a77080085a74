#include "support/process.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/fd.h"
#include "support/files.h"
#include "support/wait.h"

namespace appcreate::test {
namespace {

std::vector<char *> pointers(std::vector<std::string> &strings) {
    std::vector<char *> result;
    result.reserve(strings.size() + 1);
    for (std::string &one : strings) result.push_back(one.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged_environment(const Environment &environment) {
    std::vector<std::string> result;
    for (char **one = environ; *one != nullptr; ++one) {
        const std::string_view line = *one;
        const std::string_view name = line.substr(0, line.find('='));
        if (name != "APP_CREATE_STORE" && !environment.contains(std::string(name))) result.emplace_back(line);
    }
    for (const auto &[name, value] : environment) result.push_back(name + "=" + value);
    return result;
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

// A pipe that nobody reads.
void make_closed(Fd &write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    close(ends[0]);
    write_end = Fd(ends[1]);
}

void make_terminal(Fd &ours, Fd &theirs) {
    int ends[2];
    if (openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) != 0) throw std::runtime_error("cannot make a terminal");
    for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
}

// Until nobody has the terminal open any more, when reading it fails.
std::string read_terminal(int terminal) {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = read(terminal, part, sizeof part)) > 0;) all.append(part, static_cast<std::size_t>(n));
    return all;
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content) : fd_(memfd_create("test", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::write(fd_, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        throw std::runtime_error("cannot make a memory file");
    }
    lseek(fd_, 0, SEEK_SET);
}

MemoryFile::~MemoryFile() { close(fd_); }

std::string MemoryFile::content() const {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = pread(fd_, part, sizeof part, static_cast<off_t>(all.size()))) > 0;) {
        all.append(part, static_cast<std::size_t>(n));
    }
    return all;
}

Outcome run(const std::vector<std::string> &argv, const RunOptions &options) {
    const MemoryFile in(options.input);
    const MemoryFile out;
    const MemoryFile err;
    Fd other_out;
    Fd terminal;
    Fd other_err;
    if (options.closed_output) make_closed(other_out);
    if (options.full_output) other_out = Fd(open("/dev/full", O_WRONLY | O_CLOEXEC));
    if (options.terminal_errors) make_terminal(terminal, other_err);
    const Streams streams{in.fd(), other_out ? other_out.get() : out.fd(), other_err ? other_err.get() : err.fd()};
    const pid_t child = start(argv, streams, options.environment);
    other_err.reset();
    const std::string shown = terminal ? read_terminal(terminal.get()) : std::string();
    const int status = reap(child);
    return {status, out.content(), terminal ? shown : err.content()};
}

pid_t start(const std::vector<std::string> &argv, const Streams &streams, const Environment &environment) {
    // Everything is prepared before the fork: the test may have threads.
    std::vector<std::string> words = argv;
    std::vector<std::string> variables = merged_environment(environment);
    const std::vector<char *> argv_pointers = pointers(words);
    const std::vector<char *> env_pointers = pointers(variables);
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    const auto descriptor = [&](int fd) { return fd >= 0 ? fd : null.get(); };
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, streams.signal_of_death);
        if (getppid() != parent) _exit(127);
        dup2(descriptor(streams.in), STDIN_FILENO);
        dup2(descriptor(streams.out), STDOUT_FILENO);
        dup2(descriptor(streams.err), STDERR_FILENO);
        close_range(3, ~0U, 0);
        // A test may ignore it.
        ::signal(SIGPIPE, SIG_DFL);
        execvpe(argv_pointers[0], argv_pointers.data(), env_pointers.data());
        _exit(127);
    }
    return child;
}

pid_t start(const std::vector<std::string> &argv, const std::string &log, const Environment &environment) {
    const Fd file(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    return start(argv, Streams{-1, file.get(), file.get()}, environment);
}

int reap(pid_t child) {
    int raw = 0;
    while (waitpid(child, &raw, 0) < 0) {
        if (errno != EINTR) throw std::runtime_error("there is no child " + std::to_string(child));
    }
    return status_of(raw);
}

std::optional<int> wait_for(pid_t child, std::chrono::seconds limit) {
    int raw = 0;
    if (!eventually([&] { return waitpid(child, &raw, WNOHANG) == child; }, limit)) return std::nullopt;
    return status_of(raw);
}

void wait_for_stop(pid_t child) {
    int raw = 0;
    while (waitpid(child, &raw, WUNTRACED) == child && !WIFSTOPPED(raw)) {
    }
}

std::vector<pid_t> children_of(pid_t parent, std::string_view text) {
    std::vector<pid_t> result;
    for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const std::string status = read_file(entry.path() / "status");
        const std::size_t at = status.find("\nPPid:");
        if (at == std::string::npos || std::atoi(status.c_str() + at + 6) != parent) continue;
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

}  // namespace appcreate::test
