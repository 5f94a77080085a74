#include "mongo/serve/health.h"

#include <algorithm>
#include <new>
#include <utility>

#include "mongo/driver/failure.h"

namespace appcreate::mongo {
namespace {

// While a server stalls or an election runs, one failure follows another; those are one state. What the server itself
// refuses is another one for each of its reasons.
constexpr int kAway = 0;

int reason_of(const Failure &failure) {
    const auto *server = dynamic_cast<const ServerFailure *>(&failure);
    if (server != nullptr && server->kind() != ServerFailure::Kind::kRefused) return kAway;
    return failure.detail() != 0 ? failure.detail() : failure.status();
}

const char *name_of(Health::Work work) {
    switch (work) {
        case Health::Work::kWriting:
            return "writing";
        case Health::Work::kLookingUp:
            return "looking up keys";
        default:
            return "reading applications";
    }
}

}  // namespace

Health::Health(ac_log_fn log, void *ctx, std::string store) : log_(log), ctx_(ctx), store_(std::move(store)) {}

void Health::failed(Work work, const Failure &failure) noexcept {
    const int reason = reason_of(failure);
    failed(work, reason, [&] {
        // Here alone: a program that asks once, such as appctl, tries nothing again.
        return std::string(name_of(work)) + " fails: " + failure.what() +
               (reason == kAway ? "; this is tried again" : "");
    });
}

void Health::ran_out_of_memory(Work work) noexcept {
    failed(work, AC_ENOMEM,
           [&] { return std::string(name_of(work)) + " fails: " + "out of memory; give the process more memory"; });
}

template <class Text>
void Health::failed(Work work, int reason, const Text &text) noexcept {
    const MutexLock lock(mutex_);
    const bool is_news = std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end();
    reasons_[static_cast<std::size_t>(work)] = reason;
    is_down_ = true;
    if (is_news) say(AC_LOG_ERROR, text);
}

void Health::worked(Work work) noexcept {
    if (!is_down_) return;
    const MutexLock lock(mutex_);
    if (!is_down_) return;
    reasons_[static_cast<std::size_t>(work)].reset();
    for (const Work reading : {Work::kLookingUp, Work::kReading}) {
        auto &reason = reasons_[static_cast<std::size_t>(reading)];
        if (reason == kAway) reason.reset();
    }
    if (std::any_of(reasons_.begin(), reasons_.end(), [](const auto &reason) { return reason.has_value(); })) return;
    is_down_ = false;
    say(AC_LOG_RECOVERED, [&] { return about(store_, "works again"); });
}

template <class Text>
void Health::say(int level, const Text &text) const noexcept {
    if (log_ == nullptr) return;
    try {
        const std::string line = text();
        log_(ctx_, level, line.data(), line.size());
    } catch (const std::bad_alloc &) {
    }
}

}  // namespace appcreate::mongo
