#include "mongo/remote.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "free_number.h"
#include "mongo/document.h"
#include "mongo/json_bson.h"
#include "mongo/organizations.h"
#include "mongo/query.h"
#include "mongo/schema.h"
#include "record.h"

namespace appcreate::mongo {
namespace {

void append_ids(Writer &out, std::string_view key, std::span<const ObjectId> ids) {
    out.document(key, [&](Writer &in) {
        in.array("$in", [&](Items &items) {
            for (const ObjectId &id : ids) items.writer().id(items.key(), id);
        });
    });
}

void append_range(Writer &out, std::int64_t first, std::int64_t last) {
    out.document("place", [&](Writer &range) { range.integer("$gte", first).integer("$lte", last); });
}

Bson projection_of(std::initializer_list<std::string_view> members, bool with_id) {
    Bson out;
    Writer writer(out);
    if (!with_id) writer.integer("_id", 0);
    for (const std::string_view member : members) writer.integer(member, 1);
    return out;
}

Plan read_plan(const Reader &reader) {
    Plan plan;
    plan.organization = reader.id("_id").value_or(ObjectId{});
    plan.enabled = reader.boolean("enabled").value_or(false);
    plan.limit = reader.integer("limit");
    plan.limit_version = reader.integer("limitVersion").value_or(0);
    plan.settled_version = settled_version_of(reader);
    plan.next_place = reader.integer("nextPlace").value_or(0);
    plan.filled_to = reader.integer("filledTo").value_or(0);
    plan.build_retention_days = reader.integer("maxBillingBuildRetentionDays").value_or(0);
    plan.builds_per_publication = reader.integer("buildsRetainedPerPublication").value_or(0);
    plan.default_provider = reader.id("defaultStorageProvider");
    return plan;
}

ProviderRef read_provider(const Reader &reader) {
    const ObjectId id = reader.id("_id").value_or(ObjectId{});
    const std::string_view name = reader.text("name").value_or("");
    const std::string_view region = reader.text("region").value_or("");
    const std::string_view kind = reader.text("provider").value_or("");
    const Bson none;
    const std::string_view config = reader.document("config").value_or(none.bytes());
    std::string config_json;
    append_object(config_json, config);
    return std::make_shared<Provider>(Provider{id, reader.id("organization").value_or(ObjectId{}),
                                               render_provider(id.hex(), name, region, config_json, kind),
                                               std::string(provider_document(id, name, region, config, kind).bytes())});
}

Record read_record(const Reader &reader) {
    Record record;
    record.organization = reader.id("organization").value_or(ObjectId{});
    record.id = reader.id("_id").value_or(ObjectId{});
    record.slug = reader.text("slug").value_or("");
    record.place = reader.integer("place");
    record.request = reader.digest("request");
    record.fingerprint = reader.digest("fingerprint").value_or(Digest{});
    record.answer = reader.text("answer").value_or("");
    record.kept_until = reader.time("keptUntil").value_or(0);
    return record;
}

const Bson &record_projection() {
    // Never destroyed: a library that is unloaded leaves nothing to run.
    static const Bson *const projection =
        std::make_unique<Bson>(
            projection_of({"organization", "slug", "place", "request", "fingerprint", "answer", "keptUntil"}, true))
            .release();
    return *projection;
}

std::vector<Record> find_records(const Session &session, const Bson &filter) {
    std::vector<Record> out;
    FindOptions options;
    options.projection = &record_projection();
    find(session, kApplications, filter, options, [&out](const Reader &reader) {
        out.push_back(read_record(reader));
        return true;
    });
    return out;
}

Bson slug_counter(const ObjectId &organization, std::string_view base) {
    Bson filter;
    Writer(filter).document("_id", [&](Writer &id) { id.id("o", organization).text("base", base); });
    return filter;
}

Bson one_id(const ObjectId &id) {
    Bson filter;
    Writer(filter).id("_id", id);
    return filter;
}

Owned<mongoc_bulk_operation_t> unordered_bulk(const Session &session) {
    Bson opts;
    Writer(opts).boolean("ordered", false);
    const auto collection = session.collection(kApplications);
    return Owned<mongoc_bulk_operation_t>(
        mongoc_collection_create_bulk_operation_with_opts(collection.get(), opts.get()));
}

// Of the organization's own document.
void change_number(const Session &session, const ObjectId &organization, const char *how, const char *member,
                   std::int64_t to) {
    Bson update;
    Writer(update).document(how, [&](Writer &change) { change.integer(member, to); });
    update_one(session, kOrganizations, one_id(organization), update);
}

}  // namespace

std::int64_t Remote::now() { return monotonic_ns(); }

void Remote::pause(std::int64_t ns) { std::this_thread::sleep_for(std::chrono::nanoseconds(ns)); }

std::uint64_t Remote::random() {
    std::uint64_t number = 0;
    random_bytes(&number, sizeof(number));
    return number;
}

std::vector<PlanRef> Remote::read_plans(std::span<const ObjectId> organizations) {
    const std::int64_t read_at = now();
    std::vector<PlanRef> out;
    Bson filter;
    Writer by_id(filter);
    append_ids(by_id, "_id", organizations);
    find(session_, kOrganizations, filter, {}, [&](const Reader &reader) {
        auto plan = std::make_shared<Plan>(read_plan(reader));
        plan->read_at = read_at;
        out.push_back(std::move(plan));
        return true;
    });
    if (out.size() < organizations.size()) require_store_after_missing();
    return out;
}

std::vector<ProviderRef> Remote::read_providers(std::span<const ObjectId> ids) {
    std::vector<ProviderRef> out;
    Bson filter;
    Writer by_id(filter);
    append_ids(by_id, "_id", ids);
    find(session_, kProviders, filter, {}, [&out](const Reader &reader) {
        out.push_back(read_provider(reader));
        return true;
    });
    if (out.size() < ids.size()) require_store_after_missing();
    return out;
}

void Remote::require_store_after_missing() {
    if (schema_ == nullptr) return;
    try {
        schema_->require_still(session_);
    } catch (const ServerFailure &) {
        throw;
    } catch (const Failure &failure) {
        throw ServerFailure(failure.status(), failure.what(), failure.detail(), ServerFailure::Kind::kRefused);
    }
}

std::vector<Record> Remote::find_requests(std::span<const RequestName> requests) {
    Bson filter;
    Writer out(filter);
    const auto append = [](Writer &to, const RequestName &name) {
        to.id("organization", name.organization).binary("request", name.request);
    };
    if (requests.size() == 1) {
        append(out, requests.front());
    } else {
        out.array("$or", [&](Items &items) {
            for (const RequestName &name : requests) {
                items.writer().document(items.key(), [&](Writer &to) { append(to, name); });
            }
        });
    }
    return find_records(session_, filter);
}

std::vector<Record> Remote::find_related(std::span<const Draft *const> drafts) {
    Bson filter;
    Writer(filter).array("$or", [&](Items &items) {
        for (const Draft *draft : drafts) {
            const auto add = [&](const auto &fill) {
                items.writer().document(items.key(), [&](Writer &to) {
                    to.id("organization", draft->plan->organization);
                    fill(to);
                });
            };
            add([&](Writer &to) { to.id("_id", draft->id); });
            add([&](Writer &to) { to.text("slug", draft->slug); });
            if (draft->place) add([&](Writer &to) { to.integer("place", *draft->place); });
            if (const auto &request = draft->create->request()) {
                add([&](Writer &to) { to.binary("request", *request); });
            }
        }
    });
    return find_records(session_, filter);
}

void Remote::expire_request(const Record &record) { expire_requests({&record, 1}); }

void Remote::expire_requests(std::span<const Record> records) {
    const auto bulk = unordered_bulk(session_);
    bson_error_t error;
    for (const Record &record : records) {
        Bson filter;
        Writer out(filter);
        out.id("_id", record.id).id("organization", record.organization);
        if (record.request) out.binary("request", *record.request);
        Bson update;
        Writer(update)
            .document("$set", [&](Writer &set) { set.id("request", record.id); })
            .document("$unset",
                      [](Writer &unset) { unset.text("fingerprint", "").text("answer", "").text("keptUntil", ""); });
        if (!mongoc_bulk_operation_update_one_with_opts(bulk.get(), filter.get(), update.get(), nullptr, &error)) {
            throw failure_of(error, session_.name());
        }
    }
    if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) == 0) throw failure_of(error, session_.name());
}

