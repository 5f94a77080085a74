// The thread that keeps the store in shape while it is served: checkpoints, and sweeps of expired requests. Every
// process has one; one at a time works.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "sqlite/checkpoint.h"
#include "sqlite/health.h"
#include "sqlite/sessions.h"
#include "sqlite/turn.h"

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

    // After a commit, by the one who holds the turn: lets the thread know, or does its work where there is none.
    void after_commit(Connection &connection) noexcept;

  private:
    // For as long as it lives the destructor interrupts what runs on the connection.
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
    const bool external_checkpoint_;  // the log is another program's to copy
    Health health_;

    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    bool urgent_ = false;
    const Connection *at_work_ = nullptr;  // interrupted to stop

    std::atomic<std::uint32_t> helped_at_ = 0;

    // The thread's own.
    std::uint64_t last_commits_ = 0;
    bool first_ = true;
    bool is_stuck_ = false;  // nothing to be gained by trying again before the next tick

    std::thread thread_;
};

}  // namespace appcreate::sqlite
