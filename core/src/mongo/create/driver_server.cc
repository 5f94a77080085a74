#include "mongo/create/driver_server.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "mongo/create/document.h"
#include "mongo/driver/json_bson.h"
#include "mongo/driver/query.h"
#include "mongo/schema/entities.h"
#include "mongo/schema/schema.h"
#include "request/record.h"
#include "slug/free_number.h"

namespace appcreate::mongo {

std::int64_t settled_version_of(const BsonReader &organization) {
    return organization.integer("withinVersion").value_or(1);
}
namespace {

void append_ids(BsonWriter &out, std::string_view key, std::span<const ObjectId> ids) {
    out.document(key, [&](BsonWriter &in) {
        in.array("$in", [&](Items &items) {
            for (const ObjectId &id : ids) items.writer().id(items.key(), id);
        });
    });
}

void append_range(BsonWriter &out, std::int64_t first, std::int64_t last) {
    out.document("place", [&](BsonWriter &range) { range.integer("$gte", first).integer("$lte", last); });
}

Bson projection_of(std::initializer_list<std::string_view> members, bool with_id) {
    Bson out;
    BsonWriter writer(out);
    if (!with_id) writer.integer("_id", 0);
    for (const std::string_view member : members) writer.integer(member, 1);
    return out;
}

Plan read_plan(const BsonReader &reader) {
    const Organization organization = read_organization(reader);
    Plan plan;
    plan.organization = organization.id;
    plan.enabled = organization.enabled;
    plan.frozen = organization.frozen;
    plan.limit = organization.limit;
    plan.limit_version = reader.integer("limitVersion").value_or(0);
    plan.settled_version = settled_version_of(reader);
    plan.next_place = reader.integer("nextPlace").value_or(0);
    plan.filled_to = reader.integer("filledTo").value_or(0);
    plan.retention = organization.retention;
    plan.default_provider = organization.default_provider;
    return plan;
}

ProviderRef read_rendered(const BsonReader &reader) {
    const StorageProvider it = read_provider(reader);
    std::string config;
    append_member(config, reader.get(), "config");
    return std::make_shared<Provider>(
        Provider{it.id, it.organization, render_provider(it.id.hex(), it.name, it.region, config, it.provider),
                 std::string(provider_document(it.id, it.name, it.region, config, it.provider).bytes())});
}

Record read_record(const BsonReader &reader) {
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

std::vector<Record> find_records(const Client &client, const Bson &filter) {
    std::vector<Record> out;
    FindOptions options;
    options.projection = &record_projection();
    find(client, kApplications, filter, options, [&out](const BsonReader &reader) {
        out.push_back(read_record(reader));
        return true;
    });
    return out;
}

Bson slug_counter(const ObjectId &organization, std::string_view base) {
    Bson filter;
    BsonWriter(filter).document("_id", [&](BsonWriter &id) { id.id("o", organization).text("base", base); });
    return filter;
}

Bson one_id(const ObjectId &id) {
    Bson filter;
    BsonWriter(filter).id("_id", id);
    return filter;
}

Owned<mongoc_bulk_operation_t> unordered_bulk(const Client &client) {
    Bson opts;
    BsonWriter(opts).boolean("ordered", false);
    const auto collection = client.collection(kApplications);
    return Owned<mongoc_bulk_operation_t>(
        mongoc_collection_create_bulk_operation_with_opts(collection.get(), opts.get()));
}

// Of the organization's own document.
void change_number(const Client &client, const ObjectId &organization, const char *how, const char *member,
                   std::int64_t to) {
    Bson update;
    BsonWriter(update).document(how, [&](BsonWriter &change) { change.integer(member, to); });
    update_one(client, kOrganizations, one_id(organization), update);
}

}  // namespace

std::int64_t DriverServer::now() { return monotonic_ns(); }

void DriverServer::pause(std::int64_t ns) { std::this_thread::sleep_for(std::chrono::nanoseconds(ns)); }

std::uint64_t DriverServer::random() {
    std::uint64_t number = 0;
    random_bytes(&number, sizeof(number));
    return number;
}

std::vector<PlanRef> DriverServer::read_plans(std::span<const ObjectId> organizations) {
    const std::int64_t since = connected_at();
    const std::int64_t read_at = now();
    std::vector<PlanRef> out;
    Bson filter;
    BsonWriter by_id(filter);
    append_ids(by_id, "_id", organizations);
    find(client_, kOrganizations, filter, {}, [&](const BsonReader &reader) {
        auto plan = std::make_shared<Plan>(read_plan(reader));
        plan->read_at = read_at;
        plan->since = since;
        out.push_back(std::move(plan));
        return true;
    });
    if (out.size() < organizations.size()) require_store_after_missing();
    return out;
}

std::vector<ProviderRef> DriverServer::read_providers(std::span<const ObjectId> ids) {
    std::vector<ProviderRef> out;
    Bson filter;
    BsonWriter by_id(filter);
    append_ids(by_id, "_id", ids);
    find(client_, kProviders, filter, {}, [&out](const BsonReader &reader) {
        out.push_back(read_rendered(reader));
        return true;
    });
    if (out.size() < ids.size()) require_store_after_missing();
    return out;
}

namespace {

// That a store is not fit is its server's word.
template <class Require>
void require_fit(const Require &require) {
    try {
        require();
    } catch (const ServerFailure &) {
        throw;
    } catch (const Failure &failure) {
        throw ServerFailure(failure.status(), failure.what(), failure.detail(), ServerFailure::Kind::kRefused);
    }
}

}  // namespace

SeenFreeze DriverServer::freeze() {
    if (schema_ == nullptr) return {0, now()};
    SchemaCheck &schema = *schema_;
    require_fit([&] { schema.require(client_); });
    return schema.freeze();
}

void DriverServer::require_store_after_missing() {
    if (schema_ == nullptr) return;
    SchemaCheck &schema = *schema_;
    require_fit([&] { schema.require_still(client_); });
}

// A server that was away may have come back empty, with an older copy or without indexes. So nothing is inserted that
// rests on what was seen before it was connected to.
void DriverServer::require_known(const Connection &connection, std::span<const Draft *const> drafts) {
    const auto anew = [&](const std::string &text) {
        return ServerFailure(AC_EUNAVAILABLE, text, 0, ServerFailure::Kind::kAnew);
    };
    try {
        if (schema_ != nullptr) {
            SchemaCheck &schema = *schema_;
            require_fit([&] { schema.require(client_, connection.since); });
        }
    } catch (const ServerFailure &failure) {
        if (failure.kind() == ServerFailure::Kind::kLost) throw anew(failure.what());
        throw;
    }
    // The look itself may have connected anew.
    const bool is_known = client_.connect().since == connection.since &&
                          std::all_of(drafts.begin(), drafts.end(),
                                      [&](const Draft *draft) { return draft->plan->read_at > connection.since; });
    if (is_known) return;
    throw anew(about(client_.name(), "it was connected to anew"));
}

std::vector<Record> DriverServer::find_requests(std::span<const RequestName> requests) {
    Bson filter;
    BsonWriter out(filter);
    const auto append = [](BsonWriter &to, const RequestName &name) {
        to.id("organization", name.organization).binary("request", name.request);
    };
    if (requests.size() == 1) {
        append(out, requests.front());
    } else {
        out.array("$or", [&](Items &items) {
            for (const RequestName &name : requests) {
                items.writer().document(items.key(), [&](BsonWriter &to) { append(to, name); });
            }
        });
    }
    return find_records(client_, filter);
}

std::vector<Record> DriverServer::find_related(std::span<const Draft *const> drafts) {
    Bson filter;
    BsonWriter(filter).array("$or", [&](Items &items) {
        for (const Draft *draft : drafts) {
            const auto add = [&](const auto &fill) {
                items.writer().document(items.key(), [&](BsonWriter &to) {
                    to.id("organization", draft->plan->organization);
                    fill(to);
                });
            };
            add([&](BsonWriter &to) { to.id("_id", draft->id); });
            add([&](BsonWriter &to) { to.text("slug", draft->slug); });
            if (draft->place) add([&](BsonWriter &to) { to.integer("place", *draft->place); });
            if (const auto &request = draft->create->request()) {
                add([&](BsonWriter &to) { to.binary("request", *request); });
            }
        }
    });
    return find_records(client_, filter);
}

void DriverServer::expire_request(const Record &record) { expire_requests({&record, 1}); }

void DriverServer::expire_requests(std::span<const Record> records) {
    const auto bulk = unordered_bulk(client_);
    bson_error_t error;
    for (const Record &record : records) {
        Bson filter;
        BsonWriter out(filter);
        out.id("_id", record.id).id("organization", record.organization);
        if (record.request) out.binary("request", *record.request);
        Bson update;
        BsonWriter(update)
            .document("$set", [&](BsonWriter &set) { set.id("request", record.id); })
            .document("$unset", [](BsonWriter &unset) {
                unset.text("fingerprint", "").text("answer", "").text("keptUntil", "");
            });
        if (!mongoc_bulk_operation_update_one_with_opts(bulk.get(), filter.get(), update.get(), nullptr, &error)) {
            throw failure_of(error, client_.name());
        }
    }
    if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) == 0) throw failure_of(error, client_.name());
}

