#include "sqlite/backup/page_copy.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

namespace appcreate::sqlite {
namespace {

constexpr int kPages = 256;                            // of one step: 1 MiB
constexpr int kStepsPerSync = 16;                      // so that the last sync has little left to do
constexpr std::int64_t kLongestPause = 1'000'000'000;  // ns

}  // namespace

PageCopy::PageCopy(sqlite3 *source, const Connection &target)
    : backup_(sqlite3_backup_init(target.raw(), "main", source, "main")) {
    if (!backup_) throw Error(target.raw());
}

bool PageCopy::step(int pages) {
    const int result = sqlite3_backup_step(backup_.get(), pages);
    if (result == SQLITE_DONE) return false;
    if (result != SQLITE_OK) throw Error(result, sqlite3_errstr(result));
    return true;
}

std::uint64_t PageCopy::total() const noexcept {
    return static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_.get()));
}

std::uint64_t PageCopy::left() const noexcept {
    return static_cast<std::uint64_t>(sqlite3_backup_remaining(backup_.get()));
}

NewDatabase::NewDatabase(const NewFile &file) : file_(file), connection_(file.path(), Use::kInit, monotonic_ns()) {
    // Nobody else looks at it, and after a crash nobody believes it.
    connection_.exec(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
        " PRAGMA mmap_size=0; PRAGMA cache_size=-2048");
}

void NewDatabase::fill(sqlite3 *source, Pace pace, const Tell &tell) const {
    PageCopy copy(source, connection_);
    for (int steps = 1;; ++steps) {
        const std::int64_t started = monotonic_ns();
        if (!copy.step(kPages)) break;
        if (pace == Pace::kPolite && steps % kStepsPerSync == 0) file_.sync();
        tell(copy.total() - copy.left(), copy.total());
        if (pace == Pace::kPolite) {
            std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(monotonic_ns() - started, kLongestPause)));
        }
    }
    tell(copy.total(), copy.total());
    // The copied pages say that the database has a WAL.
    connection_.exec("PRAGMA journal_mode=DELETE");
}

void NewDatabase::set_page_size(std::int64_t bytes) const {
    if (connection_.query_integer("PRAGMA page_size") == bytes) return;
    connection_.exec(("PRAGMA page_size=" + std::to_string(bytes) + "; VACUUM").c_str());
}

}  // namespace appcreate::sqlite
