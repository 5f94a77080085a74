#include "sqlite/read/record_reads.h"

#include <array>
#include <cstdint>

namespace appcreate::sqlite {
namespace {

constexpr std::string_view kById =
    "SELECT a.data FROM applications a JOIN organizations o ON o.rowid = a.organization WHERE a.id = ?2 AND o.id = ?1";
constexpr std::string_view kBySlug =
    "SELECT a.data FROM organizations o JOIN applications a ON a.organization = o.rowid"
    " WHERE o.id = ?1 AND a.slug = ?2";
// SQLite refuses this where there is no such index, instead of reading all records of all organizations.
constexpr std::string_view kNewest =
    "SELECT id, data FROM applications INDEXED BY applications_organization_id"
    " WHERE organization = (SELECT rowid FROM organizations WHERE id = ?1) AND id < ?2 ORDER BY id DESC LIMIT ?3";

// No id is above it. One that is equal to it is nobody's: ids begin with the time.
constexpr ObjectId kLast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

}  // namespace

bool has_list_index(const Connection &connection) {
    return connection.query_integer(
               "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = 'applications_organization_id'") !=
           0;
}

void add_list_index(const Connection &connection) {
    connection.exec("CREATE INDEX IF NOT EXISTS applications_organization_id ON applications(organization, id)");
}

RecordReads::RecordReads(const Connection &connection)
    : connection_(connection), by_id_(connection.prepare(kById)), by_slug_(connection.prepare(kBySlug)) {}

std::optional<std::string> RecordReads::find(const ObjectId &organization,
                                             const std::variant<ObjectId, std::string> &name) {
    const auto *id = std::get_if<ObjectId>(&name);
    Run run(id != nullptr ? by_id_ : by_slug_);
    run.blob(organization.bytes);
    if (!(id != nullptr ? run.blob(id->bytes) : run.text(std::get<std::string>(name))).row()) return std::nullopt;
    return std::string(run.blob_at(0));
}

std::optional<RecordPage> RecordReads::list(const ObjectId &organization, const std::optional<ObjectId> &before,
                                            std::size_t limit) {
    // Looked at each time: an index that was taken away must not be an error of another kind.
    if (!has_list_index(connection_)) {
        newest_.reset();
        return std::nullopt;
    }
    if (!newest_) newest_.emplace(connection_.prepare(kNewest));
    const ObjectId &end = before ? *before : kLast;
    Run run(*newest_);
    run.blob(organization.bytes).blob(end.bytes).integer(static_cast<std::int64_t>(limit) + 1);
    RecordPage page;
    while (run.row() && page.add(run.id_at(0), std::string(run.blob_at(1)), limit)) {
    }
    return page;
}

}  // namespace appcreate::sqlite