std::optional<std::int64_t> Remote::next_place(const ObjectId &organization, std::int64_t count, std::int64_t limit) {
    Bson filter = one_id(organization);
    Writer(filter).document("nextPlace", [limit](Writer &below) { below.integer("$lt", limit); });
    Bson update;
    Writer(update).document("$inc", [count](Writer &inc) { inc.integer("nextPlace", count); });
    std::optional<std::int64_t> next;
    count_up(session_, kOrganizations, filter, update, false, [&next](const Reader &reader) {
        next = reader.integer("nextPlace");
        return true;
    });
    return next;
}

void Remote::raise_next_place(const ObjectId &organization, std::int64_t to) {
    change_number(session_, organization, "$max", "nextPlace", to);
}

void Remote::raise_filled_to(const ObjectId &organization, std::int64_t to) {
    change_number(session_, organization, "$max", "filledTo", to);
}

void Remote::lower_filled_to(const ObjectId &organization, std::int64_t to) {
    change_number(session_, organization, "$min", "filledTo", to);
}

std::int64_t Remote::highest_place(const ObjectId &organization, std::int64_t limit) {
    Bson filter;
    Writer out(filter);
    out.id("organization", organization);
    append_range(out, 1, limit);
    const Bson projection = projection_of({"place"}, false);
    Bson sort;
    Writer(sort).integer("place", -1);
    FindOptions options;
    options.projection = &projection;
    options.sort = &sort;
    options.limit = 1;
    std::int64_t highest = 0;
    find(session_, kApplications, filter, options, [&highest](const Reader &reader) {
        highest = reader.integer("place").value_or(0);
        return false;
    });
    return highest;
}

