#include "copy/conflicts.h"

#include "base/failure.h"
#include "json/reader.h"

namespace appcreate {
namespace {

constexpr const char *kElsewhere = "copy into an empty store";

[[noreturn]] void refuse_row(std::string_view store, const std::string &what, const std::string &remedy) {
    throw Failure(AC_EEXISTS, "store \"" + std::string(store) + "\": " + what + "; " + remedy);
}

[[noreturn]] void differs(std::string_view store, const std::string &row, const char *what, const std::string &remedy) {
    refuse_row(store, row + " is there with another " + what, remedy);
}

// What an operator calls the first thing that is not the same; nullptr: there is none.
const char *difference(const Organization &a, const Organization &b) {
    if (a.name != b.name) return "name";
    if (a.slug != b.slug) return "slug";
    if (a.enabled != b.enabled) return "state (enabled)";
    if (a.limit != b.limit) return "limit";
    if (a.retention.build_retention_days != b.retention.build_retention_days) return "number of build retention days";
    if (a.retention.builds_per_publication != b.retention.builds_per_publication) {
        return "number of builds per publication";
    }
    return nullptr;
}

const char *difference(const StorageProvider &a, const StorageProvider &b) {
    if (a.organization != b.organization) return "organization";
    if (a.name != b.name) return "name";
    if (a.region != b.region) return "region";
    if (a.provider != b.provider) return "kind";
    if (!is_same_json(a.config, b.config)) return "config";
    return a.created_at != b.created_at ? "time of creation" : nullptr;
}

const char *difference(const ApiKey &a, const ApiKey &b) {
    if (a.organization != b.organization) return "organization";
    if (a.digest != b.digest) return "token";
    if (a.owner != b.owner) return "owner";
    if (a.role != b.role) return "role";
    if (a.permissions != b.permissions) return "set of permissions";
    if (a.expires_at != b.expires_at) return "time of expiry";
    return a.created_at != b.created_at ? "time of creation" : nullptr;
}

const char *difference(const ApplicationCopy &a, const ApplicationCopy &b) {
    if (a.organization != b.organization) return "organization";
    if (a.slug != b.slug) return "slug";
    return is_same_json(a.record, b.record) ? nullptr : "record";
}

}  // namespace

void require_same(std::string_view store, const Organization &row, const Organization &there) {
    const std::string id = row.id.hex();
    const std::string name = "the organization " + id;
    if (const char *what = difference(row, there)) {
        differs(store, name, what, "make both equal with \"appctl org set " + id + "\", or " + kElsewhere);
    }
    if (row.created_at != there.created_at) differs(store, name, "time of creation", kElsewhere);
    // It may not be set yet.
    if (there.default_provider && there.default_provider != row.default_provider) {
        differs(store, name, "default storage provider",
                "delete that one with \"appctl provider delete\" and repeat the copy, or " + std::string(kElsewhere));
    }
}

void require_same(std::string_view store, const StorageProvider &row, const StorageProvider &there) {
    const char *what = difference(row, there);
    if (what == nullptr) return;
    differs(store, "the storage provider " + row.id.hex(), what,
            "delete it there with \"appctl provider delete --org " + there.organization.hex() + " " + row.id.hex() +
                "\" and repeat the copy, or " + kElsewhere);
}

void require_same(std::string_view store, const ApiKey &row, const ApiKey &there) {
    const std::string name = "the key " + row.id.hex();
    if (const char *what = difference(row, there)) differs(store, name, what, kElsewhere);
    if (row.revoked == there.revoked) return;
    refuse_row(store, name + (row.revoked ? " is not revoked there" : " is revoked there only"),
               "run \"appctl key revoke " + row.id.hex() + "\" on the store where it is valid, and repeat the copy");
}

void require_same(std::string_view store, const ApplicationCopy &row, const ApplicationCopy &there) {
    if (const char *what = difference(row, there)) {
        differs(store, "the application " + row.id.hex(), what, kElsewhere);
    }
}

void refuse(std::string_view store, const Organization &row, const ObjectId &rival) {
    refuse_row(store,
               "the slug \"" + row.slug + "\" of the organization " + row.id.hex() + " belongs to the organization " +
                   rival.hex(),
               "give that one another with \"appctl org set " + rival.hex() + " --slug SLUG\", or " + kElsewhere);
}

void refuse(std::string_view store, const ApiKey &row, const ObjectId &rival) {
    refuse_row(store, "the token of the key " + row.id.hex() + " belongs to the key " + rival.hex(), kElsewhere);
}

void refuse(std::string_view store, const ApplicationCopy &row, const ObjectId &rival) {
    refuse_row(store,
               "the slug \"" + row.slug + "\" of the application " + row.id.hex() + " belongs to the application " +
                   rival.hex() + " of the same organization",
               kElsewhere);
}

void refuse(std::string_view store, const RequestCopy &row, const ObjectId &rival) {
    refuse_row(store,
               "the Idempotency-Key that made the application " + row.application.hex() + " has made the application " +
                   rival.hex() + " there",
               kElsewhere);
}

void refuse_moving_target(std::string_view store, const ObjectId &id) {
    throw Failure(AC_EUNAVAILABLE, "store \"" + std::string(store) + "\": " + id.hex() +
                                       " did not go in, because others write to this store at the same time; repeat "
                                       "the copy while nobody does");
}

}  // namespace appcreate
