// What the first bytes of a file say of it, read without SQLite: nothing is locked, made, changed or removed, also
// where a crash left a WAL. Not for a file that SQLite has open in this process: closing it would drop SQLite's locks.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace appcreate::sqlite {

enum class Head {
    kUnreadable,  // there is no such file, or none that may be read; errno says why
    kNoDatabase,  // it does not begin as a database does
    kDamaged,     // it does, and goes on as none, or is shorter than it says
    kForeign,     // another program's database
    kBlank,       // a database that nothing was put into, or an empty file
    kStore,
    kUnknown,  // a database, the first page of which may be in its WAL
};

Head head_of(const std::string &path);

// How long a database says that it is, in bytes; `head`: 32 of them at least.
std::int64_t size_in_head(std::span<const std::uint8_t> head) noexcept;

}  // namespace appcreate::sqlite
