#include "sqlite/serve/write_loop.h"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <span>

#include "base/failure.h"

namespace appcreate::sqlite {
namespace {

// How often is looked whether the process that is at it has died.
constexpr std::int64_t kLook = 20'000'000;  // ns

}  // namespace

// One call.
class WriteRun {
  public:
    WriteRun(WriteLoop &loop, const Source &source, Deadline deadline)
        : loop_(loop), source_(source), lane_(loop.exchange_), deadline_(deadline) {
        if (!lane_.exists()) return;
        const MutexLock lock(loop_.mutex_);
        loop_.lanes_.push_back(&lane_);
    }
    WriteRun(const WriteRun &) = delete;
    WriteRun &operator=(const WriteRun &) = delete;
    ~WriteRun() {
        if (!lane_.exists()) return;
        const MutexLock lock(loop_.mutex_);
        std::erase(loop_.lanes_, &lane_);
    }

    void run() {
        while (step()) {
        }
    }

  private:
    // False: there is nothing left to do.
    bool step() {
        const std::uint32_t seen = lane_.signal();
        try {
            const bool is_ending = source_.is_ending();
            collect(is_ending);
            drop_expired(is_ending);
            if (mine_.empty() && lane_.posted() == 0 && !source_.is_pending()) return false;
            return is_well_ && lane_.exists() ? write_with_others(seen) : write_alone(seen);
        } catch (const std::bad_alloc &) {
            lane_.wait(seen, kLook);
            return true;
        } catch (const Failure &failure) {
            // The turn did not come. Who still waits in the host's own list is the host's to answer.
            if (failure.status() != AC_ETIMEOUT || (mine_.empty() && lane_.posted() == 0)) throw;
            renew_deadline();
            return true;
        }
    }

    bool write_with_others(std::uint32_t seen) {
        {
            Exchange::Combiner combiner(loop_.exchange_);
            if (combiner.exists()) return combine(combiner) || is_any_left();
        }
        // Another process is at it.
        if (mine_.empty()) post();
        if (!mine_.empty()) return write_alone(seen);
        if (lane_.posted() == 0) return false;
        lane_.wait(seen, kLook);
        const std::optional<std::int64_t> since = lane_.waiting_since();
        if (since && monotonic_ns() - *since > loop_.patience_ns_) collect(true);
        return true;
    }

    // As long as there is work, whoever's: another process would begin with reading what this one has changed.
    // False: there was none.
    bool combine(Exchange::Combiner &combiner) {
        for (bool has_written = false;; has_written = true) {
            Members members(source_, mine_, &combiner);
            if (!write_in_turn(members)) return has_written || members.count() > 0;
            collect(false);
            if (source_.is_pending() || !mine_.empty()) continue;
            if (source_.is_ending() || combiner.waiting() == 0) return true;
        }
    }

    // In a transaction for this process alone.
    bool write_alone(std::uint32_t seen) {
        Members members(source_, mine_, nullptr);
        if (!is_well_) {
            // A store that has just failed is tried again but not waited for, until all that is pending was told.
            if (write(members, monotonic_ns()) || members.count() > 0) return true;
            if (lane_.posted() > 0) lane_.wait(seen, kLook);
            return is_any_left();
        }
        return write_in_turn(members) || members.count() > 0 || is_any_left();
    }

    [[nodiscard]] bool is_any_left() const noexcept { return lane_.posted() > 0 || !mine_.empty(); }

    bool write_in_turn(Members &members) {
        const Turn::Guard guard(loop_.turn_, deadline_);
        return write(members, deadline_);
    }

    // False: nothing was to be done, or it failed.
    bool write(Members &members, Deadline deadline) {
        const BatchWriter::Outcome outcome = loop_.writer_.run(members, deadline);
        is_well_ = outcome.is_well;
        renew_deadline();
        return outcome.is_well && outcome.creates > 0;
    }

    // What comes next arrived later.
    void renew_deadline() noexcept { deadline_ = std::max(deadline_, monotonic_ns() + loop_.timeout_ns_); }

    void post() {
        std::array<Create *, kBatchCreates> creates{};
        mine_.reserve(mine_.size() + creates.size());
        lane_.reserve(creates.size());
        const std::size_t n = source_.take(creates, kBatchBytes);
        for (Create *create : std::span(creates).first(n)) {
            if (create->deadline == 0) create->deadline = deadline_;
            if (!lane_.post(*create)) mine_.push_back(create);
        }
    }

    // What is back from others; with `all` also what they have not begun.
    void collect(bool all) {
        if (lane_.posted() == 0) return;
        mine_.reserve(mine_.size() + lane_.posted());
        const Exchange::Lane::Back &back = lane_.collect(all);
        mine_.insert(mine_.end(), back.unanswered.begin(), back.unanswered.end());
        if (!back.answered.empty()) source_.done(back.answered);
    }

    void drop_expired(bool all) {
        if (mine_.empty()) return;
        const std::int64_t now = monotonic_ns();
        const auto kept = std::stable_partition(mine_.begin(), mine_.end(),
                                                [&](const Create *create) { return !all && !create->is_over(now); });
        const std::vector<Create *> dropped(kept, mine_.end());
        mine_.erase(kept, mine_.end());
        for (Create *create : dropped) create->refuse(AC_CODE_DATABASE);
        if (!dropped.empty()) source_.done(dropped);
    }

    WriteLoop &loop_;
    const Source &source_;
    Exchange::Lane lane_;
    Deadline deadline_;
    bool is_well_ = true;
    std::vector<Create *> mine_;  // taken from the source, and neither posted nor answered
};

WriteLoop::WriteLoop(BatchWriter &writer, Turn &turn, const StoreOptions &options)
    : writer_(writer),
      turn_(turn),
      exchange_(options.exchange),
      timeout_ns_(options.timeout_ms * 1'000'000),
      patience_ns_(options.exchange_patience_ms * 1'000'000) {}

void WriteLoop::run(const Source &source, Deadline deadline) { WriteRun(*this, source, deadline).run(); }

void WriteLoop::notify() noexcept {
    const MutexLock lock(mutex_);
    for (Exchange::Lane *lane : lanes_) lane->wake();
}

}  // namespace appcreate::sqlite