std::optional<std::int64_t> DriverServer::next_place(const ObjectId &organization, std::int64_t count,
                                                     std::int64_t limit) {
    Bson filter = one_id(organization);
    BsonWriter(filter).document("nextPlace", [limit](BsonWriter &below) { below.integer("$lt", limit); });
    Bson update;
    BsonWriter(update).document("$inc", [count](BsonWriter &inc) { inc.integer("nextPlace", count); });
    std::optional<std::int64_t> next;
    count_up(client_, kOrganizations, filter, update, false, [&next](const BsonReader &reader) {
        next = reader.integer("nextPlace");
        return true;
    });
    return next;
}

void DriverServer::raise_next_place(const ObjectId &organization, std::int64_t to) {
    change_number(client_, organization, "$max", "nextPlace", to);
}

void DriverServer::raise_filled_to(const ObjectId &organization, std::int64_t to, std::int64_t since) {
    if (connected_at() != since) return;
    const Dialer::Closed closed(client_.dialer());
    change_number(client_, organization, "$max", "filledTo", to);
}

void DriverServer::lower_filled_to(const ObjectId &organization, std::int64_t to) {
    change_number(client_, organization, "$min", "filledTo", to);
}

std::int64_t DriverServer::highest_place(const ObjectId &organization, std::int64_t limit) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization);
    append_range(out, 1, limit);
    const Bson projection = projection_of({"place"}, false);
    Bson sort;
    BsonWriter(sort).integer("place", -1);
    FindOptions options;
    options.projection = &projection;
    options.sort = &sort;
    options.limit = 1;
    std::int64_t highest = 0;
    find(client_, kApplications, filter, options, [&highest](const BsonReader &reader) {
        highest = reader.integer("place").value_or(0);
        return false;
    });
    return highest;
}

