#include "sqlite/sessions.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "sqlite/checkpoint.h"
#include "sqlite/failure.h"
#include "sqlite/pairing.h"

namespace appcreate::sqlite {
namespace {

// For what a log holds that was deleted: others may be at the same.
constexpr std::int64_t kRescue = 1'000'000'000;  // ns
// For the last checkpoint of a process that ends.
constexpr std::int64_t kFarewell = 1'000'000'000;  // ns

Change change_of(const Error &error) noexcept {
    // Of the database SQLite takes what is missing for zeros; of the log it does not.
    if (error.code() == SQLITE_IOERR_SHORT_READ) return Change::kLogCut;
    switch (error.primary()) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Change::kDamaged;
        // All connections of a process share what SQLite opened first: an index that could only be read stays so.
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_IOERR:
            return Change::kUnusable;
        default:
            return Change::kNone;
    }
}

constexpr const char *kFormerInUse = "the files are opened anew, and the former ones are still in use";

}  // namespace

Session::Session(const std::string &path, const std::string &real_path, Use use, bool may_be_read_only,
                 Deadline deadline)
    : connection(real_path, use, may_be_read_only, deadline),
      schema(connection, path),
      lineage(connection, path, real_path) {
    connection.settle();
    if (use == Use::kWrite) batch.emplace(connection);
    if (use == Use::kRead) keys.emplace(connection);
    {
        const Transaction transaction(connection, Transaction::Kind::kRead);
        lineage.verify();
    }
    // Its rollback failed, for want of memory.
    if (sqlite3_get_autocommit(connection.raw()) == 0) throw Error(SQLITE_NOMEM, sqlite3_errstr(SQLITE_NOMEM));
}

// ---- a lease

Sessions::Lease::Lease(Sessions &owner, Use use, std::unique_ptr<Session> session) noexcept
    : owner_(&owner), use_(use), session_(std::move(session)) {}

Sessions::Lease::~Lease() {
    if (owner_ != nullptr) owner_->give_back(use_, std::move(session_));
}

void Sessions::Lease::confirm() {
    session_->lineage.confirm();
    const std::unique_lock lock(owner_->mutex_);
    owner_->look();
    if (owner_->closing_ != Change::kNone) throw FileChanged(owner_->closing_, owner_->path_);
}

// ---- the connections

// What comes back needs no memory then.
Sessions::Sessions(Options options, Turn &turn) : options_(std::move(options)), path_(options_.path), turn_(turn) {
    readers_idle_.reserve(options_.readers);
    writers_idle_.reserve(1);
    maintainers_idle_.reserve(1);
}

Sessions::Lease Sessions::lend(Use use, Deadline deadline) {
    std::unique_lock lock(mutex_);
    for (;;) {
        look();
        if (is_busy_) {
            wait(lock, deadline, "the file is being opened by another thread");
            continue;
        }
        if (closing_ != Change::kNone) {
            finish_closing(lock, deadline);
            continue;
        }
        refuse_condemned(use);
        std::unique_ptr<Session> session = take_idle(use);
        if (!session) session = open(lock, use, deadline);
        if (!session) continue;
        session->connection.set_deadline(deadline);
        ++lent_;
        return {*this, use, std::move(session)};
    }
}

bool Sessions::in_use() {
    const std::lock_guard lock(mutex_);
    return files_.has_value();
}

std::string Sessions::log_path() {
    const std::lock_guard lock(mutex_);
    return files_ ? files_->log_path() : std::string();
}

void Sessions::met(Change change) noexcept {
    const std::lock_guard lock(mutex_);
    start_closing(change);
}

void Sessions::met(const Error &error) noexcept { met(change_of(error)); }

// ---- what became of the files

void Sessions::look() noexcept {
    if (!files_ || closing_ != Change::kNone) return;
    if (const Change change = files_->change(); change != Change::kNone) return start_closing(change);
    if (options_.serves && turn_.has_condemned() && turn_.is_condemned(stamp_of(path_)))
        start_closing(Change::kDamaged);
}

void Sessions::start_closing(Change change) noexcept {
    if (change == Change::kNone) return;
    if (change == Change::kDamaged || change == Change::kCut) turn_.condemn(stamp_of(path_));
    if ((change == Change::kContent || change == Change::kCut) && files_) {
        turn_.orphan_log(fingerprint_of(files_->log_path()));
    }
    if (closing_ == Change::kNone && (files_ || lent_ > 0)) closing_ = change;
}

void Sessions::refuse_condemned(Use use) {
    if (!turn_.has_condemned() || (use == Use::kRead && !options_.serves)) return;
    if (turn_.is_condemned(stamp_of(path_))) throw FileChanged(Change::kDamaged, path_);
}

void Sessions::wait(std::unique_lock<std::mutex> &lock, Deadline deadline, const char *what) {
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline)};
    if (changed_.wait_until(lock, until) == std::cv_status::timeout && monotonic_ns() >= deadline) {
        throw Failure(AC_ETIMEOUT, about(path_, what));
    }
}

