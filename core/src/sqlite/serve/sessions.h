// The open connections of one store, lent out one thread at a time. Opened at first use, and again after a file was
// replaced, deleted or cut: all old connections are closed before a new one is opened, here and (open_file.h) in all
// processes. Two database files that share one -wal would both be corrupted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/files.h"
#include "sqlite/file/open_file.h"
#include "sqlite/serve/health.h"
#include "sqlite/serve/session.h"
#include "sqlite/serve/turn.h"

namespace appcreate::sqlite {

class Sessions {
  public:
    struct Options {
        std::string path;
        std::size_t readers = 1;           // keeps at most so many connections for reading
        bool serves = false;               // a damaged file is not even read from
        bool external_checkpoint = false;  // leaves the WAL to another program, also when the last one closes
        Log log;
    };
    // Refers to `turn`.
    Sessions(Options options, Turn &turn);
    Sessions(const Sessions &) = delete;
    Sessions &operator=(const Sessions &) = delete;
    // Nothing may be lent. Brings the WAL into the file, so that the file is whole by itself, and lets the last process
    // that has it open remove the side files.
    ~Sessions();

    class Lease {
      public:
        Lease(Sessions &owner, Use use, std::unique_ptr<Session> session) noexcept;
        Lease(const Lease &) = delete;
        Lease &operator=(const Lease &) = delete;
        ~Lease();
        Session *operator->() const noexcept { return session_.get(); }
        Session &operator*() const noexcept { return *session_; }
        // Closes it instead of keeping it: after an error that reopening may mend.
        void discard() noexcept { session_.reset(); }
        // After a commit and before it is acknowledged: it went to the files whose names these are. Throws FileChanged.
        void confirm();
        // Inside a transaction: looks whether keys were changed, and lets Sessions::key_changes() know.
        std::uint32_t see_key_changes();
        // The same for whether creates of the whole store are frozen, and Sessions::frozen().
        Freeze see_freeze();

      private:
        Sessions *owner_;
        Use use_;
        std::unique_ptr<Session> session_;
    };

    // A session whose locks are waited for until `deadline`, as is everything else here. Throws Error and Failure.
    Lease lend(Use use, Deadline deadline);

    // An error of a lent session: after some of them nothing is lent until all sessions are back, closed and opened
    // anew.
    void met(Change change) noexcept;
    void met(const Error &error) noexcept;

    // Has the store been reached since this process started?
    [[nodiscard]] bool in_use();
    // The path of the WAL as it is open, empty when nothing is.
    [[nodiscard]] std::string wal_path();
    // As a lease last saw it; 0: none has looked yet.
    [[nodiscard]] std::uint32_t key_changes() const noexcept { return key_changes_; }
    [[nodiscard]] Freeze frozen() const noexcept { return frozen_; }

  private:
    using Idle = std::vector<std::unique_ptr<Session>>;

    Lease lend_one(Use use, Deadline deadline);
    void look() noexcept REQUIRES(mutex_);
    void look_at_note() noexcept REQUIRES(mutex_);
    void condemn(Change change, const FileStamp &file) noexcept;
    void start_closing(Change change) noexcept REQUIRES(mutex_);
    void wait(MutexLock &lock, Deadline deadline, const char *what) REQUIRES(mutex_);
    void finish_closing(MutexLock &lock, Deadline deadline) REQUIRES(mutex_);
    void refuse_condemned(Use use);
    void prove_whole(const std::string &real, Use use, Deadline deadline);
    [[nodiscard]] bool is_to_be_noted() const noexcept;
    void note_condemned() noexcept;
    std::unique_ptr<Session> open(Use use, Deadline deadline) REQUIRES(mutex_);
    static bool rescue_wal(Session &session, Deadline deadline) noexcept;
    void forget_all() noexcept REQUIRES(mutex_);
    Idle &idle(Use use) noexcept REQUIRES(mutex_);
    std::unique_ptr<Session> take_any_idle() noexcept REQUIRES(mutex_);
    std::unique_ptr<Session> take_idle(Use use) noexcept REQUIRES(mutex_);
    void give_back(Use use, std::unique_ptr<Session> session) noexcept;
    void checkpoint_at_close(Session &last) noexcept REQUIRES(mutex_);

    const Options options_;
    const std::string &path_;
    Turn &turn_;
    std::atomic<std::uint32_t> key_changes_ = 0;
    std::atomic<Freeze> frozen_ = 0;
    std::atomic<std::int64_t> note_again_at_ = 0;  // where the note of a damaged file cannot be written

    Mutex mutex_;  // nothing that takes time is done with it held
    std::condition_variable changed_;
    Idle writers_idle_ GUARDED_BY(mutex_), readers_idle_ GUARDED_BY(mutex_), maintainers_idle_ GUARDED_BY(mutex_);
    std::size_t lent_ GUARDED_BY(mutex_) = 0;
    bool is_busy_ GUARDED_BY(mutex_) = false;               // a thread opens or closes, without the mutex
    Change closing_ GUARDED_BY(mutex_) = Change::kNone;     // why nothing is lent until all are back and closed
    std::optional<FileIdentity> files_ GUARDED_BY(mutex_);  // of the open connections
    std::unique_ptr<OpenFile> open_file_ GUARDED_BY(mutex_);
    std::string note_path_ GUARDED_BY(mutex_);  // of a damaged file; empty: none is looked for
    FileStamp note_ GUARDED_BY(mutex_);         // as it was when it was read
    bool is_in_doubt_ = false;                  // the open file may be damaged; of whoever is busy
    bool was_touched_ =
        false;  // the same: somebody wrote to the files beside SQLite, and all of them was not read since
};

// Runs `function` on a lent session; one that an error may have spoilt is closed.
template <class Function>
auto with_session(Sessions &sessions, Use use, Deadline deadline, Function &&function) {
    Sessions::Lease session = sessions.lend(use, deadline);
    try {
        return function(session);
    } catch (const Error &error) {
        if (is_mended_by_reopening(error)) session.discard();
        sessions.met(error);
        throw;
    } catch (const FileChanged &changed) {
        sessions.met(changed.change());
        throw;
    }
}

}  // namespace appcreate::sqlite
