// The rows of a copy as SQLite keeps them: one table of statements for each kind.
#pragma once

#include <string_view>

#include "copy.h"
#include "sqlite/connection.h"

namespace appcreate::sqlite {

// Of a kind that has an id of its own:
//   kSelect   the rowid, then what read() takes; a WHERE follows, where `t` is the table
//   kInsert   does nothing where a unique index is in the way; bind() gives it its values
//   kRival    whose row has what only one can have; bind_rival()
template <class Row>
struct Table;

template <>
struct Table<OrganizationCopy> {
    static constexpr std::string_view kSelect =
        "SELECT t.rowid, t.id, t.name, t.slug, t.enabled, t.application_limit, t.build_retention_days,"
        " t.builds_per_publication, t.created_at, p.id FROM organizations t"
        " LEFT JOIN providers p ON p.rowid = t.default_provider WHERE ";
    static constexpr std::string_view kInsert =
        "INSERT INTO organizations(id, name, slug, enabled, application_limit, build_retention_days,"
        " builds_per_publication, created_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    static constexpr std::string_view kRival = "SELECT id FROM organizations WHERE slug = ?";
    static OrganizationCopy read(const Run &run);
    static void bind(Run &run, const OrganizationCopy &row);
    static void bind_rival(Run &run, const OrganizationCopy &row) { run.text(row.slug); }
};

template <>
struct Table<ProviderCopy> {
    static constexpr std::string_view kSelect =
        "SELECT t.rowid, t.id, o.id, t.name, t.region, t.config, t.provider, t.created_at FROM providers t"
        " LEFT JOIN organizations o ON o.rowid = t.organization WHERE ";
    static constexpr std::string_view kInsert =
        "INSERT INTO providers(id, organization, name, region, config, provider, created_at)"
        " SELECT ?, rowid, ?, ?, ?, ?, ? FROM organizations WHERE id = ? ON CONFLICT DO NOTHING";
    static ProviderCopy read(const Run &run);
    static void bind(Run &run, const ProviderCopy &row);
};

template <>
struct Table<KeyCopy> {
    static constexpr std::string_view kSelect =
        "SELECT t.rowid, t.id, o.id, t.digest, t.owner, t.role, t.permissions, t.revoked, t.expires_at, t.created_at"
        " FROM keys t LEFT JOIN organizations o ON o.rowid = t.organization WHERE ";
    static constexpr std::string_view kInsert =
        "INSERT INTO keys(id, organization, digest, owner, role, permissions, revoked, expires_at, created_at)"
        " SELECT ?, rowid, ?, ?, ?, ?, ?, ?, ? FROM organizations WHERE id = ? ON CONFLICT DO NOTHING";
    static constexpr std::string_view kRival = "SELECT id FROM keys WHERE digest = ?";
    static KeyCopy read(const Run &run);
    // `run` keeps a view of the permissions' text.
    static void bind(Run &run, const KeyCopy &row, const std::string &permissions);
    static void bind_rival(Run &run, const KeyCopy &row) { run.blob(row.digest); }
};

template <>
struct Table<ApplicationCopy> {
    static constexpr std::string_view kSelect =
        "SELECT t.rowid, t.id, o.id, t.slug, t.created_at, t.data FROM applications t"
        " LEFT JOIN organizations o ON o.rowid = t.organization WHERE ";
    static constexpr std::string_view kInsert =
        "INSERT INTO applications(id, organization, slug, created_at, data)"
        " SELECT ?, rowid, ?, ?, ? FROM organizations WHERE id = ? ON CONFLICT DO NOTHING";
    static constexpr std::string_view kRival =
        "SELECT id FROM applications WHERE organization = (SELECT rowid FROM organizations WHERE id = ?) AND slug = ?";
    static ApplicationCopy read(const Run &run);
    static void bind(Run &run, const ApplicationCopy &row);
    static void bind_rival(Run &run, const ApplicationCopy &row) { run.blob(row.organization.bytes).text(row.slug); }
};

// Without an id: what is kept of a request, with the application that it made.
template <>
struct Table<RequestCopy> {
    static constexpr std::string_view kSelect =
        "SELECT t.rowid, a.id, o.id, t.request, t.fingerprint, t.expires_at, a.data FROM idempotency t"
        " CROSS JOIN applications a ON a.rowid = t.application"
        " CROSS JOIN organizations o ON o.rowid = a.organization WHERE ";
    static RequestCopy read(const Run &run);
};

}  // namespace appcreate::sqlite
