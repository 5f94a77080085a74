// What a copy writes: each page in one transaction.
#include <map>
#include <type_traits>

#include "copy/conflicts.h"
#include "sqlite/auth/key_lookup.h"
#include "sqlite/auth/key_names.h"
#include "sqlite/copy/copy_end.h"
#include "sqlite/copy/tables.h"
#include "sqlite/create/idempotency.h"

namespace appcreate::sqlite {
namespace {

// Puts rows of one kind, each where none with its id is.
template <class Row>
class Putter {
  public:
    Putter(const Connection &connection, const std::string &store)
        : connection_(connection),
          store_(store),
          insert_(connection.prepare(std::string(Table<Row>::kInsert) + " ON CONFLICT DO NOTHING")),
          find_(connection.prepare(Table<Row>::select(connection) + "t.id = ?")) {}

    // Returns whether it was not there.
    bool put(const Row &row) {
        if (insert(row) == 1) return true;
        {
            Run run(find_);
            if (run.blob(row.id.bytes).row()) {
                require_same(store_, row, read_row<Row>(run));
                return false;
            }
        }
        if constexpr (requires { Table<Row>::kRival; }) refuse_rival(row);
        refuse_moving_target(store_, row.id);
    }

  private:
    int insert(const Row &row) {
        Run run(insert_);
        if constexpr (std::is_same_v<Row, ApiKey>) {
            const std::string permissions = join_permissions(row.permissions);
            Table<Row>::bind(run, row, permissions);
            return run.done();
        } else {
            Table<Row>::bind(run, row);
            return run.done();
        }
    }

    void refuse_rival(const Row &row) {
        Statement rival = connection_.prepare(Table<Row>::kRival);
        Run run(rival);
        Table<Row>::bind_rival(run, row);
        if (run.row()) refuse(store_, row, run.id_at(0));
    }

    const Connection &connection_;
    const std::string &store_;
    Statement insert_, find_;
};

template <class Row>
void put_all(const Transactions &transactions, const std::string &store, std::span<const Row> rows) {
    transactions.writing([&](const Connection &connection) {
        Putter<Row> putter(connection, store);
        for (const Row &row : rows) putter.put(row);
        return true;
    });
}

// Puts requests that are kept behind those that are there: the table is in the order of expiry, about.
class RequestPutter {
  public:
    RequestPutter(const Connection &connection, const std::string &store)
        : store_(store),
          find_(connection.prepare("SELECT i.rowid, i.expires_at, a.id FROM idempotency i"
                                   " LEFT JOIN applications a ON a.rowid = i.application WHERE i.request = ?")),
          remove_(connection.prepare("DELETE FROM idempotency WHERE rowid = ?")),
          insert_(connection.prepare("INSERT INTO idempotency(expires_at, request, fingerprint, application)"
                                     " SELECT ?, ?, ?, rowid FROM applications WHERE id = ?")) {}

    void put(const RequestCopy &row) {
        if (is_there(row)) return;
        Run(insert_).integer(row.kept_until).blob(row.request).blob(row.fingerprint).blob(row.application.bytes).done();
    }

  private:
    // One that has expired makes room.
    bool is_there(const RequestCopy &row) {
        std::int64_t stale = 0;
        {
            Run run(find_);
            if (!run.blob(row.request).row()) return false;
            const bool is_kept = run.integer_at(1) > now_ms() && !run.is_null(2);
            if (!run.is_null(2) && run.id_at(2) == row.application) return true;
            if (is_kept) refuse(store_, row, run.id_at(2));
            stale = run.integer_at(0);
        }
        Run(remove_).integer(stale).done();
        return false;
    }

    const std::string &store_;
    Statement find_, remove_, insert_;
};

}  // namespace

void SqliteCopyEnd::put(std::span<const Organization> rows) { put_all(transactions_, path_, rows); }

void SqliteCopyEnd::put(std::span<const StorageProvider> rows) { put_all(transactions_, path_, rows); }

void SqliteCopyEnd::put(std::span<const ApiKey> rows) {
    transactions_.writing([&](const Connection &connection) {
        Putter<ApiKey> putter(connection, path_);
        for (const ApiKey &row : rows) {
            if (putter.put(row)) set_key_name(connection, row.id, row.name);
        }
        return true;
    });
}

// The numbers that limits are held against change with the records.
void SqliteCopyEnd::put(std::span<const ApplicationCopy> rows) {
    transactions_.writing([&](const Connection &connection) {
        Putter<ApplicationCopy> putter(connection, path_);
        std::map<ObjectId, std::int64_t> added;
        for (const ApplicationCopy &row : rows) {
            if (!row.unfaithful.empty()) throw Failure(AC_ECHECK, row.unfaithful);
            added[row.organization] += putter.put(row) ? 1 : 0;
        }
        Statement count = connection.prepare("UPDATE organizations SET applications = applications + ? WHERE id = ?");
        for (const auto &[organization, n] : added) {
            if (n != 0) Run(count).integer(n).blob(organization.bytes).done();
        }
        return true;
    });
}

void SqliteCopyEnd::put(std::span<const RequestCopy> rows) {
    transactions_.writing([&](const Connection &connection) {
        RequestPutter putter(connection, path_);
        for (const RequestCopy &row : rows) putter.put(row);
        return true;
    });
}

void SqliteCopyEnd::finish(std::span<const Organization> rows) {
    transactions_.writing([&](const Connection &connection) {
        Statement statement = connection.prepare(
            "UPDATE organizations SET default_provider ="
            " (SELECT p.rowid FROM providers p WHERE p.id = ? AND p.organization = organizations.rowid)"
            " WHERE id = ? AND default_provider IS NULL");
        for (const Organization &row : rows) {
            if (row.default_provider) Run(statement).blob(row.default_provider->bytes).blob(row.id.bytes).done();
        }
        return true;
    });
}

}  // namespace appcreate::sqlite
