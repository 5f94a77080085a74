// Other programs: one that runs to its end, and one that stays.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace appcreate::harness {

using Environment = std::map<std::string, std::string>;

struct Outcome {
    int status = 0;  // exit code, or 128 and the signal
    std::string out;
    std::string err;
};

// Runs to the end. Throws only when it cannot be started.
Outcome run(const std::vector<std::string> &argv, std::string_view input = {}, const Environment &environment = {});

// Starts and does not wait; stderr and stdout go to `log`. The child dies with the thread that started it.
pid_t start(const std::vector<std::string> &argv, const std::string &log, const Environment &environment = {});

// The exit status of a child as in Outcome, or nothing when it still runs after `limit`.
std::optional<int> wait_for(pid_t child, std::chrono::seconds limit);

// Polls until `done` is true; false when that takes longer than `limit`.
bool eventually(const std::function<bool()> &done, std::chrono::seconds limit = std::chrono::seconds(20));

// Processes whose parent is `parent` and whose command line contains `text`.
std::vector<pid_t> children_of(pid_t parent, std::string_view text);
bool is_alive(pid_t process);
// Memory of its own: neither files nor what is shared.
std::size_t resident_kib(pid_t process);

}  // namespace appcreate::harness
