// The open connections of one store, lent out one thread at a time. Opened at first use, and again after anything
// became of the files: all of the old ones are closed before a new one is opened, here and (open_file.h) in all
// processes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sqlite/failure.h"
#include "sqlite/files.h"
#include "sqlite/health.h"
#include "sqlite/open_file.h"
#include "sqlite/session.h"
#include "sqlite/turn.h"

namespace appcreate::sqlite {

class Sessions {
  public:
    struct Options {
        std::string path;
        std::size_t readers = 1;           // keeps at most so many connections for reading
        bool serves = false;               // a damaged file is not even read from
        bool external_checkpoint = false;  // leaves the log to another program, also when the last one closes
        Log log;
    };
    // Refers to `turn`.
    Sessions(Options options, Turn &turn);
    Sessions(const Sessions &) = delete;
    Sessions &operator=(const Sessions &) = delete;
    // Nothing may be lent. Brings the log into the file, so that the file is whole by itself, and lets the last process
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

      private:
        Sessions *owner_;
        Use use_;
        std::unique_ptr<Session> session_;
    };

    // A session whose locks are waited for until `deadline`, as is everything else here. Throws Error and Failure.
    Lease lend(Use use, Deadline deadline);

    // What a lent session met: after some of it nothing is lent until all are back, closed and opened anew.
    void met(Change change) noexcept;
    void met(const Error &error) noexcept;

    // Has the store been reached since this process started?
    [[nodiscard]] bool in_use();
    // The path of the log as it is open, empty when nothing is.
    [[nodiscard]] std::string log_path();

  private:
    using Idle = std::vector<std::unique_ptr<Session>>;

    void look() noexcept;
    void start_closing(Change change) noexcept;
    void wait(std::unique_lock<std::mutex> &lock, Deadline deadline, const char *what);
    void finish_closing(std::unique_lock<std::mutex> &lock, Deadline deadline);
    void refuse_condemned(Use use);
    std::unique_ptr<Session> open(std::unique_lock<std::mutex> &lock, Use use, Deadline deadline);
    static bool rescue_log(Session &session, Deadline deadline) noexcept;
    void forget_all() noexcept;
    Idle &idle(Use use) noexcept;
    std::unique_ptr<Session> take_any_idle() noexcept;
    std::unique_ptr<Session> take_idle(Use use) noexcept;
    void give_back(Use use, std::unique_ptr<Session> session) noexcept;
    void settle_log(Session &last) noexcept;

    const Options options_;
    const std::string &path_;
    Turn &turn_;

    std::mutex mutex_;  // guards all that follows; nothing that takes time is done with it held
    std::condition_variable changed_;
    Idle writers_idle_, readers_idle_, maintainers_idle_;
    std::size_t lent_ = 0;
    bool is_busy_ = false;               // a thread opens or closes, without the mutex
    Change closing_ = Change::kNone;     // why nothing is lent until all are back and closed
    std::optional<FileIdentity> files_;  // of the open connections
    std::unique_ptr<OpenFile> open_file_;
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
