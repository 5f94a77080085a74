#include "sqlite/sqlite_store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "slug/slug.h"
#include "sqlite/admin/applications.h"
#include "sqlite/admin/keys.h"
#include "sqlite/admin/organizations.h"
#include "sqlite/admin/providers.h"
#include "sqlite/admin/removal.h"
#include "sqlite/admin/store_check.h"
#include "sqlite/backup/backup.h"
#include "sqlite/backup/restore.h"
#include "sqlite/copy/copy_end.h"
#include "sqlite/create/freeze.h"
#include "sqlite/create/key_use.h"
#include "sqlite/file/damage_note.h"
#include "sqlite/file/failure.h"
#include "sqlite/file/lineage.h"
#include "sqlite/file/open_file.h"
#include "sqlite/file/page_memory.h"
#include "sqlite/file/pairing.h"
#include "sqlite/file/whole_file.h"
#include "sqlite/read/record_reads.h"

namespace appcreate::sqlite {
namespace {

constexpr int kOrganizations = 256;  // of one transaction

// Rows are handed out after their transaction: whoever takes them may take long.
template <class Row>
bool emit(const std::vector<Row> &rows, const RowSink &sink) {
    for (const Row &row : rows) {
        if (!sink(render(row))) return false;
    }
    return true;
}

}  // namespace

SqliteStore::SqliteStore(const StoreOptions &options, const WalLimits &limits)
    : path_(options.uri.path),
      timeout_ns_(options.timeout_ms * 1'000'000),
      external_checkpoint_(options.uri.external_checkpoint),
      log_{options.log, options.log_ctx},
      turn_(options.turn),
      sessions_({path_, options.threads, options.maintain, options.uri.external_checkpoint, log_}, turn_),
      maintenance_(sessions_, turn_, log_, path_, limits, options.uri.external_checkpoint),
      transactions_(path_, timeout_ns_, sessions_, turn_, maintenance_),
      batch_writer_(sessions_, maintenance_, log_, path_, options.batch),
      write_loop_(batch_writer_, turn_, options),
      lookups_(log_, path_, "looking up keys"),
      reads_(log_, path_, "reading applications"),
      lists_(log_, path_, "listing applications") {
    if (!options.maintain) return;
    reserve_page_memory();
    try {
        maintenance_.start();
    } catch (const std::system_error &error) {
        log_(AC_LOG_WARN, about(path_, std::string("no thread for checkpoints: ") + error.what() +
                                           "; writers do them, more slowly; raise the limit of threads"));
    }
}

template <class Function>
auto SqliteStore::reading(Function &&function) const {
    return transactions_.reading(std::forward<Function>(function));
}

template <class Function>
auto SqliteStore::writing(Function &&function) const {
    return transactions_.writing(std::forward<Function>(function));
}

// ---- serving

// A connection of each kind, with its statements.
void SqliteStore::warm() {
    warm_slugs();
    reading([](const Connection &) { return 0; });
    guarded(path_, [&] { sessions_.lend(Use::kWrite, transactions_.deadline()); });
}

StoreStats SqliteStore::stats() {
    // -1: nothing is open.
    return {static_cast<std::uint64_t>(std::max<std::int64_t>(size_of(sessions_.wal_path()), 0)),
            maintenance_.last_checkpoint(), sessions_.frozen()};
}

void SqliteStore::find_keys(std::span<ac_lookup> lookups, Deadline until) {
    try {
        guarded(path_, [&] {
            with_session(sessions_, Use::kRead, until, [&](Sessions::Lease &session) {
                const Transaction transaction(session->connection, Transaction::Kind::kRead);
                session->schema.recheck();
                const std::uint32_t changes = session.see_key_changes();
                session.see_freeze();
                for (ac_lookup &lookup : lookups) {
                    session->keys->find(lookup);
                    lookup.changes = changes;
                }
                // Nothing is missing before it is proved that this is all of the store: a file may have been cut.
                const bool is_any_missing =
                    std::any_of(lookups.begin(), lookups.end(), [](const ac_lookup &one) { return one.found == 0; });
                if (is_any_missing) session->lineage.verify();
            });
        });
        lookups_.worked();
    } catch (const Failure &failure) {
        lookups_.failed(failure);
        throw;
    }
}

std::uint32_t SqliteStore::key_changes() noexcept { return sessions_.key_changes(); }

void SqliteStore::write(const Source &source, Deadline until) { write_loop_.run(source, until); }

// `function(session)` in a transaction. What it does not find is missing only once it is proved that this is all of the
// store: a file may have been cut.
template <class Function>
auto SqliteStore::reading_records(Deadline until, Function &&function) {
    try {
        auto result = guarded(path_, [&] {
            return with_session(sessions_, Use::kRead, until, [&](Sessions::Lease &session) {
                const Transaction transaction(session->connection, Transaction::Kind::kRead);
                session->schema.recheck();
                return function(*session);
            });
        });
        reads_.worked();
        return result;
    } catch (const Failure &failure) {
        reads_.failed(failure);
        throw;
    }
}

std::optional<std::string> SqliteStore::find_record(const ObjectId &organization,
                                                    const std::variant<ObjectId, std::string> &name, Deadline until) {
    return reading_records(until, [&](Session &session) {
        auto record = session.records->find(organization, name);
        if (!record) session.lineage.verify();
        return record;
    });
}

RecordPage SqliteStore::list_records(const ObjectId &organization, const std::optional<ObjectId> &before,
                                     std::size_t limit, Deadline until) {
    auto page = reading_records(until, [&](Session &session) {
        auto read = session.records->list(organization, before, limit);
        session.lineage.verify();
        return read;
    });
    // Another state than that of other reads, which go on.
    if (!page) {
        const Failure failure(AC_EVERSION,
                              about(path_, "it has no index to list applications by; run " + init_command(path_)));
        lists_.failed(failure);
        throw Failure(failure);
    }
    lists_.worked();
    return *std::move(page);
}

// ---- administration

void SqliteStore::init() {
    guarded(path_, [&] {
        const std::string real = real_path_of(path_);
        if (!id_of(real).exists()) return make_store();
        upgrade_store(real);
    });
    // What was added since the first version, and needs no newer one to be read.
    if (reading([](const Connection &connection) { return has_key_use(connection) && has_list_index(connection); })) {
        return;
    }
    writing([](const Connection &connection) {
        add_key_use(connection);
        add_list_index(connection);
        return 0;
    });
}

void SqliteStore::upgrade_store(const std::string &real) {
    OpenFile file(path_, transactions_.deadline(), turn_.was_opened());
    pair_wal(file, turn_.orphaned_wal(), transactions_.deadline(),
             [this](const std::string &line) { log_(AC_LOG_WARN, line); });
    if (DamageNote(real).is_of_file() && !is_whole_file(Connection(real, Use::kRead, transactions_.deadline()))) {
        throw FileChanged(Change::kDamaged, path_);
    }
    const Turn::Guard guard(turn_, transactions_.deadline());
    Connection connection(real, Use::kInit, transactions_.deadline());
    install_schema(connection, path_);
    connection.checkpoint_on_close();
}

// The file alone is a store from the beginning, also for whoever copies it.
void SqliteStore::make_store() {
    // A WAL without its file is the rest of another store.
    if (size_of(real_path_of(path_) + "-wal") > 0) throw gone(path_);
    make_store_file(path_, [&](const std::string &name) {
        Connection connection(name, Use::kInit, transactions_.deadline());
        install_schema(connection, path_);
        connection.checkpoint_on_close();
    });
}

void SqliteStore::org_create(const OrganizationSpec &spec, const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return create_organization(connection, spec); })));
}

