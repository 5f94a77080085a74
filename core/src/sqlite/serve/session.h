// A connection to a file that was found to be a store, and the prepared statements that belong to its use.
#pragma once

#include <optional>
#include <string>

#include "sqlite/auth/key_changes.h"
#include "sqlite/auth/key_lookup.h"
#include "sqlite/create/batch.h"
#include "sqlite/create/freeze.h"
#include "sqlite/create/idempotency.h"
#include "sqlite/file/connection.h"
#include "sqlite/file/lineage.h"
#include "sqlite/file/schema.h"
#include "sqlite/read/record_reads.h"

namespace appcreate::sqlite {

struct Session {
    // `path` as configured, for messages; `real_path` is opened.
    Session(const std::string &path, const std::string &real_path, Use use, bool may_be_read_only, Deadline deadline);

    // Runs `function` in a transaction that has the write lock, on files that are proved to be the ones that were
    // opened, and commits what it wrote.
    template <class Function>
    auto write(Function &&function) {
        Transaction transaction(connection, Transaction::Kind::kWrite);
        schema.recheck();
        lineage.verify();
        const sqlite3_int64 before = sqlite3_total_changes64(connection.raw());
        auto result = function();
        if (sqlite3_total_changes64(connection.raw()) != before) lineage.extend();
        transaction.commit();
        return result;
    }

    Connection connection;
    SchemaCheck schema;
    Lineage lineage;
    KeyChanges key_changes;
    StoreFreeze freeze;
    std::optional<Batch> batch;          // Use::kWrite
    std::optional<KeyLookup> keys;       // Use::kRead
    std::optional<RecordReads> records;  // Use::kRead
    RequestSweep requests;               // Use::kMaintain
};

}  // namespace appcreate::sqlite