// With all connections of this process closed, the others do the same within a second, and whoever opens first finds
// the files as they are now.
void Sessions::finish_closing(std::unique_lock<std::mutex> &lock, Deadline deadline) {
    if (lent_ > 0) return wait(lock, deadline, kFormerInUse);
    const Change change = closing_;
    if (change == Change::kLogLost) {
        // The open handles are all that is left of the log. Where this process has none, others have.
        if (std::unique_ptr<Session> session = take_any_idle()) {
            is_busy_ = true;
            lock.unlock();
            const bool is_safe = rescue_log(*session, deadline);
            lock.lock();
            is_busy_ = false;
            maintainers_idle_.push_back(std::move(session));
            changed_.notify_all();
            if (!is_safe) throw FileChanged(change, path_);
        }
    }
    forget_all();
    if (change == Change::kDamaged || change == Change::kCut) turn_.condemn(stamp_of(path_));
    closing_ = Change::kNone;
    changed_.notify_all();
    if (change != Change::kUnusable) options_.log(AC_LOG_ERROR, FileChanged(change, path_).what());
}

// False when there may be something left in it.
bool Sessions::rescue_log(Session &session, Deadline deadline) noexcept {
    session.connection.set_deadline(std::min(deadline, monotonic_ns() + kRescue));
    try {
        const Transaction transaction(session.connection, Transaction::Kind::kRead);
        session.lineage.verify();
    } catch (const std::exception &) {
        // Not into a file that is not, or no longer, the log's own.
        return true;
    }
    int frames = 0;
    int copied = 0;
    const int result =
        sqlite3_wal_checkpoint_v2(session.connection.raw(), "main", SQLITE_CHECKPOINT_FULL, &frames, &copied);
    return result == SQLITE_OK && frames == copied;
}

void Sessions::forget_all() noexcept {
    maintainers_idle_.clear();
    writers_idle_.clear();
    readers_idle_.clear();
    files_.reset();
    open_file_.reset();
}

// ---- opening

// nullptr: look again, something changed meanwhile.
std::unique_ptr<Session> Sessions::open(std::unique_lock<std::mutex> &lock, Use use, Deadline deadline) {
    const bool is_first = !files_;
    const std::string real = is_first ? std::string() : files_->real_path();
    // One at a time, so that no two threads open different files.
    is_busy_ = true;
    std::unique_ptr<Session> session;
    std::unique_ptr<OpenFile> file;
    std::optional<FileIdentity> files;
    const auto done = [&] {
        is_busy_ = false;
        changed_.notify_all();
    };
    lock.unlock();
    try {
        if (is_first) {
            file = std::make_unique<OpenFile>(path_, deadline, turn_.was_opened());
            pair_log(*file, turn_.orphaned_log(), deadline,
                     [this](const std::string &line) { options_.log(AC_LOG_ERROR, line); });
            session = std::make_unique<Session>(path_, file->real_path(), use, !options_.serves, deadline);
            files.emplace(path_);
            file->opened(*files);
        } else {
            session = std::make_unique<Session>(path_, real, use, !options_.serves, deadline);
        }
    } catch (const Error &error) {
        file.reset();
        lock.lock();
        done();
        if (!is_first) start_closing(change_of(error));
        throw;
    } catch (...) {
        file.reset();
        lock.lock();
        done();
        throw;
    }
    lock.lock();
    done();
    if (is_first) {
        files_ = std::move(files);
        open_file_ = std::move(file);
        turn_.opened();
    }
    look();
    if (closing_ == Change::kNone) return session;
    idle(use).push_back(std::move(session));
    return nullptr;
}

// ---- idle ones

Sessions::Idle &Sessions::idle(Use use) noexcept {
    switch (use) {
        case Use::kWrite:
            return writers_idle_;
        case Use::kMaintain:
            return maintainers_idle_;
        default:
            return readers_idle_;
    }
}

std::unique_ptr<Session> Sessions::take_any_idle() noexcept {
    for (const Use use : {Use::kMaintain, Use::kWrite, Use::kRead}) {
        if (std::unique_ptr<Session> session = take_idle(use)) return session;
    }
    return nullptr;
}

std::unique_ptr<Session> Sessions::take_idle(Use use) noexcept {
    Idle &sessions = idle(use);
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
    Idle &sessions = idle(use);
    const std::size_t most = use == Use::kRead ? options_.readers : 1;
    if (session && sessions.size() < most) sessions.push_back(std::move(session));
    if (session) session.reset();
    changed_.notify_all();
}

// ---- the end

Sessions::~Sessions() {
    look();
    // The last one last: SQLite looks whether it is.
    std::unique_ptr<Session> last = take_any_idle();
    maintainers_idle_.clear();
    writers_idle_.clear();
    readers_idle_.clear();
    if (last && closing_ == Change::kNone && !options_.external_checkpoint) settle_log(*last);
}

// Where anything is in doubt the log stays, and with it all that it holds.
void Sessions::settle_log(Session &last) noexcept {
    if (sqlite3_db_readonly(last.connection.raw(), "main") != 0) return;
    try {
        last.connection.set_deadline(monotonic_ns() + kFarewell);
        {
            const Transaction transaction(last.connection, Transaction::Kind::kRead);
            last.lineage.verify();
        }
        // A tool leaves the log to those who serve; where there are none, SQLite copies it at the last close.
        if (options_.serves) empty_log(last.connection, turn_, kFarewell);
        look();
        if (closing_ == Change::kNone) last.connection.checkpoint_on_close();
    } catch (const std::exception &) {
    }
}

}  // namespace appcreate::sqlite