void SqliteStore::org_set(std::string_view org, const OrganizationSpec &spec, const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return change_organization(connection, org, spec); })));
}

void SqliteStore::org_show(std::string_view org, const RowSink &row) {
    row(render(reading([&](const Connection &connection) { return find_organization(connection, org).row; })));
}

void SqliteStore::org_list(const RowSink &row) {
    std::string after;
    for (;;) {
        const std::vector<OrganizationRow> page = reading(
            [&](const Connection &connection) { return list_organizations(connection, after, kOrganizations); });
        if (page.empty() || !emit(page, row)) return;
        after = page.back().slug;
    }
}

std::uint64_t SqliteStore::org_delete(std::string_view org, bool with_applications) {
    OrganizationRemoval removal(org, with_applications);
    while (writing([&](const Connection &connection) { return removal.step(connection); })) {
    }
    return removal.applications();
}

Freeze SqliteStore::freeze(std::string_view org, Freeze seconds) {
    return writing([&](const Connection &connection) { return change_freeze(connection, org, seconds); });
}

Freeze SqliteStore::thaw(std::string_view org) { return freeze(org, 0); }

Freeze SqliteStore::frozen() {
    return reading([](const Connection &connection) { return StoreFreeze(connection).read(); });
}

void SqliteStore::provider_create(const ProviderSpec &spec, const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return create_provider(connection, spec); })));
}

