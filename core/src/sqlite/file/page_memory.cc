#include "sqlite/file/page_memory.h"

#include <sqlite3.h>
#include <sys/mman.h>

#include <cstddef>

namespace appcreate::sqlite {
namespace {

constexpr int kPage = 4096;  // as `init` makes the file; larger ones come from malloc
constexpr int kPages = 512;

bool reserve() noexcept {
    int header = 0;
    if (sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header) != SQLITE_OK) return false;
    const int slot = (kPage + header + 7) & ~7;
    const std::size_t size = std::size_t{kPages} * static_cast<std::size_t>(slot);
    // Never unmapped: SQLite may outlive this library in the process.
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    if (sqlite3_config(SQLITE_CONFIG_PAGECACHE, memory, slot, kPages) == SQLITE_OK) return true;
    munmap(memory, size);
    return false;
}

}  // namespace

void reserve_page_memory() noexcept { [[maybe_unused]] static const bool once = reserve(); }

}  // namespace appcreate::sqlite