std::int64_t DriverServer::count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization);
    append_range(out, first, last);
    return count(client_, kApplications, filter);
}

std::vector<std::int64_t> DriverServer::taken_places(const ObjectId &organization, std::int64_t first,
                                                     std::int64_t last) {
    Bson filter;
    BsonWriter out(filter);
    out.id("organization", organization);
    append_range(out, first, last);
    const Bson projection = projection_of({"place"}, false);
    Bson sort;
    BsonWriter(sort).integer("place", 1);
    FindOptions options;
    options.projection = &projection;
    options.sort = &sort;
    options.batch_size = static_cast<std::int32_t>(std::min<std::int64_t>(last - first + 2, 10'000));
    std::vector<std::int64_t> places;
    find(client_, kApplications, filter, options, [&places](const BsonReader &reader) {
        if (const auto place = reader.integer("place")) places.push_back(*place);
        return true;
    });
    return places;
}

std::vector<Outsider> DriverServer::find_outsiders(const ObjectId &organization, std::int64_t limit, std::size_t max) {
    Bson filter;
    BsonWriter(filter).array("$or", [&](Items &items) {
        items.writer().document(items.key(), [&](BsonWriter &above) {
            above.id("organization", organization).document("place", [limit](BsonWriter &more) {
                more.integer("$gt", limit);
            });
        });
        items.writer().document(items.key(), [&](BsonWriter &own) {
            own.id("organization", organization).document("place", [](BsonWriter &type) {
                type.text("$type", "objectId");
            });
        });
    });
    const Bson projection = projection_of({"place"}, true);
    FindOptions options;
    options.projection = &projection;
    options.limit = static_cast<std::int64_t>(max);
    std::vector<Outsider> out;
    find(client_, kApplications, filter, options, [&out](const BsonReader &reader) {
        if (const auto id = reader.id("_id")) out.push_back({*id, reader.integer("place")});
        return true;
    });
    return out;
}

void DriverServer::move(const ObjectId &organization, std::span<const Move> moves) {
    const auto bulk = unordered_bulk(client_);
    bson_error_t error;
    for (const Move &move : moves) {
        Bson filter;
        BsonWriter from(filter);
        from.id("_id", move.from.id).id("organization", organization);
        append_place(from, move.from.place, move.from.id);
        Bson update;
        BsonWriter(update).document("$set", [&move](BsonWriter &set) { set.integer("place", move.to); });
        if (!mongoc_bulk_operation_update_one_with_opts(bulk.get(), filter.get(), update.get(), nullptr, &error)) {
            throw failure_of(error, client_.name());
        }
    }
    if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) != 0) return;
    if (error.code != kDuplicateKey) throw failure_of(error, client_.name());
}

// A counter that does not hold a count, or one that no series reaches, begins again: it only suggests, and what it
// suggests may be taken.
std::int64_t DriverServer::next_suffix(const ObjectId &organization, std::string_view base, std::int64_t count) {
    const Bson filter = slug_counter(organization, base);
    const auto ask = [&](std::string_view change) {
        Bson update;
        BsonWriter(update).document(change, [count](BsonWriter &inc) { inc.integer("n", count); });
        std::optional<std::int64_t> n;
        count_up(client_, kSlugs, filter, update, true, [&n](const BsonReader &reader) {
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

std::vector<std::string> DriverServer::taken_slugs(const ObjectId &organization, std::span<const std::string> slugs) {
    Bson filter;
    BsonWriter(filter).id("organization", organization).document("slug", [&](BsonWriter &in) {
        in.array("$in", [&](Items &items) {
            for (const std::string &slug : slugs) items.writer().text(items.key(), slug);
        });
    });
    const Bson projection = projection_of({"slug"}, false);
    FindOptions options;
    options.projection = &projection;
    std::vector<std::string> out;
    find(client_, kApplications, filter, options, [&out](const BsonReader &reader) {
        if (const auto slug = reader.text("slug")) out.emplace_back(*slug);
        return true;
    });
    return out;
}

}  // namespace appcreate::mongo
