// The open connections of one store, lent out one thread at a time. Opened at first use, and again after the file was
// replaced: all of the old ones are closed before a new one is opened, because two files with one log would be ruin.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sqlite/batch.h"
#include "sqlite/connection.h"
#include "sqlite/files.h"
#include "sqlite/idempotency.h"
#include "sqlite/key_lookup.h"
#include "sqlite/schema.h"

namespace appcreate::sqlite {

// A connection to a file that was found to be a store, and the prepared statements that belong to its use.
struct Session {
    Session(const std::string &path, Use use, Deadline deadline);

    Connection connection;
    SchemaCheck schema;
    std::optional<Batch> batch;     // Use::kWrite
    std::optional<KeyLookup> keys;  // Use::kRead
    RequestSweep requests;          // Use::kMaintain
};

class Sessions {
  public:
    // Keeps at most `readers` connections for reading.
    Sessions(std::string path, std::size_t readers);

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

      private:
        Sessions *owner_;
        Use use_;
        std::unique_ptr<Session> session_;
    };

    // A session whose locks are waited for until `deadline`. Throws Error and Failure.
    Lease lend(Use use, Deadline deadline);

    // Has the store been reached since this process started?
    [[nodiscard]] bool in_use();

  private:
    void wait_for_return(std::unique_lock<std::mutex> &lock, Deadline deadline);
    void close_all() noexcept;
    std::vector<std::unique_ptr<Session>> &idle(Use use) noexcept;
    std::unique_ptr<Session> take_idle(Use use) noexcept;
    void give_back(Use use, std::unique_ptr<Session> session) noexcept;

    const std::string path_;
    const std::size_t readers_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Session>> writers_idle_, readers_idle_, maintainers_idle_;
    std::size_t lent_ = 0;
    std::optional<FileIdentity> files_;  // of the open connections
    bool replaced_ = false;              // nothing is lent until all are back and closed
};

}  // namespace appcreate::sqlite
