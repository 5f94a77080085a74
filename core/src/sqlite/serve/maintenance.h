// The thread that keeps the store in shape while it is served: checkpoints, and sweeps of expired requests. Every
// process has one; one at a time works.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <thread>

#include "base/mutex.h"
#include "sqlite/serve/checkpoint.h"
#include "sqlite/serve/health.h"
#include "sqlite/serve/sessions.h"
#include "sqlite/serve/turn.h"

namespace appcreate::sqlite {

class Maintenance {
  public:
    Maintenance(Sessions &sessions, Turn &turn, Log log, const std::string &path, const WalLimits &limits,
                bool external_checkpoint);
    Maintenance(const Maintenance &) = delete;
    Maintenance &operator=(const Maintenance &) = delete;
    ~Maintenance();

    // Throws std::system_error when there is no thread to be had.
    void start();
    [[nodiscard]] bool is_running() const noexcept { return thread_.joinable(); }

    // Milliseconds since 1970; 0: there was none by this thread.
    [[nodiscard]] std::int64_t last_checkpoint() const noexcept { return last_checkpoint_; }

    // After a commit, by the one who holds the turn: lets the thread know, or does its work where there is none.
    void after_commit(Connection &connection) noexcept;

  private:
    // While an AtWork lives, ~Maintenance interrupts the statement on its connection.
    class AtWork {
      public:
        AtWork(Maintenance &owner, const Connection &connection);
        AtWork(const AtWork &) = delete;
        AtWork &operator=(const AtWork &) = delete;
        ~AtWork();

      private:
        Maintenance &owner_;
    };

    void share_work(Connection &connection);
    void run();
    bool pause(std::int64_t ns, bool urgent_too);
    bool is_stopping();
    void tick();
    void maintain(Session &session);
    void sweep(Session &session);

    Sessions &sessions_;
    Turn &turn_;
    const std::string path_;
    const WalLimits limits_;
    const bool external_checkpoint_;  // the WAL is another program's to copy
    Health health_;

    Mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ GUARDED_BY(mutex_) = false;
    bool urgent_ GUARDED_BY(mutex_) = false;
    const Connection *at_work_ GUARDED_BY(mutex_) = nullptr;  // interrupted to stop

    std::atomic<std::uint32_t> helped_at_ = 0;
    std::atomic<std::int64_t> last_checkpoint_ = 0;

    // The thread's own.
    std::uint64_t last_commits_ = 0;
    bool first_ = true;
    bool is_stuck_ = false;  // a checkpoint or a turn failed: not again before the next tick

    std::thread thread_;
};

}  // namespace appcreate::sqlite
