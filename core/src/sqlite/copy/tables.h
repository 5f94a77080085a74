// The rows of a copy that are no entities of administration, as SQLite keeps them; the others are in admin/entities.h.
#pragma once

#include <string>
#include <string_view>

#include "copy/copy.h"
#include "sqlite/admin/entities.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

template <>
struct Table<ApplicationCopy> {
    static std::string select(const Connection &connection);
    static constexpr std::string_view kInsert =
        "INSERT INTO applications(id, organization, slug, created_at, data)"
        " SELECT ?, rowid, ?, ?, ? FROM organizations WHERE id = ?";
    static constexpr std::string_view kRival =
        "SELECT id FROM applications WHERE organization = (SELECT rowid FROM organizations WHERE id = ?) AND slug = ?";
    static ApplicationCopy read(const Run &run);
    static void bind(Run &run, const ApplicationCopy &row);
    static void bind_rival(Run &run, const ApplicationCopy &row) { run.blob(row.organization.bytes).text(row.slug); }
};

// Without an id: what is kept of a request, with the application that it made.
template <>
struct Table<RequestCopy> {
    static std::string select(const Connection &connection);
    static RequestCopy read(const Run &run);
};

// The row as a copy needs it: with a key's digest, which must be one. Throws Error.
template <class Row>
Row read_row(const Run &run) {
    return Table<Row>::read(run);
}
template <>
ApiKey read_row<ApiKey>(const Run &run);

}  // namespace appcreate::sqlite
