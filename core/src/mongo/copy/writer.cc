// What a copy writes. Documents of a page that are not there are inserted at once; where a unique index refuses one, it
// is looked who is in the way.
#include <algorithm>
#include <utility>

#include "copy/conflicts.h"
#include "mongo/admin/organizations.h"
#include "mongo/copy/copy_end.h"
#include "mongo/copy/documents.h"
#include "mongo/create/batch.h"
#include "mongo/create/document.h"
#include "mongo/create/driver_server.h"
#include "mongo/driver/query.h"

namespace appcreate::mongo {
namespace {

// Others may write at the same time, but not all the time.
constexpr int kAttempts = 10;
constexpr std::size_t kMaxKnown = 10'000;
// The members of a kept request besides its answer, with their names.
constexpr std::size_t kRequestSize = 256;
// A record is not larger in BSON than so many times its JSON text: numbers of one digit in a long array come near.
constexpr std::int64_t kMostGrowth = 10;

template <class Rows>
Bson ids_of(const Rows &rows, const auto &id_of) {
    Bson filter;
    BsonWriter(filter).document("_id", [&](BsonWriter &in) {
        in.array("$in", [&](Items &items) {
            for (const auto &row : rows) items.writer().id(items.key(), id_of(row));
        });
    });
    return filter;
}

// Compares those that are there; returns the others.
template <class Row>
std::vector<const Row *> missing_of(const Client &client, std::span<const Row> rows) {
    std::map<ObjectId, const Row *> missing;
    for (const Row &row : rows) missing.emplace(row.id, &row);
    Bson projection;
    BsonWriter(projection).integer("answer", 0).integer("fingerprint", 0).integer("keptUntil", 0);
    FindOptions options;
    options.projection = &projection;
    find(client, Collection<Row>::kName, ids_of(rows, [](const Row &row) { return row.id; }), options,
         [&](const BsonReader &reader) {
             const Row there = Collection<Row>::read(reader);
             const auto found = missing.find(there.id);
             if (found == missing.end()) return true;
             require_same(client.name(), *found->second, there);
             missing.erase(found);
             return true;
         });
    std::vector<const Row *> out;
    out.reserve(missing.size());
    for (const auto &[id, row] : missing) out.push_back(row);
    return out;
}

template <class Row>
void refuse_rivals(const Client &client, const std::vector<const Row *> &rows) {
    if constexpr (requires(const Row &row) { Collection<Row>::rival(row); }) {
        Bson projection;
        BsonWriter(projection).integer("_id", 1);
        FindOptions options;
        options.projection = &projection;
        for (const Row *row : rows) {
            find(client, Collection<Row>::kName, Collection<Row>::rival(*row), options, [&](const BsonReader &reader) {
                const auto id = reader.id("_id");
                if (id && *id != row->id) refuse(client.name(), *row, *id);
                return false;
            });
        }
    }
}

// Did nothing fail but what a unique index refused?
bool only_duplicates(const bson_t *reply) {
    const auto errors = BsonReader(reply).array("writeErrors");
    const auto concerns = BsonReader(reply).array("writeConcernErrors");
    if (!errors || (concerns && !bson_empty(BsonView(*concerns).get()))) return false;
    const BsonView view(*errors);
    bson_iter_t at;
    bson_iter_t member;
    bool is_any = false;
    if (!bson_iter_init(&at, view.get())) return false;
    while (bson_iter_next(&at)) {
        if (!bson_iter_recurse(&at, &member) || !bson_iter_find(&member, "code")) return false;
        if (bson_iter_as_int64(&member) != kDuplicateKey) return false;
        is_any = true;
    }
    return is_any;
}

// Writes to one collection that are sent together.
class CopyBulk {
  public:
    CopyBulk(const Client &client, const char *collection) : client_(client) {
        Bson opts;
        BsonWriter(opts).boolean("ordered", false);
        const auto target = client.collection(collection);
        bulk_.reset(mongoc_collection_create_bulk_operation_with_opts(target.get(), opts.get()));
    }
    void insert(const Bson &document) {
        // libmongoc's own check refuses the empty key, which is legal in "metadata".
        Bson opts;
        BsonWriter(opts).boolean("validate", false);
        bson_error_t error;
        if (!mongoc_bulk_operation_insert_with_opts(bulk_.get(), document.get(), opts.get(), &error)) {
            throw failure_of(error, client_.name());
        }
    }
    void update(const Bson &filter, const Bson &update) {
        bson_error_t error;
        if (!mongoc_bulk_operation_update_one_with_opts(bulk_.get(), filter.get(), update.get(), nullptr, &error)) {
            throw failure_of(error, client_.name());
        }
    }
    // False: unique indexes refused some. Throws ServerFailure.
    bool execute() {
        bson_t reply;
        bson_error_t error{};
        const bool is_ok = mongoc_bulk_operation_execute(bulk_.get(), &reply, &error) != 0;
        const bool is_refused = !is_ok && only_duplicates(&reply);
        bson_destroy(&reply);
        if (!is_ok && !is_refused) throw failure_of(error, client_.name());
        return is_ok;
    }

