#include "sqlite/backup/restore.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "sqlite/backup/backup.h"
#include "sqlite/backup/page_copy.h"
#include "sqlite/backup/restore_files.h"
#include "sqlite/backup/whole.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/lineage.h"
#include "sqlite/file/new_file.h"
#include "sqlite/file/open_file.h"
#include "sqlite/file/pairing.h"
#include "sqlite/file/schema.h"
#include "sqlite/file/wal_check.h"

namespace appcreate::sqlite {
namespace {

constexpr unsigned kStages = 4;                      // read the file, check it, keep the store, write the store
constexpr std::uint64_t kPages = 256;                // of one step
constexpr std::int64_t kCheckpoint = 1'000'000'000;  // ns

// A store whose file can be read: its content changes in one transaction, and the file stays the one that others have
// open.
class ContentSwap {
  public:
    ContentSwap(const RestorePlan &plan, const std::string &real, NewFile &before, const NewDatabase &fresh)
        : plan_(plan),
          real_(real),
          before_(before),
          fresh_(fresh),
          deadline_(monotonic_ns() + plan.timeout_ns),
          live_(real, Use::kInit, deadline_) {
        live_.apply_pragmas();
        // What is copied gets into the WAL at once, so that a full disk is met before the end.
        live_.exec("PRAGMA cache_size=16");
    }

    ContentSwap(const ContentSwap &) = delete;
    ContentSwap &operator=(const ContentSwap &) = delete;
    // The WAL has all of the new content in it, or what a copy left that failed. Where others keep it from getting into
    // the file now, it is for whoever looks after the WAL.
    ~ContentSwap() {
        if (plan_.external_checkpoint) return;
        live_.set_deadline(monotonic_ns() + kCheckpoint);
        sqlite3_wal_checkpoint_v2(live_.raw(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    }

    void run(Turn &turn, Stages &stages, const Tell &tell) {
        const Turn::Guard guard(turn, deadline_);
        fresh_.set_page_size(live_.query_integer("PRAGMA page_size"));
        PageCopy copy(fresh_.connection().raw(), live_);
        // From here on nobody commits: what is kept has all that was acknowledged.
        copy.step(0);
        mark();
        keep(tell);
        stages.next();
        while (copy.left() > 1) {
            copy.step(static_cast<int>(std::min(copy.left() - 1, kPages)));
            tell(copy.total() - copy.left(), copy.total());
        }
        before_.publish();
        commit(copy);
        // Whoever found the file damaged looks at it again, although the new content may be in the WAL alone.
        ::utimensat(AT_FDCWD, real_.c_str(), nullptr, 0);
        tell(copy.total(), copy.total());
    }

  private:
    void commit(PageCopy &copy) {
        try {
            while (copy.step(1)) continue;
        } catch (const Error &error) {
            // Of other errors it is not known whether the commit will be there after a crash.
            if (error.primary() == SQLITE_FULL) before_.withdraw();
            throw;
        }
    }

    // What is written belongs to this file and its WAL (lineage.h), not to those of the file that is restored. The copy
    // takes over what its source becomes meanwhile; its last step counts up the schema's cookie.
    void mark() {
        const Connection now(real_, Use::kRead, deadline_);
        const Transaction transaction(now, Transaction::Kind::kRead);
        const std::optional<FileAlone> file = read_file_alone(now, real_);
        if (!file) throw FileChanged(Change::kDamaged, plan_.path);
        const bool is_marked = now.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'") > 0;
        Mark mark = make_mark(file->position, is_marked ? read_mark(now).own : Position());
        mark.file = fingerprint_of(real_);
        mark.wal = fingerprint_of(real_ + "-wal");
        mark.schema = static_cast<std::uint64_t>(now.query_integer("PRAGMA schema_version")) + 1;
        write_mark(fresh_.connection(), mark);
    }

    void keep(const Tell &tell) {
        Connection now(real_, Use::kRead, deadline_);
        now.apply_pragmas();
        const Transaction transaction(now, Transaction::Kind::kRead);
        const NewDatabase kept(before_);
        kept.fill(now.raw(), Pace::kFull, tell);
    }

    const RestorePlan &plan_;
    const std::string &real_;
    NewFile &before_;
    const NewDatabase &fresh_;
    const Deadline deadline_;
    Connection live_;
};

// Was it neither emptied nor cut short, while nobody who has it open has met that yet?
bool is_wal_whole(const std::string &real, Deadline deadline) {
    try {
        const Connection connection(real, Use::kRead, deadline);
        const Transaction transaction(connection, Transaction::Kind::kRead);
        (void)connection.query_integer("SELECT count(*) FROM sqlite_schema");
        return frames_of_whole_wal(connection).has_value();
    } catch (const Error &error) {
        if (error.code() != SQLITE_IOERR_SHORT_READ) throw;
        return false;
    }
}

// nullptr: the file is damaged, or its WAL is not its own or not whole, so that its content cannot change in a
// transaction.
std::unique_ptr<OpenFile> open_whole(const RestorePlan &plan, const Turn &turn) {
    const Deadline deadline = monotonic_ns() + plan.timeout_ns;
    auto file = std::make_unique<OpenFile>(plan.path, deadline, turn.was_opened());
    try {
        pair_wal(*file, turn.orphaned_wal(), deadline, [](const std::string &) {});
    } catch (const Failure &failure) {
        if ((failure.detail() & 0xff) != SQLITE_CORRUPT) throw;
        return nullptr;
    }
    return is_wal_whole(file->real_path(), deadline) ? std::move(file) : nullptr;
}

}  // namespace

Contents restore(const RestorePlan &plan, Turn &turn, const Progress &progress) {
    refuse_own_files(plan.path, plan.file);
    const std::string real = real_path_of(plan.path);
    NewFile before(real + ".before-restore", plan.replace);
    NewFile staging(real + ".restore", true);
    const bool is_readable =
        guarded(plan.path, [&] { return is_readable_store(real, plan.replace, monotonic_ns() + plan.timeout_ns); });

    Stages stages(progress, kStages);
    const Tell tell = [&stages](std::uint64_t done, std::uint64_t total) { stages.tell(done, total); };
    return guarded(plan.path, [&] {
        Contents contents;
        {
            const NewDatabase fresh(staging);
            read_whole_file(plan.file, fresh, tell);
            stages.next();
            verify_whole(fresh.connection(), plan.file, tell);
            contents = count_contents(fresh.connection());
            stages.next();
            if (const auto file = is_readable ? open_whole(plan, turn) : nullptr) {
                ContentSwap swap(plan, real, before, fresh);
                swap.run(turn, stages, tell);
                return contents;
            }
        }
        put_in_place(staging, real, before.name());
        tell(1, 1);
        return contents;
    });
}

}  // namespace appcreate::sqlite
