// What a copy reads; what it writes is in writer.cc.
#include "mongo/copy/copy_end.h"

#include <utility>

#include "mongo/admin/organizations.h"
#include "mongo/copy/documents.h"
#include "mongo/create/batch.h"
#include "mongo/driver/query.h"

namespace appcreate::mongo {
namespace {

// What one find hands out.
constexpr std::size_t kRows = 500;
constexpr std::size_t kBytes = 4 << 20;

template <class Row>
ObjectId id_of(const Row &row) noexcept {
    return row.id;
}
ObjectId id_of(const RequestCopy &row) noexcept { return row.application; }

template <class Row>
std::size_t size_of(const Row &) noexcept {
    return 0;
}
std::size_t size_of(const ApplicationCopy &row) noexcept { return 2 * row.record.size(); }
std::size_t size_of(const RequestCopy &row) noexcept { return row.answer.size(); }

// The kept answers of applications are read as requests.
template <class Row>
Bson projection() {
    Bson out;
    if constexpr (std::is_same_v<Row, ApplicationCopy>) {
        BsonWriter(out).integer("answer", 0).integer("fingerprint", 0).integer("keptUntil", 0);
    }
    return out;
}

// A page in the order of the ids.
template <class Row>
std::vector<Row> read_page(const Client &client, const std::optional<ObjectId> &after,
                           const std::function<void(BsonWriter &)> &condition) {
    Bson filter;
    BsonWriter out(filter);
    if (after) out.document("_id", [&](BsonWriter &above) { above.id("$gt", *after); });
    if (condition) condition(out);
    Bson sort;
    BsonWriter(sort).integer("_id", 1);
    const Bson members = projection<Row>();
    FindOptions options;
    options.sort = &sort;
    options.projection = &members;
    options.limit = kRows;
    std::vector<Row> rows;
    std::size_t bytes = 0;
    find(client, Collection<Row>::kName, filter, options, [&](const BsonReader &reader) {
        rows.push_back(Collection<Row>::read(reader));
        bytes += size_of(rows.back());
        return bytes < kBytes;
    });
    return rows;
}

}  // namespace

const Client &MongoCopyEnd::client() {
    if (!client_) client_.emplace(pool_.lend_patient());
    schema_.require(*client_);
    return *client_;
}

template <class Row>
void MongoCopyEnd::read_all(const PageSink<Row> &sink, const std::function<void(BsonWriter &)> &filter) {
    std::optional<ObjectId> after;
    for (;;) {
        const std::vector<Row> page = persist([&](const Client &own) { return read_page<Row>(own, after, filter); });
        if (page.empty()) return;
        sink(page);
        after = id_of(page.back());
    }
}

void MongoCopyEnd::read_organizations(const PageSink<Organization> &page) { read_all(page, {}); }

void MongoCopyEnd::read_providers(const PageSink<StorageProvider> &page) { read_all(page, {}); }

void MongoCopyEnd::read_keys(const PageSink<ApiKey> &page) { read_all(page, {}); }

void MongoCopyEnd::read_applications(const PageSink<ApplicationCopy> &page) { read_all(page, {}); }

// What a gateway would still repeat.
void MongoCopyEnd::read_requests(const PageSink<RequestCopy> &page) {
    const std::int64_t now = now_ms();
    read_all<RequestCopy>(page, [now](BsonWriter &filter) {
        filter.document("keptUntil", [now](BsonWriter &above) { above.time("$gte", now - kClockSlackMs); });
    });
}

std::uint64_t MongoCopyEnd::rows() {
    return persist([](const Client &own) {
        const Bson all;
        std::int64_t n = 0;
        for (const char *collection : {kOrganizations, kProviders, kKeys, kApplications}) {
            n += count(own, collection, all);
        }
        return static_cast<std::uint64_t>(n);
    });
}

std::optional<Holding> MongoCopyEnd::holding(const ObjectId &organization) {
    return persist([&](const Client &own) {
        Bson by_id;
        BsonWriter(by_id).id("_id", organization);
        std::optional<Holding> out;
        if (count(own, kOrganizations, by_id) == 0) return out;
        Bson filter;
        BsonWriter(filter).id("organization", organization);
        out.emplace();
        out->providers = static_cast<std::uint64_t>(count(own, kProviders, filter));
        out->keys = static_cast<std::uint64_t>(count(own, kKeys, filter));
        out->applications = static_cast<std::uint64_t>(count(own, kApplications, filter));
        return out;
    });
}

}  // namespace appcreate::mongo
