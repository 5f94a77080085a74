#include "mongo/admin/check.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "admin/rows.h"
#include "mongo/admin/organizations.h"
#include "mongo/create/driver_server.h"
#include "mongo/create/places.h"
#include "mongo/create/slug_numbers.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"
#include "slug/slug.h"

namespace appcreate::mongo {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::int64_t kAnyDocument = 16 << 20;

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
    Check(const Client &client, bool repair, const RowSink &row) : client_(client), repair_(repair), row_(row) {}

    bool run() {
        missing_ = missing_indexes(client_).unique;
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
                install_schema(client_);
                repaired = missing_indexes(client_).unique.empty();
            } catch (const ServerFailure &failure) {
                detail += std::string("; ") + failure.what();
            }
        }
        report("index", "", detail, repaired);
    }

    void organizations() {
        each_organization(client_, [this](const OrganizationEntry &entry) {
            organizations_.emplace(entry.row.id, entry);
            if (entry.row.default_provider && !has_provider(entry)) {
                report("reference", entry.row.id.hex(), "its default storage provider does not exist");
            }
            return is_wanted_;
        });
    }

    bool has_provider(const OrganizationEntry &entry) {
        Bson filter;
        BsonWriter(filter).id("_id", *entry.row.default_provider).id("organization", entry.row.id);
        return count(client_, kProviders, filter) == 1;
    }

    void references(const char *collection, const char *detail) {
        Bson projection;
        BsonWriter(projection).integer("organization", 1);
        FindOptions options;
        options.projection = &projection;
        find(client_, collection, {}, options, [&](const BsonReader &reader) {
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
        if (after) BsonWriter(filter).document("_id", [&](BsonWriter &above) { above.id("$gt", *after); });
        Bson sort;
        BsonWriter(sort).integer("_id", 1);
        Bson projection;
        BsonWriter(projection)
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
        find(client_, kApplications, filter, options, [&out](const BsonReader &reader) {
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
        const std::string organization = known->second.row.id.hex();
        if (!is_application_slug(record.slug)) {
            report("record", organization, record.id.hex() + ": its slug does not match the pattern of slugs");
        }
        if (!record.has_place) {
            report("place", organization, record.id.hex() + ": it has no place", put_outside(known->second, record.id));
        }
        if (!record.has_request || (record.digest && !record.is_kept)) {
            report("request", organization, record.id.hex() + ": its request has nothing to replay",
                   own_id(*record.organization, record.id, "request"));
        }
        Held &held = held_[*record.organization];
        ++held.records;
        if (record.limit_version == known->second.limit_version) ++held.of_this_limit;
        if (!missing_.empty()) duplicates(record, known->second);
    }

    // What the unique indexes would have refused. The older one keeps what it has: ids of one second are in no order.
    void duplicates(const Checked &record, const OrganizationEntry &entry) {
        const Owner self{record.created_at, record.id};
        const auto part = [&](auto &seen, const auto &value, const char *what, const auto &mend) {
            const auto [there, is_first] = seen.try_emplace({*record.organization, value}, self);
            if (is_first) return;
            const Owner older = std::min(there->second, self);
            const Owner younger = std::max(there->second, self);
            there->second = older;
            const bool repaired = mend(younger.second);
            report(what, entry.row.id.hex(),
                   younger.second.hex() + ": its " + what + " is that of " + older.second.hex(), repaired);
        };
        part(slugs_, record.slug, "slug", [&](const ObjectId &id) { return rename(record, id); });
        if (record.place) {
            part(places_, *record.place, "place", [&](const ObjectId &id) { return put_outside(entry, id); });
        }
        if (record.digest) {
            part(requests_, *record.digest, "request",
                 [&](const ObjectId &id) { return own_id(entry.row.id, id, "request"); });
        }
    }

    // Gives `id`, which has the record's slug, a number.
    bool rename(const Checked &record, const ObjectId &id) {
        if (!repair_) return false;
        DriverServer server(client_, kAnyDocument);
        const std::int64_t number = find_free_numbers(server, *record.organization, {{record.slug}}).front();
        const std::string slug = numbered_slug(record.slug, static_cast<std::uint64_t>(number));
        slugs_.try_emplace({*record.organization, slug}, 0, id);
        Bson filter;
        BsonWriter(filter).id("_id", id).id("organization", *record.organization);
        Bson update;
        BsonWriter(update).document("$set", [&](BsonWriter &set) { set.text("slug", slug); });
        return update_one(client_, kApplications, filter, update).matched == 1;
    }

    // A record without a place of its own stands outside of the limit, as after one was lowered. Where none could
    // stand, gateways have to learn it first, or they give away what is inside, also under a limit that is raised
    // later.
    bool put_outside(const OrganizationEntry &entry, const ObjectId &id) {
        if (repair_ && entry.row.limit && !unsettled_.contains(entry.row.id)) {
            Bson filter;
            BsonWriter(filter).id("_id", entry.row.id);
            Bson update;
            BsonWriter(update).document("$inc", [](BsonWriter &inc) { inc.integer("limitVersion", 1); });
            if (update_one(client_, kOrganizations, filter, update).matched != 1) return false;
            unsettled_.insert(entry.row.id);
        }
        return own_id(entry.row.id, id, "place");
    }

    // Puts its own id where a record lacks a place or a request.
    bool own_id(const ObjectId &organization, const ObjectId &id, const char *member) {
        if (!repair_) return false;
        Bson filter;
        BsonWriter(filter).id("_id", id).id("organization", organization);
        Bson update;
        BsonWriter(update).document("$set", [&](BsonWriter &set) { set.id(member, id); });
        return update_one(client_, kApplications, filter, update).matched == 1;
    }

    void limits() {
        DriverServer server(client_, kAnyDocument);
        for (const auto &[id, entry] : organizations_) {
            if (!is_wanted_) return;
            if (!entry.row.limit) continue;
            const std::int64_t first = filled(server, entry);
            outside(server, entry, first);
            exceeded(entry);
        }
    }

    // Returns the lowest free place; beyond the limit: none is.
    std::int64_t filled(DriverServer &server, const OrganizationEntry &entry) {
        PlaceSearch search(entry.row.id, 0, *entry.row.limit);
        while (!search.is_over() && search.free().empty()) search.step(server);
        if (search.filled_to() < std::min(entry.filled_to, *entry.row.limit)) {
            if (repair_) server.lower_filled_to(entry.row.id, search.filled_to());
            report("place", entry.row.id.hex(), "a place that is said to be taken for good is free", repair_);
        }
        return search.filled_to() + 1;
    }

    // Gateways move them too, before they make another one.
    void outside(DriverServer &server, const OrganizationEntry &entry, std::int64_t first_free) {
        if (first_free > *entry.row.limit) return;
        if (server.find_outsiders(entry.row.id, *entry.row.limit, 1).empty()) return;
        if (repair_) {
            Plan plan;
            plan.organization = entry.row.id;
            plan.limit = entry.row.limit;
            plan.limit_version = entry.limit_version;
            plan.settled_version = -1;
            Places().move_inside_limit(server, plan);
        }
        report("place", entry.row.id.hex(), "records stand outside of its limit while places inside are free", repair_);
    }

    // With more than the limit, none can have been made under it; unless others came late, that were judged by an
    // earlier one.
    void exceeded(const OrganizationEntry &entry) {
        const Held &held = held_[entry.row.id];
        if (held.records <= *entry.row.limit || held.of_this_limit == 0) return;
        const std::int64_t ours = entry.limit_version + (unsettled_.contains(entry.row.id) ? 1 : 0);
        if (find_organization(client_, entry.row.id.hex()).limit_version != ours) return;
        report("limit", entry.row.id.hex(),
               std::to_string(held.records) + " applications, its limit is " + std::to_string(*entry.row.limit) +
                   ": creates that were judged by an earlier limit came after it was changed, or unique indexes were "
                   "missing; raise the limit, or delete what is too many");
    }

    struct Held {
        std::int64_t records = 0;
        std::int64_t of_this_limit = 0;
    };

    const Client &client_;
    const bool repair_;
    const RowSink &row_;
    std::map<ObjectId, OrganizationEntry> organizations_;
    std::map<ObjectId, Held> held_;
    std::set<ObjectId> unsettled_;  // gateways were told that records stand outside
    // Where unique indexes are missing: who has it.
    std::string missing_;
    std::map<std::pair<ObjectId, std::string>, Owner> slugs_;
    std::map<std::pair<ObjectId, std::int64_t>, Owner> places_;
    std::map<std::pair<ObjectId, Digest>, Owner> requests_;
    bool is_whole_ = true;
    bool is_wanted_ = true;
};

}  // namespace

bool check_store(const Client &client, bool repair, const RowSink &row) { return Check(client, repair, row).run(); }

}  // namespace appcreate::mongo
