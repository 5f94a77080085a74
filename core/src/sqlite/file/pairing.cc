#include "sqlite/file/pairing.h"

#include <array>
#include <cstdint>
#include <optional>

#include "sqlite/file/failure.h"
#include "sqlite/file/head.h"
#include "sqlite/file/lineage.h"
#include "sqlite/file/whole_file.h"

namespace appcreate::sqlite {
namespace {

enum class Verdict { kOwn, kForeign, kUnknown, kCut };

constexpr int kLooks = 5;

// As far as a file says how many pages of what size it has.
constexpr std::size_t kHeader = 32;

// Is the file shorter than it says itself? So it is when it was cut, and when a checkpoint did not come to its end.
bool is_shorter_than_it_says(const Connection &connection) {
    sqlite3_file *file = connection.file(SQLITE_FCNTL_FILE_POINTER);
    std::array<std::uint8_t, kHeader> header{};
    sqlite3_int64 size = 0;
    if (file == nullptr || file->pMethods->xRead(file, header.data(), kHeader, 0) != SQLITE_OK ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
        return true;
    }
    return size_in_head(header) > size;
}

// A copy by VACUUM INTO has the schema's cookie counted up, one by the backup API has another. A change of the schema
// writes the first page: where the WAL has none, the file shows what the mark was written with.
bool is_schema_possible(std::uint64_t of_file, const WalSays &wal) noexcept {
    if (wal.mark.schema == 0 || of_file == wal.mark.schema) return true;
    return wal.schema && of_file <= *wal.schema;
}

// By what the WAL says, and not by what SQLite sees through it: of two files that do not belong together that is
// nothing, or any third thing.
Verdict verdict_by_wal(const Connection &connection, const WalSays &wal, const FileAlone &file,
                       const std::string &real_path) {
    if (!wal.mark.covers(file.position)) return Verdict::kForeign;
    // The WAL lies where it was written, the file came from elsewhere.
    if (wal.mark.wal != 0 && wal.mark.wal == fingerprint_of(real_path + "-wal") &&
        wal.mark.file != fingerprint_of(real_path)) {
        return Verdict::kForeign;
    }
    if (is_schema_possible(file.schema, wal)) return Verdict::kOwn;
    const std::optional<WalSays> all = read_wal(connection, true);
    if (!all) return Verdict::kUnknown;
    return is_schema_possible(file.schema, *all) ? Verdict::kOwn : Verdict::kForeign;
}

// Only other programs wrote to the WAL.
Verdict verdict_by_view(const Connection &connection, const FileAlone &file) {
    const Mark mark = read_mark(connection);
    if (!mark.covers(file.position)) return Verdict::kForeign;
    return mark.schema != 0 && file.schema > mark.schema ? Verdict::kUnknown : Verdict::kOwn;
}

// Nothing can be read of the file alone. A checkpoint that did not come to its end, on a full disk, leaves it so: then
// the WAL has the rest.
Verdict verdict_of_torn_file(const Connection &connection, const OpenFile &file) {
    if (!is_whole_file(connection)) throw FileChanged(Change::kDamaged, file.path());
    return Verdict::kOwn;
}

Verdict verdict(const Connection &connection, const OpenFile &file) {
    std::optional<FileAlone> alone = read_file_alone(connection, file.real_path());
    if (!alone) return verdict_of_torn_file(connection, file);
    try {
        Verdict found = Verdict::kUnknown;
        // Others may write: what the file shows was true between two looks at the WAL.
        std::optional<WalSays> before = read_wal(connection, false);
        for (int look = 0; look < kLooks && before; ++look) {
            if (before->mark.own.epoch == 0) {
                found = verdict_by_view(connection, *alone);
                break;
            }
            alone = read_file_alone(connection, file.real_path());
            if (!alone) return verdict_of_torn_file(connection, file);
            const std::optional<WalSays> after = read_wal(connection, false);
            if (!after) break;
            found = verdict_by_wal(connection, *after, *alone, file.real_path());
            if (found == Verdict::kForeign) found = verdict_by_wal(connection, *before, *alone, file.real_path());
            if (found != Verdict::kForeign || before->mark == after->mark) break;
            before = after;
        }
        if (found != Verdict::kOwn) return found;
        return is_shorter_than_it_says(connection) && !is_whole_file(connection) ? Verdict::kCut : Verdict::kOwn;
    } catch (const Error &error) {
        // No store, or none yet: opening it says so.
        if (error.primary() == SQLITE_ERROR && alone->position == Position()) return Verdict::kOwn;
        if (!error.is_damage() && error.primary() != SQLITE_ERROR) throw;
        return Verdict::kUnknown;
    }
}

}  // namespace

void pair_wal(OpenFile &file, std::uint64_t orphan, Deadline deadline,
              const std::function<void(const std::string &line)> &say) {
    const std::string wal = file.real_path() + "-wal";
    const FileStamp looked_at = stamp_of(wal);
    if (looked_at.size == 0) return;
    Verdict found = Verdict::kUnknown;
    {
        const Connection connection(file.real_path(), Use::kRead, deadline);
        const Transaction transaction(connection, Transaction::Kind::kRead);
        found = verdict(connection, file);
    }
    switch (found) {
        case Verdict::kOwn:
            return;
        case Verdict::kCut:
            throw FileChanged(Change::kDamaged, file.path());
        case Verdict::kUnknown:
            if (orphan != 0 && orphan == fingerprint_of(wal)) break;
            throw Failure(AC_EUNAVAILABLE,
                          about(file.path(),
                                "the file and the log beside it contradict each other; if the file is a "
                                "backup that was put there, move \"" +
                                    wal + "\" away; otherwise copy all away and restore a backup"),
                          SQLITE_CORRUPT);
        case Verdict::kForeign:
            break;
    }
    const std::string aside = file.set_wal_aside(looked_at.id, deadline);
    if (aside.empty()) return pair_wal(file, orphan, deadline, say);
    say(about(file.path(), "the log beside it belongs to another file and is not used; it is kept as \"" + aside +
                               "\", remove it when that file is no longer needed"));
}

}  // namespace appcreate::sqlite
