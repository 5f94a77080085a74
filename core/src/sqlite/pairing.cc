#include "sqlite/pairing.h"

#include <array>
#include <cstdint>
#include <optional>

#include "sqlite/connection.h"
#include "sqlite/failure.h"
#include "sqlite/lineage.h"

namespace appcreate::sqlite {
namespace {

enum class Verdict { kOwn, kForeign, kUnknown, kCut };

// fileformat2.html: where the file says how many pages of what size it has.
constexpr std::size_t kPageSize = 16, kPages = 28, kHeader = 32;

std::uint32_t big_endian(const std::uint8_t *bytes, std::size_t n) noexcept {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < n; ++i) out = out << 8 | bytes[i];
    return out;
}

// Is the file shorter than it says itself? So it is when it was cut, and when a checkpoint did not come to its end.
bool is_shorter_than_it_says(const Connection &connection) {
    sqlite3_file *file = nullptr;
    std::array<std::uint8_t, kHeader> header{};
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(connection.raw(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file->pMethods->xRead(file, header.data(), kHeader, 0) != SQLITE_OK ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
        return true;
    }
    const std::uint32_t page_size = big_endian(header.data() + kPageSize, 2);
    return std::int64_t{big_endian(header.data() + kPages, 4)} * (page_size == 1 ? 65536 : page_size) > size;
}

bool is_whole(const Connection &connection) {
    Statement statement = connection.prepare("PRAGMA quick_check(1)");
    Run run(statement);
    return run.row() && run.text_at(0) == "ok";
}

Verdict verdict(const Connection &connection, const std::string &real_path, const FileAlone &file) {
    try {
        const Mark mark = read_mark(connection);
        if (!mark.covers(file.epoch)) return Verdict::kForeign;
        // The log lies where it was written, the file came from elsewhere.
        if (mark.log != 0 && mark.log == fingerprint_of(real_path + "-wal") && mark.file != fingerprint_of(real_path)) {
            return Verdict::kForeign;
        }
        // A VACUUM INTO counts up; a change of the schema may be in the log alone.
        if (mark.schema != 0 && file.schema > mark.schema) return Verdict::kUnknown;
        return is_shorter_than_it_says(connection) && !is_whole(connection) ? Verdict::kCut : Verdict::kOwn;
    } catch (const Error &error) {
        // No store, or none yet: opening it says so.
        if (error.primary() == SQLITE_ERROR && file.epoch == 0) return Verdict::kOwn;
        if (error.primary() != SQLITE_CORRUPT && error.primary() != SQLITE_NOTADB && error.primary() != SQLITE_ERROR) {
            throw;
        }
        return Verdict::kUnknown;
    }
}

}  // namespace

void pair_log(OpenFile &file, std::uint64_t orphan, Deadline deadline,
              const std::function<void(const std::string &line)> &say) {
    const std::string log = file.real_path() + "-wal";
    if (size_of(log) <= 0) return;
    Verdict found = Verdict::kUnknown;
    {
        const Connection connection(file.real_path(), Use::kRead, deadline);
        const Transaction transaction(connection, Transaction::Kind::kRead);
        const std::optional<FileAlone> alone = read_file_alone(connection, file.real_path());
        if (!alone) throw FileChanged(Change::kDamaged, file.path());
        found = verdict(connection, file.real_path(), *alone);
    }
    switch (found) {
        case Verdict::kOwn:
            return;
        case Verdict::kCut:
            throw FileChanged(Change::kDamaged, file.path());
        case Verdict::kUnknown:
            if (orphan != 0 && orphan == fingerprint_of(log)) break;
            throw Failure(AC_EUNAVAILABLE,
                          about(file.path(),
                                "the file and the log beside it contradict each other; if the file is a "
                                "backup that was put there, move \"" +
                                    log + "\" away; otherwise copy all away and restore a backup"),
                          SQLITE_CORRUPT);
        case Verdict::kForeign:
            break;
    }
    const std::string aside = file.set_log_aside(deadline);
    say(about(file.path(), "the log beside it belongs to another file and is not used; it is kept as \"" + aside +
                               "\", remove it when that file is no longer needed"));
}

}  // namespace appcreate::sqlite
