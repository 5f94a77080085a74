#include "mongo/check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "admin_rows.h"
#include "mongo/organizations.h"
#include "mongo/places.h"
#include "mongo/query.h"
#include "mongo/remote.h"
#include "mongo/schema.h"
#include "slug.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::int64_t kAnyDocument = 16 << 20;

bool is_slug(std::string_view slug) {
    const auto is_alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return slug.size() >= 3 && slug.size() <= kMaxSlug && is_alnum(slug.front()) && is_alnum(slug.back()) &&
           std::all_of(slug.begin(), slug.end(), [&](char c) { return is_alnum(c) || c == '-'; }) && !is_hex24(slug);
}

// A record as far as it is checked.
struct Checked {
    ObjectId id;
    std::optional<ObjectId> organization;
    std::string slug;
    bool has_place = false;
    bool has_request = false;
    std::optional<Digest> digest;
    bool is_kept = false;  // with an answer to replay
};

class Check {
  public:
    Check(const Session &session, bool repair, const RowSink &row) : session_(session), repair_(repair), row_(row) {}

    bool run() {
        indexes();
        organizations();
        references(kProviders, "the storage provider's organization does not exist");
        references(kKeys, "the key's organization does not exist");
        records();
        limits();
        return is_whole_;
    }

  private:
    void report(std::string problem, std::string organization, std::string detail, bool repaired = false) {
        is_whole_ = is_whole_ && repaired;
        const ProblemRow row{std::move(problem), std::move(organization), std::move(detail), repaired};
        is_wanted_ = is_wanted_ && row_(render(row));
    }

    void indexes() {
        const std::string missing = missing_indexes(session_).unique;
        if (missing.empty()) return;
        std::string detail = "unique indexes are missing: " + missing;
        bool repaired = false;
        if (repair_) {
            try {
                install_schema(session_);
                repaired = missing_indexes(session_).unique.empty();
            } catch (const ServerFailure &failure) {
                detail += std::string("; ") + failure.what();
            }
        }
        report("index", "", detail, repaired);
    }

    void organizations() {
        each_organization(session_, [this](const OrganizationEntry &entry) {
            organizations_.emplace(entry.id, entry);
            if (!entry.row.default_provider.empty() && !has_provider(entry)) {
                report("reference", entry.row.id, "its default storage provider does not exist");
            }
            return is_wanted_;
        });
    }

    bool has_provider(const OrganizationEntry &entry) {
        Bson filter;
        Writer(filter)
            .id("_id", ObjectId::parse(entry.row.default_provider).value_or(ObjectId{}))
            .id("organization", entry.id);
        return count(session_, kProviders, filter) == 1;
    }

    void references(const char *collection, const char *detail) {
        Bson projection;
        Writer(projection).integer("organization", 1);
        FindOptions options;
        options.projection = &projection;
        find(session_, collection, {}, options, [&](const Reader &reader) {
            const auto organization = reader.id("organization");
            if (!organization || !organizations_.contains(*organization)) {
                report("reference", "", reader.id("_id").value_or(ObjectId{}).hex() + ": " + detail);
            }
            return is_wanted_;
        });
    }

    void records() {
        std::optional<ObjectId> after;
        while (is_wanted_) {
            const std::vector<Checked> page = read_page(after);
            for (const Checked &record : page) check(record);
            if (page.size() < kPage) return;
            after = page.back().id;
        }
    }

    std::vector<Checked> read_page(const std::optional<ObjectId> &after) {
        Bson filter;
        if (after) Writer(filter).document("_id", [&](Writer &above) { above.id("$gt", *after); });
        Bson sort;
        Writer(sort).integer("_id", 1);
        Bson projection;
        Writer(projection)
            .integer("organization", 1)
            .integer("slug", 1)
            .integer("place", 1)
            .integer("request", 1)
            .integer("fingerprint", 1)
            .integer("keptUntil", 1);
        FindOptions options;
        options.sort = &sort;
        options.projection = &projection;
        options.limit = kPage;
        std::vector<Checked> out;
        find(session_, kApplications, filter, options, [&out](const Reader &reader) {
            Checked record;
            record.id = reader.id("_id").value_or(ObjectId{});
            record.organization = reader.id("organization");
            record.slug = reader.text("slug").value_or("");
            record.has_place = reader.integer("place").has_value() || reader.id("place") == record.id;
            record.digest = reader.digest("request");
            record.has_request = record.digest.has_value() || reader.id("request") == record.id;
            record.is_kept = reader.digest("fingerprint").has_value() && reader.time("keptUntil").has_value();
            out.push_back(std::move(record));
            return true;
        });
        return out;
    }

    void check(const Checked &record) {
        const auto known = record.organization ? organizations_.find(*record.organization) : organizations_.end();
        if (known == organizations_.end()) {
            return report("record", "", record.id.hex() + ": its organization does not exist");
        }
        const std::string &organization = known->second.row.id;
        if (!is_slug(record.slug)) {
            report("record", organization, record.id.hex() + ": its slug does not match the pattern of slugs");
        }
        if (!record.has_place) {
            report("place", organization, record.id.hex() + ": it has no place", own_id(record, "place"));
        }
        if (!record.has_request || (record.digest && !record.is_kept)) {
            report("request", organization, record.id.hex() + ": its request has nothing to replay",
                   own_id(record, "request"));
        }
    }

    // Puts the record's id where it lacks a place or a request.
    bool own_id(const Checked &record, const char *member) {
        if (!repair_) return false;
        Bson filter;
        Writer(filter).id("_id", record.id).id("organization", *record.organization);
        Bson update;
        Writer(update).document("$set", [&](Writer &set) { set.id(member, record.id); });
        return update_one(session_, kApplications, filter, update).matched == 1;
    }

    // Records outside of a limit that is settled; while it is not, gateways move them.
    void limits() {
        Remote remote(session_, kAnyDocument);
        for (const auto &[id, entry] : organizations_) {
            if (!is_wanted_) return;
            if (!entry.row.limit) continue;
            constexpr std::size_t kOne = 1;
            if (remote.find_outsiders(id, *entry.row.limit, kOne).empty()) continue;
            if (find_free_places(remote, id, *entry.row.limit, kOne).empty()) continue;
            Plan plan;
            plan.organization = id;
            plan.limit = entry.row.limit;
            plan.limit_version = entry.limit_version;
            plan.settled_version = -1;
            if (repair_) Places().settle(remote, plan);
            report("place", entry.row.id, "records stand outside of its limit while places inside are free", repair_);
        }
    }

    const Session &session_;
    const bool repair_;
    const RowSink &row_;
    std::map<ObjectId, OrganizationEntry> organizations_;
    bool is_whole_ = true;
    bool is_wanted_ = true;
};

}  // namespace

bool check_store(const Session &session, bool repair, const RowSink &row) { return Check(session, repair, row).run(); }

}  // namespace appcreate::mongo
