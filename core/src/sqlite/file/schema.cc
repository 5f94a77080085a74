#include "sqlite/file/schema.h"

#include <utility>

#include "sqlite/file/failure.h"
#include "sqlite/file/files.h"
#include "sqlite/file/mark.h"

namespace appcreate::sqlite {
namespace {

// Ids are the 12 bytes of an ObjectId. Tables refer to each other by rowid, which keeps their indexes small.
// applications.data is the record exactly as it was answered; a kept answer of `idempotency` is a reference to it.
// `idempotency` is in the order of its expiry, because rowids grow.
constexpr const char *kVersion1 = R"sql(
CREATE TABLE meta(
    name TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;
CREATE TABLE organizations(
    rowid INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    application_limit INTEGER,
    applications INTEGER NOT NULL DEFAULT 0,
    build_retention_days INTEGER NOT NULL,
    builds_per_publication INTEGER NOT NULL,
    default_provider INTEGER,
    created_at INTEGER NOT NULL
);
CREATE TABLE providers(
    rowid INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    organization INTEGER NOT NULL,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    config TEXT NOT NULL,
    provider TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX providers_organization ON providers(organization);
CREATE TABLE keys(
    rowid INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    id BLOB NOT NULL UNIQUE,
    organization INTEGER NOT NULL,
    owner BLOB NOT NULL,
    role INTEGER NOT NULL,
    permissions TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_on INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX keys_organization ON keys(organization);
CREATE TABLE applications(
    rowid INTEGER PRIMARY KEY,
    organization INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE,
    slug TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE(organization, slug)
);
CREATE INDEX applications_organization_id ON applications(organization, id);
CREATE TABLE idempotency(
    rowid INTEGER PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    request BLOB NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL,
    application INTEGER NOT NULL
);
)sql";

// The n-th brings version n to n + 1.
constexpr const char *kUpgrades[] = {kVersion1};
static_assert(std::size(kUpgrades) == kSchemaVersion);

std::int64_t application_id(const Connection &connection) { return connection.query_integer("PRAGMA application_id"); }

bool is_empty(const Connection &connection) {
    return connection.query_integer("SELECT count(*) FROM sqlite_schema") == 0;
}

Failure foreign(const std::string &path) {
    return {AC_EUNAVAILABLE, about(path, "the file is another program's SQLite database; name another file")};
}

// The oldest library that can work with a newer schema.
std::int64_t readable_from(const Connection &connection) {
    return connection.query_integer("SELECT value FROM meta WHERE name = 'readable_from'");
}

Failure too_new(const std::string &path, std::int64_t version) {
    return {AC_EVERSION, about(path, "its schema has version " + std::to_string(version) + ", this program knows " +
                                         std::to_string(kSchemaVersion) + "; install a newer version of this program")};
}

}  // namespace

SchemaCheck::SchemaCheck(const Connection &connection, std::string path)
    : connection_(connection), path_(std::move(path)) {
    if (application_id(connection_) != kApplicationId) {
        if (!is_empty(connection_)) throw foreign(path_);
        // It was not when the way to it was looked at.
        if (size_of(path_) == 0) throw emptied(path_, true);
        throw Failure(AC_EVERSION, about(path_, "the file is empty; run " + init_command(path_)));
    }
    version_.emplace(connection_.prepare("PRAGMA user_version"));
    recheck();
}

void SchemaCheck::recheck() {
    Run run(*version_);
    const std::int64_t version = run.row() ? run.integer_at(0) : 0;
    if (version != verified_) verify(version);
}

void SchemaCheck::verify(std::int64_t version) {
    if (version < kSchemaVersion) {
        throw Failure(AC_EVERSION,
                      about(path_, "its schema has version " + std::to_string(version) + ", this program needs " +
                                       std::to_string(kSchemaVersion) + "; run " + init_command(path_)));
    }
    if (version > kSchemaVersion && readable_from(connection_) > kSchemaVersion) throw too_new(path_, version);
    verified_ = version;
}

void install_schema(Connection &connection, const std::string &path) {
    const bool is_ours = application_id(connection) == kApplicationId;
    if (!is_ours && !is_empty(connection)) throw foreign(path);
    // Settings first: the journal mode cannot change inside a transaction.
    connection.apply_pragmas();
    Transaction transaction(connection, Transaction::Kind::kWrite);
    // Another process may have been faster.
    const std::int64_t version = connection.query_integer("PRAGMA user_version");
    if (version > kSchemaVersion) {
        if (readable_from(connection) > kSchemaVersion) throw too_new(path, version);
        return;
    }
    for (std::int64_t from = version; from < kSchemaVersion; ++from) connection.exec(kUpgrades[from]);
    if (version < kSchemaVersion) {
        connection.exec(("PRAGMA application_id=" + std::to_string(kApplicationId) + "; PRAGMA user_version=" +
                         std::to_string(kSchemaVersion) + "; INSERT OR REPLACE INTO meta VALUES('version', " +
                         std::to_string(kSchemaVersion) + "), ('readable_from', " + std::to_string(kReadableFrom) + ")")
                            .c_str());
    }
    if (version == 0) write_mark(connection, make_mark({}, {}));
    transaction.commit();
}

}  // namespace appcreate::sqlite
