#include "mongo/check.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "admin_rows.h"
#include "mongo/numbers.h"
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
    std::int64_t created_at = 0;
    std::string slug;
    bool has_place = false;
    std::optional<std::int64_t> place;
    std::optional<std::int64_t> limit_version;  // that it was judged by
    bool has_request = false;
    std::optional<Digest> digest;
    bool is_kept = false;  // with an answer to replay
};

// Since when, and who.
using Owner = std::pair<std::int64_t, ObjectId>;

class Check {
  public:
    Check(const Session &session, bool repair, const RowSink &row) : session_(session), repair_(repair), row_(row) {}

    bool run() {
        missing_ = missing_indexes(session_).unique;
        organizations();
        references(kProviders, "the storage provider's organization does not exist");
        references(kKeys, "the key's organization does not exist");
        records();
        indexes();
        limits();
        return is_whole_;
    }

  private:
    void report(std::string problem, std::string organization, std::string detail, bool repaired = false) {
        is_whole_ = is_whole_ && repaired;
        const ProblemRow row{std::move(problem), std::move(organization), std::move(detail), repaired};
        is_wanted_ = is_wanted_ && row_(render(row));
    }

    // After what they would refuse.
    void indexes() {
        if (missing_.empty()) return;
        std::string detail = "unique indexes are missing: " + missing_;
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
            .integer("createdAt", 1)
            .integer("slug", 1)
            .integer("place", 1)
            .integer("limitVersion", 1)
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
            record.created_at = reader.time("createdAt").value_or(std::numeric_limits<std::int64_t>::max());
            record.slug = reader.text("slug").value_or("");
            record.place = reader.integer("place");
            record.limit_version = reader.integer("limitVersion");
            record.has_place = record.place.has_value() || reader.id("place") == record.id;
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
            report("place", organization, record.id.hex() + ": it has no place", own_id(record, record.id, "place"));
        }
        if (!record.has_request || (record.digest && !record.is_kept)) {
            report("request", organization, record.id.hex() + ": its request has nothing to replay",
                   own_id(record, record.id, "request"));
        }
        Held &held = held_[*record.organization];
        ++held.records;
        if (record.limit_version == known->second.limit_version) ++held.of_this_limit;
        if (!missing_.empty()) duplicates(record, organization);
    }

    // What the unique indexes would have refused. The older one keeps what it has: ids of one second are in no order.
    void duplicates(const Checked &record, const std::string &organization) {
        const Owner self{record.created_at, record.id};
        const auto part = [&](auto &seen, const auto &value, const char *what, const auto &mend) {
            const auto [there, is_first] = seen.try_emplace({*record.organization, value}, self);
            if (is_first) return;
            const Owner older = std::min(there->second, self);
            const Owner younger = std::max(there->second, self);
            there->second = older;
            const bool repaired = mend(younger.second);
            report(what, organization, younger.second.hex() + ": its " + what + " is that of " + older.second.hex(),
                   repaired);
        };
        part(slugs_, record.slug, "slug", [&](const ObjectId &id) { return rename(record, id); });
        if (record.place) {
            part(places_, *record.place, "place", [&](const ObjectId &id) { return own_id(record, id, "place"); });
        }
        if (record.digest) {
            part(requests_, *record.digest, "request",
                 [&](const ObjectId &id) { return own_id(record, id, "request"); });
        }
    }

    // Gives `id`, which has the record's slug, a number.
    bool rename(const Checked &record, const ObjectId &id) {
        if (!repair_) return false;
        Remote remote(session_, kAnyDocument);
        const std::int64_t number = find_free_numbers(remote, *record.organization, {{record.slug}}).front();
        const std::string slug = numbered_slug(record.slug, static_cast<std::uint64_t>(number));
        slugs_.try_emplace({*record.organization, slug}, 0, id);
        Bson filter;
        Writer(filter).id("_id", id).id("organization", *record.organization);
        Bson update;
        Writer(update).document("$set", [&](Writer &set) { set.text("slug", slug); });
        return update_one(session_, kApplications, filter, update).matched == 1;
    }

    // Puts its own id where a record of the same organization lacks a place or a request.
    bool own_id(const Checked &record, const ObjectId &id, const char *member) {
        if (!repair_) return false;
        Bson filter;
        Writer(filter).id("_id", id).id("organization", *record.organization);
        Bson update;
        Writer(update).document("$set", [&](Writer &set) { set.id(member, id); });
        return update_one(session_, kApplications, filter, update).matched == 1;
    }

    void limits() {
        Remote remote(session_, kAnyDocument);
        for (const auto &[id, entry] : organizations_) {
            if (!is_wanted_) return;
            if (!entry.row.limit) continue;
            const std::int64_t first = filled(remote, entry);
            outside(remote, entry, first);
            exceeded(entry);
        }
    }

    // Returns the lowest free place; beyond the limit: none is.
    std::int64_t filled(Remote &remote, const OrganizationEntry &entry) {
        PlaceSearch search(entry.id, 0, *entry.row.limit);
        while (!search.is_over() && search.free().empty()) search.step(remote);
        if (search.filled_to() < std::min(entry.filled_to, *entry.row.limit)) {
            if (repair_) remote.lower_filled_to(entry.id, search.filled_to());
            report("place", entry.row.id, "a place that is said to be taken for good is free", repair_);
        }
        return search.filled_to() + 1;
    }

    // Gateways move them too, before they make another one.
    void outside(Remote &remote, const OrganizationEntry &entry, std::int64_t first_free) {
        if (first_free > *entry.row.limit) return;
        if (remote.find_outsiders(entry.id, *entry.row.limit, 1).empty()) return;
        if (repair_) {
            Plan plan;
            plan.organization = entry.id;
            plan.limit = entry.row.limit;
            plan.limit_version = entry.limit_version;
            plan.settled_version = -1;
            Places().settle(remote, plan);
        }
        report("place", entry.row.id, "records stand outside of its limit while places inside are free", repair_);
    }

    // With more than the limit, none can have been made under it; unless others came late, that were judged by an
    // earlier one.
    void exceeded(const OrganizationEntry &entry) {
        const Held &held = held_[entry.id];
        if (held.records <= *entry.row.limit || held.of_this_limit == 0) return;
        if (find_organization(session_, entry.row.id).limit_version != entry.limit_version) return;
        report("limit", entry.row.id,
               std::to_string(held.records) + " applications, its limit is " + std::to_string(*entry.row.limit) +
                   ": creates that were judged by an earlier limit came after it was changed");
    }

    struct Held {
        std::int64_t records = 0;
        std::int64_t of_this_limit = 0;
    };

    const Session &session_;
    const bool repair_;
    const RowSink &row_;
    std::map<ObjectId, OrganizationEntry> organizations_;
    std::map<ObjectId, Held> held_;
    // Where unique indexes are missing: who has it.
    std::string missing_;
    std::map<std::pair<ObjectId, std::string>, Owner> slugs_;
    std::map<std::pair<ObjectId, std::int64_t>, Owner> places_;
    std::map<std::pair<ObjectId, Digest>, Owner> requests_;
    bool is_whole_ = true;
    bool is_wanted_ = true;
};

}  // namespace

bool check_store(const Session &session, bool repair, const RowSink &row) { return Check(session, repair, row).run(); }

}  // namespace appcreate::mongo