  private:
    const Client &client_;
    Owned<mongoc_bulk_operation_t> bulk_;
};

// What the target has of the applications of these requests.
std::map<ObjectId, std::optional<Digest>> requests_there(const Client &client, std::span<const RequestCopy> rows) {
    std::map<ObjectId, std::optional<Digest>> out;
    Bson projection;
    BsonWriter(projection).integer("request", 1);
    FindOptions options;
    options.projection = &projection;
    find(client, kApplications, ids_of(rows, [](const RequestCopy &row) { return row.application; }), options,
         [&out](const BsonReader &reader) {
             if (const auto id = reader.id("_id")) out.emplace(*id, reader.digest("request"));
             return true;
         });
    return out;
}

// Forgets what has expired of the same requests; what is still kept is in the way.
void expire_rivals(DriverServer &server, const std::string &store, const std::vector<const RequestCopy *> &rows) {
    std::vector<RequestName> names;
    names.reserve(rows.size());
    for (const RequestCopy *row : rows) names.push_back({row->organization, row->request});
    for (const Record &record : server.find_requests(names)) {
        if (record.kept_until < now_ms() - kClockSlackMs) {
            server.expire_request(record);
            continue;
        }
        for (const RequestCopy *row : rows) {
            const bool is_same = record.organization == row->organization && record.request == row->request;
            if (is_same && record.id != row->application) refuse(store, *row, record.id);
        }
    }
}

// Only a large answer can fail to fit beside its record.
void require_room(const Client &client, const RequestCopy &row, std::int64_t max_document) {
    const auto answer = static_cast<std::int64_t>(row.answer.size());
    if (answer < max_document / kMostGrowth) return;
    Bson filter;
    BsonWriter(filter).id("_id", row.application).id("organization", row.organization);
    std::int64_t size = 0;
    find(client, kApplications, filter, {}, [&size](const BsonReader &reader) {
        size = reader.get()->len;
        return false;
    });
    if (size + answer + static_cast<std::int64_t>(kRequestSize) <= max_document) return;
    throw Failure(AC_EUNAVAILABLE, "store \"" + client.name() + "\": the application " + row.application.hex() +
                                       " and the answer that its Idempotency-Key repeats are too large for one "
                                       "document; repeat the copy after " +
                                       timestamp(row.kept_until) + ", when that is not kept any more");
}

}  // namespace

template <class Row>
void MongoCopyEnd::put_all(std::span<const Row> rows) {
    persist([&](const Client &own) {
        for (int attempt = 0;; ++attempt) {
            const std::vector<const Row *> missing = missing_of(own, rows);
            if (missing.empty()) return;
            if (attempt > 0) refuse_rivals(own, missing);
            if (attempt == kAttempts) refuse_moving_target(name(), missing.front()->id);
            CopyBulk bulk(own, Collection<Row>::kName);
            for (const Row *row : missing) bulk.insert(document_of(own, *row));
            if (bulk.execute()) return;
            places_.clear();
        }
    });
}

template <class Row>
Bson MongoCopyEnd::document_of(const Client &, const Row &row) {
    return Collection<Row>::document(row);
}

Bson MongoCopyEnd::document_of(const Client &own, const ApplicationCopy &row) {
    Bson document = Collection<ApplicationCopy>::document(row, place_of(own, row));
    if (static_cast<std::int64_t>(document.size()) <= schema_.max_document()) return document;
    throw Failure(AC_EUNAVAILABLE, "store \"" + name() + "\": the application " + row.id.hex() +
                                       " is larger than a document can be, so it cannot be copied there");
}

// Where all places are taken it stands outside with its own id, as after a limit was lowered, and gateways learn that
// there is something to move inside.
std::optional<std::int64_t> MongoCopyEnd::place_of(const Client &own, const ApplicationCopy &row) {
    FreePlaces &places = places_of(own, row.organization);
    if (!places.limit()) return std::nullopt;
    DriverServer server(own, schema_.max_document());
    const auto place = places.take(server);
    if (place || places.is_unsettled()) return place;
    Bson filter;
    BsonWriter(filter).id("_id", row.organization);
    Bson update;
    BsonWriter(update).document("$inc", [](BsonWriter &inc) { inc.integer("limitVersion", 1); });
    update_one(own, kOrganizations, filter, update);
    places.set_unsettled();
    return std::nullopt;
}

FreePlaces &MongoCopyEnd::places_of(const Client &own, const ObjectId &organization) {
    const auto known = places_.find(organization);
    if (known != places_.end()) return known->second;
    if (places_.size() >= kMaxKnown) places_.clear();
    const OrganizationEntry entry = find_organization(own, organization.hex());
    return places_.emplace(organization, FreePlaces(organization, entry.row.limit)).first->second;
}

void MongoCopyEnd::put(std::span<const Organization> rows) { put_all(rows); }

void MongoCopyEnd::put(std::span<const StorageProvider> rows) { put_all(rows); }

void MongoCopyEnd::put(std::span<const ApiKey> rows) { put_all(rows); }

void MongoCopyEnd::put(std::span<const ApplicationCopy> rows) { put_all(rows); }

void MongoCopyEnd::put(std::span<const RequestCopy> rows) {
    persist([&](const Client &own) {
        DriverServer server(own, schema_.max_document());
        for (int attempt = 0;; ++attempt) {
            const auto there = requests_there(own, rows);
            std::vector<const RequestCopy *> missing;
            for (const RequestCopy &row : rows) {
                const auto found = there.find(row.application);
                if (found != there.end() && found->second != row.request) missing.push_back(&row);
            }
            if (missing.empty()) return;
            expire_rivals(server, name(), missing);
            if (attempt == kAttempts) refuse_moving_target(name(), missing.front()->application);
            set_requests(own, missing);
        }
    });
}

// Where the record's own id stands, which means: no request.
bool MongoCopyEnd::set_requests(const Client &own, const std::vector<const RequestCopy *> &rows) {
    CopyBulk bulk(own, kApplications);
    for (const RequestCopy *row : rows) {
        require_room(own, *row, schema_.max_document());
        Bson filter;
        BsonWriter(filter)
            .id("_id", row->application)
            .id("organization", row->organization)
            .id("request", row->application);
        Bson update;
        BsonWriter(update).document("$set", [row](BsonWriter &set) {
            set.binary("request", row->request)
                .binary("fingerprint", row->fingerprint)
                .text("answer", row->answer)
                .time("keptUntil", row->kept_until);
        });
        bulk.update(filter, update);
    }
    return bulk.execute();
}

void MongoCopyEnd::finish(std::span<const Organization> rows) {
    persist([&](const Client &own) {
        for (const Organization &row : rows) {
            if (row.default_provider) {
                Bson filter;
                BsonWriter(filter).id("_id", row.id).null("defaultStorageProvider");
                Bson update;
                BsonWriter(update).document(
                    "$set", [&row](BsonWriter &set) { set.id("defaultStorageProvider", *row.default_provider); });
                update_one(own, kOrganizations, filter, update);
            }
            if (row.limit) raise_next_place(own, row.id);
        }
    });
}

// So that gateways do not have to find out that the first places are taken.
void MongoCopyEnd::raise_next_place(const Client &own, const ObjectId &organization) {
    FreePlaces &places = places_of(own, organization);
    if (!places.limit()) return;
    DriverServer server(own, schema_.max_document());
    const auto first = places.first(server);
    if (first && *first == 1) return;
    server.raise_next_place(organization, first ? *first - 1 : *places.limit());
}

}  // namespace appcreate::mongo
