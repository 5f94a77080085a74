#include "sqlite/sessions.h"

#include <chrono>
#include <utility>

#include "sqlite/failure.h"

namespace appcreate::sqlite {
namespace {

// For the last checkpoint of a file that was replaced; others may be at the same.
constexpr std::int64_t kFarewell = 100'000'000;  // ns

}  // namespace

Session::Session(const std::string &path, Use use, Deadline deadline)
    : connection(path, use, deadline), schema(connection, path) {
    connection.settle();
    if (use == Use::kWrite) batch.emplace(connection);
    if (use == Use::kRead) keys.emplace(connection);
}

Sessions::Lease::Lease(Sessions &owner, Use use, std::unique_ptr<Session> session) noexcept
    : owner_(&owner), use_(use), session_(std::move(session)) {}

Sessions::Lease::~Lease() {
    if (owner_ != nullptr) owner_->give_back(use_, std::move(session_));
}

// What comes back needs no memory then.
Sessions::Sessions(std::string path, std::size_t readers) : path_(std::move(path)), readers_(readers) {
    readers_idle_.reserve(readers_);
    writers_idle_.reserve(1);
    maintainers_idle_.reserve(1);
}

Sessions::Lease Sessions::lend(Use use, Deadline deadline) {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (!replaced_ && files_ && files_->has_changed()) replaced_ = true;
        if (replaced_) wait_for_return(lock, deadline);
        std::unique_ptr<Session> session = take_idle(use);
        if (session && session->connection.has_moved()) {
            replaced_ = true;
            idle(use).push_back(std::move(session));
            continue;
        }
        // Under the lock, so that no two threads open different files.
        if (!session) {
            session = std::make_unique<Session>(path_, use, deadline);
            if (!files_) files_.emplace(path_);
        }
        session->connection.set_deadline(deadline);
        ++lent_;
        return {*this, use, std::move(session)};
    }
}

bool Sessions::in_use() {
    const std::lock_guard lock(mutex_);
    return files_.has_value();
}

void Sessions::wait_for_return(std::unique_lock<std::mutex> &lock, Deadline deadline) {
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline)};
    if (!returned_.wait_until(lock, until, [this] { return lent_ == 0 || !replaced_; })) {
        throw Failure(AC_ETIMEOUT, about(path_, "the file was replaced and its former one is still in use"));
    }
    if (!replaced_) return;
    close_all();
    replaced_ = false;
}

// What the old file's log holds goes into the old file, wherever that is now.
void Sessions::close_all() noexcept {
    for (std::vector<std::unique_ptr<Session>> *sessions : {&maintainers_idle_, &writers_idle_, &readers_idle_}) {
        if (sessions->empty()) continue;
        Connection &last = sessions->front()->connection;
        last.set_deadline(monotonic_ns() + kFarewell);
        sqlite3_wal_checkpoint_v2(last.raw(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
        break;
    }
    maintainers_idle_.clear();
    writers_idle_.clear();
    readers_idle_.clear();
    if (files_) files_->remove_stale_side_files();
    files_.reset();
}

std::vector<std::unique_ptr<Session>> &Sessions::idle(Use use) noexcept {
    switch (use) {
        case Use::kWrite:
            return writers_idle_;
        case Use::kMaintain:
            return maintainers_idle_;
        default:
            return readers_idle_;
    }
}

std::unique_ptr<Session> Sessions::take_idle(Use use) noexcept {
    std::vector<std::unique_ptr<Session>> &sessions = idle(use);
    if (sessions.empty()) return nullptr;
    std::unique_ptr<Session> session = std::move(sessions.back());
    sessions.pop_back();
    return session;
}

void Sessions::give_back(Use use, std::unique_ptr<Session> session) noexcept {
    const std::lock_guard lock(mutex_);
    --lent_;
    // Its rollback failed, for want of memory: closing gives its lock up.
    if (session && sqlite3_get_autocommit(session->connection.raw()) == 0) session.reset();
    std::vector<std::unique_ptr<Session>> &sessions = idle(use);
    const std::size_t most = use == Use::kRead ? readers_ : 1;
    if (session && sessions.size() < most) sessions.push_back(std::move(session));
    if (session) session.reset();
    returned_.notify_all();
}

}  // namespace appcreate::sqlite
