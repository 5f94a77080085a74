// Every promise of the store that can be checked at rest, or while it is served.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/rows.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// Each of these looks at one kind of problem, in one transaction of the caller's. What mends is short: it is told what
// to mend by a look before it, and changes nothing that somebody else has mended meanwhile.

// SQLite's own structures, and whether every index has an entry for each row and no other.
std::vector<ProblemRow> check_file(const Connection &connection);
// Providers, default providers and keys that refer to nothing.
std::vector<ProblemRow> check_references(const Connection &connection);

inline constexpr int kRecordsOfOneCheck = 1000;

// The number that an organization's limit is held against.
struct Count {
    std::int64_t rowid = 0;
    std::string organization;
    std::int64_t counted = 0;
    std::int64_t records = 0;
    std::int64_t repairs = 0;  // of counts, in the store's life
};
// Of the first organization behind `after`, a rowid; nullopt at the end.
std::optional<Count> read_count(const Connection &connection, std::int64_t after);
ProblemRow wrong_count(const Count &count, bool repaired);
// In a write transaction: adds what is missing. Creates that came since `count` was read have changed both numbers
// alike, so nothing is counted again while others wait. False when another repair came between.
bool mend_count(const Connection &connection, const Count &count);

// A bounded part of the kept requests.
struct RequestsChecked {
    std::vector<std::int64_t> stray;  // rowids of those without an application
    std::int64_t next = 0;            // go on after this rowid; 0 at the end
};
RequestsChecked check_requests(const Connection &connection, std::int64_t after);
ProblemRow stray_requests(std::size_t n, bool repaired);
// In a write transaction: removes those that are still stray.
void remove_requests(const Connection &connection, std::span<const std::int64_t> stray);

// A bounded part of all records: columns, indexes and data say the same, slugs match their pattern.
struct RecordsChecked {
    std::vector<ProblemRow> problems;
    std::int64_t next = 0;  // go on after this rowid; 0 at the end
};
RecordsChecked check_records(const Connection &connection, std::int64_t after);

}  // namespace appcreate::sqlite
