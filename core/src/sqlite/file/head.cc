#include "sqlite/file/head.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string_view>

#include "sqlite/file/big_endian.h"
#include "sqlite/file/descriptor.h"
#include "sqlite/file/files.h"
#include "sqlite/file/schema.h"

namespace appcreate::sqlite {
namespace {

// fileformat2.html, "The Database Header": the first 100 bytes of the first page. Behind them begins the b-tree of the
// schema, with its kind and its number of cells.
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kPageSize = 16, kVersions = 18, kReserved = 20, kFractions = 21, kChanges = 24, kPages = 28;
constexpr std::size_t kApplication = 68, kValidFor = 92, kTree = 100, kCells = 103, kHead = 105;
constexpr std::uint32_t kLeaf = 13, kInner = 5;

using Bytes = std::array<std::uint8_t, kHead>;

std::uint32_t page_size_in(std::span<const std::uint8_t> head) noexcept {
    const std::uint32_t size = big_endian(head, kPageSize, 2);
    return size == 1 ? 65536 : size;
}

// What SQLite asks of the first page before it believes the rest (its lockBtree).
bool is_sound(const Bytes &head) noexcept {
    const std::uint32_t page = page_size_in(head);
    return std::has_single_bit(page) && page >= 512 && page - head[kReserved] >= 480 && head[kVersions] <= 2 &&
           head[kVersions + 1] <= 2 && big_endian(head, kFractions, 3) == 0x402020 &&
           (head[kTree] == kLeaf || head[kTree] == kInner);
}

bool is_cut(const Bytes &head, std::int64_t size) noexcept {
    // Programs of before SQLite 3.7 do not keep the number of pages.
    return big_endian(head, kChanges) == big_endian(head, kValidFor) && size_in_head(head) > size;
}

}  // namespace

std::int64_t size_in_head(std::span<const std::uint8_t> head) noexcept {
    return std::int64_t{big_endian(head, kPages)} * page_size_in(head);
}

Head head_of(const std::string &path) {
    // Before the file: what a checkpoint brings into it meanwhile was in the WAL at this moment.
    const bool has_wal = size_of(real_path_of(path) + "-wal") > 0;
    // O_NONBLOCK: whatever has the name by now must not hold anybody up.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    Bytes head{};
    const ssize_t n = file.get() < 0 ? -1 : ::pread(file.get(), head.data(), head.size(), 0);
    struct stat info {};
    if (n < 0 || ::fstat(file.get(), &info) != 0) return Head::kUnreadable;
    if (n == 0) return has_wal ? Head::kUnknown : Head::kBlank;
    if (n < static_cast<ssize_t>(kMagic.size()) || !std::equal(kMagic.begin(), kMagic.end(), head.begin())) {
        return Head::kNoDatabase;
    }
    if (n < static_cast<ssize_t>(head.size()) || !is_sound(head)) return Head::kDamaged;
    if (has_wal) return Head::kUnknown;
    if (is_cut(head, info.st_size)) return Head::kDamaged;
    if (big_endian(head, kApplication) == kApplicationId) return Head::kStore;
    return head[kTree] == kLeaf && big_endian(head, kCells, 2) == 0 ? Head::kBlank : Head::kForeign;
}

}  // namespace appcreate::sqlite
