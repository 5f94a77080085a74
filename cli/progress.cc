#include "progress.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <utility>

namespace appctl {
namespace {

constexpr std::uint64_t kWidth = 40;  // of the bar alone: the line fits the narrowest usual terminal
constexpr std::int64_t kPauseMs = 100;

std::int64_t now() {
    using std::chrono::steady_clock;
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// `of` out of `done` in `total`; all of it when there is nothing to do.
std::uint64_t share(std::uint64_t done, std::uint64_t total, std::uint64_t of) {
    if (total == 0 || done >= total) return of;
    return static_cast<std::uint64_t>(static_cast<double>(of) * static_cast<double>(done) / static_cast<double>(total));
}

}  // namespace

ProgressBar::ProgressBar(std::string title) : title_(std::move(title)), is_seen_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
    if (!is_drawn_) return;
    draw(done_, total_);
    std::cerr << "\n" << std::flush;
}

void ProgressBar::show(std::uint64_t done, std::uint64_t total) {
    done_ = done;
    total_ = total;
    if (!is_seen_ || (is_drawn_ && now() - drawn_at_ < kPauseMs)) return;
    is_drawn_ = true;
    draw(done, total);
    drawn_at_ = now();
}

// The line only grows, so it covers what it was.
void ProgressBar::draw(std::uint64_t done, std::uint64_t total) {
    constexpr std::uint64_t kAll = 100;
    const auto filled = static_cast<std::size_t>(share(done, total, kWidth));
    std::string percent = std::to_string(share(done, total, kAll));
    percent.insert(0, 3 - percent.size(), ' ');
    std::cerr << "\r" << title_ << " [" << std::string(filled, '#') << std::string(kWidth - filled, '.') << "] "
              << percent << "% " << done << "/" << total << std::flush;
}

int show_progress(void *bar, std::uint64_t done, std::uint64_t total) noexcept {
    try {
        static_cast<ProgressBar *>(bar)->show(done, total);
    } catch (...) {
        // A bar that cannot be drawn keeps nothing from being done.
    }
    return 0;
}

}  // namespace appctl
