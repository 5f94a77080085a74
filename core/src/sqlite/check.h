// Every promise of the store that can be checked at rest, or while it is served.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin_rows.h"
#include "sqlite/connection.h"

namespace appcreate::sqlite {

// Each of these finds the problems of one kind, in one transaction of the caller's.

// SQLite's own structures.
std::vector<ProblemRow> check_file(const Connection &connection);
// The numbers that limits are held against; with `repair` (a write transaction) puts them right.
std::vector<ProblemRow> check_counts(const Connection &connection, bool repair);
// Kept requests without an application; with `repair` removes them.
std::vector<ProblemRow> check_requests(const Connection &connection, bool repair);
// Providers, default providers and keys that refer to nothing.
std::vector<ProblemRow> check_references(const Connection &connection);

inline constexpr int kRecordsOfOneCheck = 1000;
// A bounded part of all records: columns, indexes and data say the same, slugs match their pattern.
struct RecordsChecked {
    std::vector<ProblemRow> problems;
    std::int64_t next = 0;  // go on after this rowid; 0 at the end
};
RecordsChecked check_records(const Connection &connection, std::int64_t after);

}  // namespace appcreate::sqlite
