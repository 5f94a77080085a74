#include "sqlite/transfer_rows.h"

#include <algorithm>

#include "record.h"
#include "sqlite/key_lookup.h"

namespace appcreate::sqlite {
namespace {

Digest digest_at(const Run &run, int column) {
    const std::string_view blob = run.blob_at(column);
    Digest digest{};
    if (blob.size() != digest.size()) throw Error(SQLITE_CORRUPT, "a column of hashes holds something else");
    std::copy(blob.begin(), blob.end(), digest.begin());
    return digest;
}

// One without an organization is damage that "appctl check" describes.
ObjectId organization_at(const Run &run, int column, const char *what, const ObjectId &id) {
    if (!run.is_null(column)) return run.id_at(column);
    throw Failure(AC_ECHECK, std::string("the organization of the ") + what + " " + id.hex() +
                                 " does not exist; run \"appctl check\" on the store that is copied");
}

}  // namespace

OrganizationCopy Table<OrganizationCopy>::read(const Run &run) {
    OrganizationCopy row;
    row.id = run.id_at(1);
    row.name = run.text_at(2);
    row.slug = run.text_at(3);
    row.enabled = run.integer_at(4) != 0;
    if (!run.is_null(5)) row.limit = run.integer_at(5);
    row.build_retention_days = run.integer_at(6);
    row.builds_per_publication = run.integer_at(7);
    row.created_at = run.integer_at(8);
    if (!run.is_null(9)) row.default_provider = run.id_at(9);
    return row;
}

void Table<OrganizationCopy>::bind(Run &run, const OrganizationCopy &row) {
    run.blob(row.id.bytes).text(row.name).text(row.slug).integer(row.enabled ? 1 : 0);
    if (row.limit) {
        run.integer(*row.limit);
    } else {
        run.null();
    }
    run.integer(row.build_retention_days).integer(row.builds_per_publication).integer(row.created_at);
}

ProviderCopy Table<ProviderCopy>::read(const Run &run) {
    ProviderCopy row;
    row.id = run.id_at(1);
    row.organization = organization_at(run, 2, "storage provider", row.id);
    row.name = run.text_at(3);
    row.region = run.text_at(4);
    row.config = run.text_at(5);
    row.provider = run.text_at(6);
    row.created_at = run.integer_at(7);
    return row;
}

void Table<ProviderCopy>::bind(Run &run, const ProviderCopy &row) {
    run.blob(row.id.bytes).text(row.name).text(row.region).text(row.config).text(row.provider);
    run.integer(row.created_at).blob(row.organization.bytes);
}

KeyCopy Table<KeyCopy>::read(const Run &run) {
    KeyCopy row;
    row.id = run.id_at(1);
    row.organization = organization_at(run, 2, "key", row.id);
    row.digest = digest_at(run, 3);
    row.owner = run.id_at(4);
    const std::int64_t role = run.integer_at(5);
    constexpr auto kUnknown = static_cast<std::int64_t>(kRoles.size()) - 1;
    row.role = static_cast<std::uint8_t>(role >= 0 && role < kUnknown ? role : kUnknown);
    row.permissions = split_permissions(run.text_at(6));
    row.revoked = run.integer_at(7) != 0;
    row.expires_at = run.integer_at(8);
    row.created_at = run.integer_at(9);
    return row;
}

void Table<KeyCopy>::bind(Run &run, const KeyCopy &row, const std::string &permissions) {
    run.blob(row.id.bytes).blob(row.digest).blob(row.owner.bytes).integer(row.role).text(permissions);
    run.integer(row.revoked ? 1 : 0).integer(row.expires_at).integer(row.created_at).blob(row.organization.bytes);
}

ApplicationCopy Table<ApplicationCopy>::read(const Run &run) {
    ApplicationCopy row;
    row.id = run.id_at(1);
    row.organization = organization_at(run, 2, "application", row.id);
    row.slug = run.text_at(3);
    row.created_at = run.integer_at(4);
    row.record = run.blob_at(5);
    return row;
}

void Table<ApplicationCopy>::bind(Run &run, const ApplicationCopy &row) {
    run.blob(row.id.bytes).text(row.slug).integer(row.created_at).blob(row.record).blob(row.organization.bytes);
}

RequestCopy Table<RequestCopy>::read(const Run &run) {
    RequestCopy row;
    row.application = run.id_at(1);
    row.organization = run.id_at(2);
    row.request = digest_at(run, 3);
    row.fingerprint = digest_at(run, 4);
    row.kept_until = run.integer_at(5);
    row.answer = answer_of(run.blob_at(6));
    return row;
}

}  // namespace appcreate::sqlite
