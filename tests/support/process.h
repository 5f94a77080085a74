// Other programs: one that runs to its end, and one that stays.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace appcreate::test {

using Environment = std::map<std::string, std::string>;

struct Outcome {
    int status = 0;  // exit code, or 128 and the signal
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string_view input = {};
    // Besides the test's own, less APP_CREATE_STORE: no test works on a store that somebody else has named.
    Environment environment = {};
    bool closed_output = false;    // nobody reads standard output
    bool full_output = false;      // standard output is a full device
    bool terminal_errors = false;  // standard error is a terminal
};

// Runs to the end. Throws std::runtime_error only when it cannot be started; a program that is not there ends with 127.
Outcome run(const std::vector<std::string> &argv, const RunOptions &options = {});

// File of memory, as a program's input or output.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view content = {});
    MemoryFile(const MemoryFile &) = delete;
    MemoryFile &operator=(const MemoryFile &) = delete;
    ~MemoryFile();
    [[nodiscard]] int fd() const { return fd_; }
    // From its start to its end.
    [[nodiscard]] std::string content() const;

  private:
    int fd_;
};

struct Streams {
    int in = -1;  // descriptors; -1: nothing
    int out = -1;
    int err = -1;
    int signal_of_death = SIGTERM;  // comes when the thread that started it has ended
};

// Starts and does not wait. The caller reaps it.
pid_t start(const std::vector<std::string> &argv, const Streams &streams, const Environment &environment = {});
// The same; stderr and stdout go to the end of the file `log`.
pid_t start(const std::vector<std::string> &argv, const std::string &log, const Environment &environment = {});

// How a child ended, as Outcome::status says it; waits for that.
int reap(pid_t child);
// The same, or nothing when it still runs after `limit`.
std::optional<int> wait_for(pid_t child, std::chrono::seconds limit);
// Until all of its threads have stopped after a SIGSTOP.
void wait_for_stop(pid_t child);

// Processes whose parent is `parent` and whose command line contains `text`.
std::vector<pid_t> children_of(pid_t parent, std::string_view text);
bool is_alive(pid_t process);
// Memory of its own: neither files nor what is shared.
std::size_t resident_kib(pid_t process);

}  // namespace appcreate::test