std::int64_t Remote::count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) {
    Bson filter;
    Writer out(filter);
    out.id("organization", organization);
    append_range(out, first, last);
    return count(session_, kApplications, filter);
}

std::vector<std::int64_t> Remote::taken_places(const ObjectId &organization, std::int64_t first, std::int64_t last) {
    Bson filter;
    Writer out(filter);
    out.id("organization", organization);
    append_range(out, first, last);
    const Bson projection = projection_of({"place"}, false);
    Bson sort;
    Writer(sort).integer("place", 1);
    FindOptions options;
    options.projection = &projection;
    options.sort = &sort;
    options.batch_size = static_cast<std::int32_t>(std::min<std::int64_t>(last - first + 2, 10'000));
    std::vector<std::int64_t> places;
    find(session_, kApplications, filter, options, [&places](const Reader &reader) {
        if (const auto place = reader.integer("place")) places.push_back(*place);
        return true;
    });
    return places;
}

std::vector<Outsider> Remote::find_outsiders(const ObjectId &organization, std::int64_t limit, std::size_t max) {
    Bson filter;
    Writer(filter).array("$or", [&](Items &items) {
        items.writer().document(items.key(), [&](Writer &above) {
            above.id("organization", organization).document("place", [limit](Writer &more) {
                more.integer("$gt", limit);
            });
        });
        items.writer().document(items.key(), [&](Writer &own) {
            own.id("organization", organization).document("place", [](Writer &type) {
                type.text("$type", "objectId");
            });
        });
    });
    const Bson projection = projection_of({"place"}, true);
    FindOptions options;
    options.projection = &projection;
    options.limit = static_cast<std::int64_t>(max);
    std::vector<Outsider> out;
    find(session_, kApplications, filter, options, [&out](const Reader &reader) {
        if (const auto id = reader.id("_id")) out.push_back({*id, reader.integer("place")});
        return true;
    });
    return out;
}

void Remote::move(const ObjectId &organization, std::span<const Move> moves) {
    const auto bulk = unordered_bulk(session_);
    bson_error_t error;
    for (const Move &move : moves) {
        Bson filter;
        Writer from(filter);
        from.id("_id", move.from.id).id("organization", organization);
        append_place(from, move.from.place, move.from.id);
        Bson update;
        Writer(update).document("$set", [&move](Writer &set) { set.integer("place", move.to); });
        if (!mongoc_bulk_operation_update_one_with_opts(bulk.get(), filter.get(), update.get(), nullptr, &error)) {
            throw failure_of(error, session_.name());
        }
    }
    if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) != 0) return;
    if (error.code != kDuplicateKey) throw failure_of(error, session_.name());
}

// A counter that does not hold a count, or one that no series reaches, begins again: it only suggests, and what it
// suggests may be taken.
std::int64_t Remote::next_suffix(const ObjectId &organization, std::string_view base, std::int64_t count) {
    const Bson filter = slug_counter(organization, base);
    const auto ask = [&](std::string_view change) {
        Bson update;
        Writer(update).document(change, [count](Writer &inc) { inc.integer("n", count); });
        std::optional<std::int64_t> n;
        count_up(session_, kSlugs, filter, update, true, [&n](const Reader &reader) {
            n = reader.integer("n");
            return true;
        });
        return n;
    };
    const auto is_count = [&](const std::optional<std::int64_t> &n) {
        return n && *n >= count && *n <= static_cast<std::int64_t>(kLargestNumber);
    };
    std::optional<std::int64_t> n;
    try {
        n = ask("$inc");
    } catch (const ServerFailure &failure) {
        // Two upserts at the same time: the other one has made it.
        if (failure.detail() == static_cast<int>(kDuplicateKey)) {
            n = ask("$inc");
        } else if (failure.kind() != ServerFailure::Kind::kRefused) {
            throw;
        }
    }
    if (!is_count(n)) n = ask("$set");
    return n.value_or(count);
}

std::vector<std::string> Remote::taken_slugs(const ObjectId &organization, std::span<const std::string> slugs) {
    Bson filter;
    Writer(filter).id("organization", organization).document("slug", [&](Writer &in) {
        in.array("$in", [&](Items &items) {
            for (const std::string &slug : slugs) items.writer().text(items.key(), slug);
        });
    });
    const Bson projection = projection_of({"slug"}, false);
    FindOptions options;
    options.projection = &projection;
    std::vector<std::string> out;
    find(session_, kApplications, filter, options, [&out](const Reader &reader) {
        if (const auto slug = reader.text("slug")) out.emplace_back(*slug);
        return true;
    });
    return out;
}

}  // namespace appcreate::mongo