void SqliteStore::provider_list(std::string_view org, const RowSink &row) {
    emit(reading([&](const Connection &connection) { return list_providers(connection, org); }), row);
}

void SqliteStore::provider_set(std::string_view org, const ObjectId &id, const ProviderChange &change,
                               const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return change_provider(connection, org, id, change); })));
}

void SqliteStore::provider_delete(std::string_view org, const ObjectId &id) {
    writing([&](const Connection &connection) {
        delete_provider(connection, org, id);
        return 0;
    });
}

void SqliteStore::key_create(const KeySpec &spec, const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return create_key(connection, spec); })));
}

void SqliteStore::key_list(std::string_view org, const RowSink &row) {
    emit(reading([&](const Connection &connection) { return list_keys(connection, org); }), row);
}

void SqliteStore::key_show(const ObjectId &id, const RowSink &row) {
    row(render(reading([&](const Connection &connection) { return find_key(connection, id); })));
}

void SqliteStore::key_rename(const ObjectId &id, std::string_view name, const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return rename_key(connection, id, name); })));
}

void SqliteStore::key_rotate(const ObjectId &id, const KeyRotation &rotation, const RowSink &row) {
    row(render(writing([&](const Connection &connection) { return rotate_key(connection, id, rotation); })));
}

void SqliteStore::key_revoke(const ObjectId &id) {
    writing([&](const Connection &connection) {
        revoke_key(connection, id);
        return 0;
    });
}

void SqliteStore::app_list(std::string_view org, std::optional<ObjectId> after, std::size_t max, const RowSink &row) {
    ApplicationPages pages(after, max == 0 ? SIZE_MAX : max);
    while (!pages.is_over()) {
        const std::vector<std::string> records = reading(
            [&](const Connection &connection) { return pages.step(connection, find_organization(connection, org)); });
        for (const std::string &record : records) {
            if (!row(record)) return;
        }
    }
}

void SqliteStore::app_show(std::string_view org, std::string_view app, const RowSink &row) {
    row(reading([&](const Connection &connection) {
        return find_application(connection, find_organization(connection, org), app);
    }));
}

void SqliteStore::app_delete(std::string_view org, std::string_view app, const RowSink &row) {
    row(writing([&](const Connection &connection) {
        return delete_application(connection, find_organization(connection, org), app);
    }));
}

std::uint64_t SqliteStore::app_count(std::string_view org) {
    return reading([&](const Connection &connection) {
        return static_cast<std::uint64_t>(find_organization(connection, org).row.applications);
    });
}

bool SqliteStore::check(bool repair, const RowSink &row) { return check_store(transactions_, repair, row); }

std::optional<Contents> SqliteStore::backup(const std::string &file, bool replace, const Progress &progress) {
    try {
        Backup backup(path_, file, replace, progress);
        // No longer than the copy takes: as long as somebody reads the WAL cannot start again.
        reading([&](const Connection &connection) {
            backup.copy(connection);
            return 0;
        });
        return backup.finish();
    } catch (const Stopped &) {
        return std::nullopt;
    }
}

std::optional<Contents> SqliteStore::restore(const std::string &file, bool replace, const Progress &progress) {
    try {
        return sqlite::restore({path_, file, replace, timeout_ns_, external_checkpoint_}, turn_, progress);
    } catch (const Stopped &) {
        return std::nullopt;
    }
}

std::unique_ptr<CopyEnd> SqliteStore::copy_end() { return std::make_unique<SqliteCopyEnd>(path_, transactions_); }

}  // namespace appcreate::sqlite
