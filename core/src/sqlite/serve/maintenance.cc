#include "sqlite/serve/maintenance.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <exception>

#include "sqlite/file/failure.h"

namespace appcreate::sqlite {
namespace {

constexpr std::int64_t kTick = 1'000'000'000;  // ns
constexpr std::int64_t kPolite = 5'000'000;    // ns between two sweeps
constexpr int kSweepsPerTick = 100;

// Signals are the host's, whose handlers belong on its own threads.
class NoSignals {
  public:
    NoSignals() noexcept {
        sigset_t all;
        sigfillset(&all);
        for (const int signal : {SIGILL, SIGFPE, SIGSEGV, SIGBUS}) sigdelset(&all, signal);
        pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    NoSignals(const NoSignals &) = delete;
    NoSignals &operator=(const NoSignals &) = delete;
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

}  // namespace

Maintenance::Maintenance(Sessions &sessions, Turn &turn, Log log, const std::string &path, const WalLimits &limits,
                         bool external_checkpoint)
    : sessions_(sessions),
      turn_(turn),
      path_(path),
      limits_(limits),
      external_checkpoint_(external_checkpoint),
      health_(log, path, "checkpointing") {}

void Maintenance::start() {
    const NoSignals quiet;
    thread_ = std::thread([this] { run(); });
}

Maintenance::~Maintenance() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        if (at_work_ != nullptr) at_work_->interrupt();
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

// What was committed stays committed: a checkpoint that fails here will fail again where it is reported.
void Maintenance::after_commit(Connection &connection) noexcept {
    try {
        share_work(connection);
    } catch (const std::exception &) {
    }
}

void Maintenance::share_work(Connection &connection) {
    turn_.committed(connection.wal_frames());
    const std::uint32_t pending = turn_.pending();
    if (external_checkpoint_) return;
    if (!is_running()) {
        if (pending >= limits_.without_checkpointer_at) help(connection, turn_);
        return;
    }
    if (pending < limits_.copy_at) {
        helped_at_ = 0;
        return;
    }
    {
        const MutexLock lock(mutex_);
        urgent_ = true;
    }
    wake_.notify_one();
    // A reader that stays keeps the WAL from shrinking: then only now and again, since each attempt costs.
    if (pending >= limits_.writers_help_at && pending - helped_at_ >= limits_.restart_at) {
        help(connection, turn_);
        helped_at_ = turn_.pending();
    }
}

bool Maintenance::pause(std::int64_t ns, bool urgent_too) {
    MutexLock lock(mutex_);
    wake_.wait_for(lock.native(), std::chrono::nanoseconds(ns),
                   [&]() REQUIRES(mutex_) { return stopping_ || (urgent_too && urgent_); });
    urgent_ = false;
    return !stopping_;
}

bool Maintenance::is_stopping() {
    const MutexLock lock(mutex_);
    return stopping_;
}

void Maintenance::run() {
    while (pause(kTick, !is_stuck_)) {
        try {
            guarded(path_, [this] { tick(); });
            health_.worked();
        } catch (const Failure &failure) {
            is_stuck_ = true;
            // A turn that did not come is no failure of the store.
            if (failure.status() != AC_ETIMEOUT && !is_stopping()) health_.failed(failure);
        } catch (const std::exception &) {
            // Memory is short: later.
            is_stuck_ = true;
        }
    }
}

void Maintenance::tick() {
    if (!sessions_.in_use()) return;
    is_stuck_ = false;
    // Each time, because it finds out what became of the files.
    with_session(sessions_, Use::kMaintain, monotonic_ns() + kTick, [this](Sessions::Lease &session) {
        const AtWork at_work(*this, session->connection);
        {
            const Transaction transaction(session->connection, Transaction::Kind::kRead);
            session->lineage.verify();
            session.see_key_changes();
            session.see_freeze();
        }
        maintain(*session);
    });
}

Maintenance::AtWork::AtWork(Maintenance &owner, const Connection &connection) : owner_(owner) {
    const MutexLock lock(owner_.mutex_);
    owner_.at_work_ = &connection;
}

Maintenance::AtWork::~AtWork() {
    const MutexLock lock(owner_.mutex_);
    owner_.at_work_ = nullptr;
}

void Maintenance::maintain(Session &session) {
    const std::uint64_t commits = turn_.commits();
    const bool is_idle = commits == last_commits_;
    last_commits_ = commits;
    const std::uint32_t pending = turn_.pending();
    // Others than the turn's writers commit too: the WAL's size tells, which is 0 after the last time.
    const bool is_to_empty = is_idle && size_of(sessions_.wal_path()) > 0;
    const bool is_due = !external_checkpoint_ && (first_ || pending >= limits_.copy_at || is_to_empty);
    const bool is_sweep_due = session.requests.is_due(session.connection, now_ms());
    if ((!is_due && !is_sweep_due) || is_stopping()) return;

    const Turn::Election election(turn_);
    is_stuck_ = !election.won();
    if (is_stuck_) return;
    if (is_due) {
        is_stuck_ = !(is_to_empty ? empty_wal(session.connection, turn_, kTick)
                                  : checkpoint(session.connection, turn_, limits_, kTick));
        first_ = false;
        if (!is_stuck_) last_checkpoint_ = now_ms();
    }
    if (is_sweep_due) sweep(session);
}

void Maintenance::sweep(Session &session) {
    for (int i = 0; i < kSweepsPerTick; ++i) {
        bool is_more = false;
        {
            const Turn::Guard guard(turn_, monotonic_ns() + kTick);
            is_more = session.write([&] { return session.requests.step(session.connection, now_ms()); });
            turn_.committed(session.connection.wal_frames());
        }
        if (!is_more || !pause(kPolite, false)) return;
    }
}

}  // namespace appcreate::sqlite
