#include "sqlite/serve/sessions.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "sqlite/file/damage_note.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/pairing.h"
#include "sqlite/file/whole_file.h"
#include "sqlite/serve/checkpoint.h"

namespace appcreate::sqlite {
namespace {

// For what a WAL holds that was deleted: others may be at the same.
constexpr std::int64_t kRescue = 1'000'000'000;  // ns
// For the last checkpoint of a process that ends.
constexpr std::int64_t kFarewell = 1'000'000'000;  // ns
constexpr std::int64_t kUnknown = -1;              // a size that no file has
// A full disk, or a directory that cannot be written to, is not tried for each create.
constexpr std::int64_t kNoteAgain = 1'000'000'000;  // ns

Change change_of(const Error &error) noexcept {
    // Of the database SQLite takes what is missing for zeros; of the WAL it does not.
    if (error.code() == SQLITE_IOERR_SHORT_READ) return Change::kWalCut;
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

// Was something put in the place of bytes, so that a part of it may be there, or be mixed with what a rescue copied?
// What came by a new name is whole or is another file.
bool may_leave_parts(Change change) noexcept {
    return change == Change::kContent || change == Change::kWalLost || change == Change::kWalReplaced ||
           change == Change::kWalCut;
}

constexpr const char *kFormerInUse = "the files are opened anew, and the former ones are still in use";

}  // namespace

Session::Session(const std::string &path, const std::string &real_path, Use use, bool may_be_read_only,
                 Deadline deadline)
    : connection(real_path, use, may_be_read_only, deadline),
      schema(connection, path),
      lineage(connection, path, real_path),
      key_changes(connection),
      freeze(connection) {
    connection.apply_pragmas();
    if (use == Use::kWrite) batch.emplace(connection);
    if (use == Use::kRead) {
        keys.emplace(connection);
        records.emplace(connection);
    }
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

std::uint32_t Sessions::Lease::see_key_changes() {
    const std::uint32_t changes = session_->key_changes.read();
    owner_->key_changes_ = changes;
    return changes;
}

Freeze Sessions::Lease::see_freeze() {
    const Freeze frozen = session_->freeze.read();
    owner_->frozen_ = frozen;
    return frozen;
}

void Sessions::Lease::confirm() {
    session_->lineage.confirm();
    const MutexLock lock(owner_->mutex_);
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
    try {
        return lend_one(use, deadline);
    } catch (...) {
        // The opening may have found it: whoever is told of it may be killed in the next moment.
        if (is_to_be_noted()) note_condemned();
        throw;
    }
}

Sessions::Lease Sessions::lend_one(Use use, Deadline deadline) {
    MutexLock lock(mutex_);
    for (;;) {
        look();
        if (is_to_be_noted()) {
            lock.unlock();
            note_condemned();
            lock.lock();
            continue;
        }
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
        if (!session) session = open(use, deadline);
        if (!session) continue;
        session->connection.set_deadline(deadline);
        ++lent_;
        return {*this, use, std::move(session)};
    }
}

bool Sessions::in_use() {
    const MutexLock lock(mutex_);
    return files_.has_value();
}

std::string Sessions::wal_path() {
    const MutexLock lock(mutex_);
    return files_ ? files_->wal_path() : std::string();
}

void Sessions::met(Change change) noexcept {
    {
        const MutexLock lock(mutex_);
        start_closing(change);
    }
    if (is_to_be_noted()) note_condemned();
}

void Sessions::met(const Error &error) noexcept { met(change_of(error)); }

// ---- what became of the files

void Sessions::look() noexcept {
    if (!files_ || closing_ != Change::kNone) return;
    if (const Change change = files_->change(); change != Change::kNone) return start_closing(change);
    if (!options_.serves) return;
    look_at_note();
    if (turn_.is_condemned_file(files_->database())) start_closing(Change::kDamaged);
}

// Those of another turn, of the other program while one is replaced by another, say so there alone.
void Sessions::look_at_note() noexcept {
    const FileStamp note = stamp_of(note_path_);
    if (note == note_) return;
    try {
        const bool is_damaged = note.id.exists() && DamageNote(files_->real_path()).is_of_file();
        if (is_damaged && !turn_.is_condemned_file(files_->database())) turn_.condemn(stamp_of(path_));
        note_ = note;
    } catch (const std::exception &) {
        // without memory it is read again
    }
}

void Sessions::condemn(Change change, const FileStamp &file) noexcept {
    const bool is_damage = change == Change::kDamaged || change == Change::kCut;
    if (is_damage && file.id.exists() && !turn_.is_condemned_file(file.id)) turn_.condemn(file);
}

void Sessions::start_closing(Change change) noexcept {
    if (change == Change::kNone) return;
    // Not what was put in its place meanwhile.
    const FileStamp file = stamp_of(path_);
    if (!files_ || file.id == files_->database()) condemn(change, file);
    if ((change == Change::kContent || change == Change::kCut) && files_) {
        turn_.orphan_wal(fingerprint_of(files_->wal_path()));
    }
    if (closing_ == Change::kNone && (files_ || lent_ > 0)) closing_ = change;
}

void Sessions::refuse_condemned(Use use) {
    if (!turn_.has_condemned() || (use == Use::kRead && !options_.serves)) return;
    if (turn_.is_condemned(stamp_of(path_))) throw FileChanged(Change::kDamaged, path_);
}

// What was written to a damaged file since may have been anybody's checkpoint, or another file's content, and who noted
// the damage may have been mistaken; a file that something else wrote to may be half of one. However long it takes to
// know: nothing is acknowledged before. A tool reads what can be read.
void Sessions::prove_whole(const std::string &real, Use use, Deadline deadline) {
    const FileStamp stamp = stamp_of(real);
    const DamageNote note(real);
    const bool is_condemned = turn_.is_condemned_file(stamp.id) || note.is_of_file();
    is_in_doubt_ = is_condemned || was_touched_;
    if (is_in_doubt_ && use == Use::kRead && !options_.serves) return;
    if (is_in_doubt_) {
        is_in_doubt_ = !is_whole_file(Connection(real, Use::kRead, deadline));
        if (is_in_doubt_) {
            turn_.condemn(stamp);
            throw FileChanged(Change::kDamaged, path_);
        }
        if (is_condemned) turn_.absolve();
        was_touched_ = false;
    }
    if (options_.serves) note.remove();
}

bool Sessions::is_to_be_noted() const noexcept {
    return options_.serves && turn_.is_to_be_noted() && monotonic_ns() >= note_again_at_;
}

// Before anything is said of it.
void Sessions::note_condemned() noexcept {
    try {
        const std::string real = real_path_of(path_);
        if (!turn_.is_condemned_file(id_of(real)) || DamageNote::write(real)) return turn_.noted();
    } catch (const std::exception &) {
        // without memory it is tried again
    }
    note_again_at_ = monotonic_ns() + kNoteAgain;
}

void Sessions::wait(MutexLock &lock, Deadline deadline, const char *what) {
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline)};
    if (changed_.wait_until(lock.native(), until) == std::cv_status::timeout && monotonic_ns() >= deadline) {
        throw Failure(AC_ETIMEOUT, about(path_, what));
    }
}

// With all connections of this process closed, the others do the same within a second, and whoever opens first finds
// the files as they are now.
void Sessions::finish_closing(MutexLock &lock, Deadline deadline) {
    if (lent_ > 0) return wait(lock, deadline, kFormerInUse);
    const Change change = closing_;
    if (change == Change::kWalLost) {
        // The open handles are all that is left of the WAL. Where this process has none, others have.
        if (std::unique_ptr<Session> session = take_any_idle()) {
            is_busy_ = true;
            mutex_.unlock();
            const bool is_safe = rescue_wal(*session, deadline);
            mutex_.lock();
            is_busy_ = false;
            maintainers_idle_.push_back(std::move(session));
            changed_.notify_all();
            if (!is_safe) throw FileChanged(change, path_);
        }
    }
    forget_all();
    was_touched_ = was_touched_ || may_leave_parts(change);
    closing_ = Change::kNone;
    changed_.notify_all();
    if (change != Change::kUnusable) options_.log(AC_LOG_ERROR, FileChanged(change, path_).what());
}

// False when there may be something left in it.
bool Sessions::rescue_wal(Session &session, Deadline deadline) noexcept {
    session.connection.set_deadline(std::min(deadline, monotonic_ns() + kRescue));
    try {
        const Transaction transaction(session.connection, Transaction::Kind::kRead);
        session.lineage.verify();
    } catch (const std::exception &) {
        // Not into a file that is not, or no longer, the WAL's own.
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
std::unique_ptr<Session> Sessions::open(Use use, Deadline deadline) {
    const bool is_first = !files_;
    const std::string real = is_first ? std::string() : files_->real_path();
    // One at a time, so that no two threads open different files.
    is_busy_ = true;
    std::unique_ptr<Session> session;
    std::unique_ptr<OpenFile> file;
    std::optional<FileIdentity> files;
    std::string note_path;
    FileStamp note;
    const auto done = [&]() REQUIRES(mutex_) {
        is_busy_ = false;
        changed_.notify_all();
    };
    // Those that are idle would keep the former files open, and whoever waits for that waiting.
    FileId opened;
    const auto failed = [&](Change change) ACQUIRES(mutex_) {
        file.reset();
        mutex_.lock();
        done();
        // Another process may be about to make it look right: its checkpoint, say, makes a file longer that was cut.
        // All of it is looked through before it is opened, and as long as it is not whole.
        if (is_first) return condemn(change, {opened, kUnknown, 0});
        // What became of the names says more than what an error met under them.
        look();
        start_closing(change);
    };
    mutex_.unlock();
    try {
        if (is_first) {
            opened = stamp_of(path_).id;
            file = std::make_unique<OpenFile>(path_, deadline, turn_.was_opened());
            pair_wal(*file, turn_.orphaned_wal(), deadline,
                     [this](const std::string &line) { options_.log(AC_LOG_ERROR, line); });
            note_path = DamageNote::path_of(file->real_path());
            note = stamp_of(note_path);
            prove_whole(file->real_path(), use, deadline);
            session = std::make_unique<Session>(path_, file->real_path(), use, !options_.serves, deadline);
            files.emplace(path_);
            file->opened(*files);
        } else {
            if (is_in_doubt_ && use != Use::kRead) prove_whole(real, use, deadline);
            session = std::make_unique<Session>(path_, real, use, !options_.serves, deadline);
        }
    } catch (const Error &error) {
        // What is no database never was a store: nothing was taken from it.
        failed(is_first && error.primary() == SQLITE_NOTADB ? Change::kNone : change_of(error));
        throw;
    } catch (const FileChanged &changed) {
        failed(changed.change());
        throw;
    } catch (...) {
        failed(Change::kNone);
        throw;
    }
    mutex_.lock();
    done();
    if (is_first) {
        files_ = std::move(files);
        note_path_ = std::move(note_path);
        note_ = note;
        open_file_ = std::move(file);
        turn_.opened();
    }
    // SQLite opened by the names, so between two looks at them.
    const bool is_of_files = !session->connection.has_moved();
    if (!is_of_files) start_closing(Change::kReplaced);
    look();
    if (closing_ == Change::kNone) return session;
    // The first has the WAL that `files_` is about, which may be lost by now. Another may have opened other files, or
    // one of them: what is rescued goes through none that is not known.
    if (is_first && is_of_files) idle(use).push_back(std::move(session));
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
    const MutexLock lock(mutex_);
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

// Nobody else has it any more: without the mutex.
Sessions::~Sessions() {
    look();
    // The last one last: SQLite looks whether it is.
    std::unique_ptr<Session> last = take_any_idle();
    maintainers_idle_.clear();
    writers_idle_.clear();
    readers_idle_.clear();
    if (last && closing_ == Change::kNone && !options_.external_checkpoint) checkpoint_at_close(*last);
}

// Where anything is in doubt the WAL stays, and with it all that it holds.
void Sessions::checkpoint_at_close(Session &last) noexcept {
    if (sqlite3_db_readonly(last.connection.raw(), "main") != 0) return;
    try {
        last.connection.set_deadline(monotonic_ns() + kFarewell);
        {
            const Transaction transaction(last.connection, Transaction::Kind::kRead);
            last.lineage.verify();
        }
        // A tool leaves the WAL to those who serve; where there are none, SQLite copies it at the last close.
        if (options_.serves) empty_wal(last.connection, turn_, kFarewell);
        look();
        if (closing_ == Change::kNone) last.connection.checkpoint_on_close();
    } catch (const std::exception &) {
    }
}

}  // namespace appcreate::sqlite
