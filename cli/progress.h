// A progress bar on standard error, for people only: nothing where that is no terminal.
#pragma once

#include <cstdint>
#include <string>

namespace appctl {

class ProgressBar {
  public:
    explicit ProgressBar(std::string title);
    ProgressBar(const ProgressBar &) = delete;
    ProgressBar &operator=(const ProgressBar &) = delete;
    // Leaves the line, so that what is said next has one of its own.
    ~ProgressBar();

    // Draws what is to be seen, ten times a second at most.
    void show(std::uint64_t done, std::uint64_t total);

  private:
    void draw(std::uint64_t done, std::uint64_t total);

    const std::string title_;
    const bool is_seen_;
    bool is_drawn_ = false;
    std::int64_t drawn_at_ = 0;  // CLOCK_MONOTONIC, ms
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

// An ac_progress_fn whose context is a ProgressBar. Never stops the work.
int show_progress(void *bar, std::uint64_t done, std::uint64_t total) noexcept;

}  // namespace appctl
