// The entities as SQLite keeps them: the statements and the columns of each, for administration and copies.
#pragma once

#include <string>
#include <string_view>

#include "base/entities.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// Of a kind that has an id of its own:
//   select    the rowid, then what read() takes; a WHERE follows, where `t` is the table
//   kInsert   bind() gives it its values; an ON CONFLICT may follow
//   kRival    the row with the slug, token or whatever else only one can have; bind_rival()
template <class Row>
struct Table;

template <>
struct Table<Organization> {
    static std::string select(const Connection &connection);
    static constexpr std::string_view kInsert =
        "INSERT INTO organizations(name, slug, enabled, application_limit, build_retention_days,"
        " builds_per_publication, id, created_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
    // bind_content(), then the rowid.
    static constexpr std::string_view kUpdate =
        "UPDATE organizations SET name = ?, slug = ?, enabled = ?, application_limit = ?, build_retention_days = ?,"
        " builds_per_publication = ? WHERE rowid = ?";
    static constexpr std::string_view kRival = "SELECT id FROM organizations WHERE slug = ?";
    static constexpr int kApplications = 10;  // the column of select() that counts them
    static Organization read(const Run &run);
    static void bind_content(Run &run, const Organization &row);
    static void bind(Run &run, const Organization &row);
    static void bind_rival(Run &run, const Organization &row) { run.text(row.slug); }
};

template <>
struct Table<StorageProvider> {
    static std::string select(const Connection &connection);
    static constexpr std::string_view kInsert =
        "INSERT INTO providers(id, organization, name, region, config, provider, created_at)"
        " SELECT ?, rowid, ?, ?, ?, ?, ? FROM organizations WHERE id = ?";
    static StorageProvider read(const Run &run);
    static void bind(Run &run, const StorageProvider &row);
};

template <>
struct Table<ApiKey> {
    static std::string select(const Connection &connection);
    // All but the name (key_names.h).
    static constexpr std::string_view kInsert =
        "INSERT INTO keys(id, organization, digest, owner, role, permissions, revoked, expires_at, created_at)"
        " SELECT ?, rowid, ?, ?, ?, ?, ?, ?, ? FROM organizations WHERE id = ?";
    static constexpr std::string_view kRival = "SELECT id FROM keys WHERE digest = ?";
    static constexpr int kDigest = 3;   // the column of select() that read() leaves out: a listing does not need it
    static constexpr int kUsedOn = 11;  // as well: a copy is another store's, where it was not used
    static ApiKey read(const Run &run);
    // `run` keeps a view of the permissions' text.
    static void bind(Run &run, const ApiKey &row, const std::string &permissions);
    static void bind_rival(Run &run, const ApiKey &row) { run.blob(row.digest); }
};

// The organization in a column of a row of another table. One that is not there is damage that "appctl check"
// describes: Failure(AC_ECHECK).
ObjectId organization_at(const Run &run, int column, const char *what, const ObjectId &id);

}  // namespace appcreate::sqlite
