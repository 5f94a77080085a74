// What a copy reads; what it writes is in transfer_put.cc.
#include "mongo/transfer.h"

#include <utility>

#include "mongo/batch.h"
#include "mongo/organizations.h"
#include "mongo/query.h"
#include "mongo/transfer_rows.h"

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
        Writer(out).integer("answer", 0).integer("fingerprint", 0).integer("keptUntil", 0);
    }
    return out;
}

// A page in the order of the ids.
template <class Row>
std::vector<Row> read_page(const Session &session, const std::optional<ObjectId> &after,
                           const std::function<void(Writer &)> &condition) {
    Bson filter;
    Writer out(filter);
    if (after) out.document("_id", [&](Writer &above) { above.id("$gt", *after); });
    if (condition) condition(out);
    Bson sort;
    Writer(sort).integer("_id", 1);
    const Bson members = projection<Row>();
    FindOptions options;
    options.sort = &sort;
    options.projection = &members;
    options.limit = kRows;
    std::vector<Row> rows;
    std::size_t bytes = 0;
    find(session, Collection<Row>::kName, filter, options, [&](const Reader &reader) {
        rows.push_back(Collection<Row>::read(reader));
        bytes += size_of(rows.back());
        return bytes < kBytes;
    });
    return rows;
}

}  // namespace

const Session &MongoTransfer::session() {
    if (!session_) session_.emplace(pool_.lend_patient());
    schema_.require(*session_);
    return *session_;
}

template <class Row>
void MongoTransfer::read_all(const PageSink<Row> &sink, const std::function<void(Writer &)> &filter) {
    std::optional<ObjectId> after;
    for (;;) {
        const std::vector<Row> page = persist([&](const Session &own) { return read_page<Row>(own, after, filter); });
        if (page.empty()) return;
        sink(page);
        after = id_of(page.back());
    }
}

void MongoTransfer::read_organizations(const PageSink<OrganizationCopy> &page) { read_all(page, {}); }

void MongoTransfer::read_providers(const PageSink<ProviderCopy> &page) { read_all(page, {}); }

void MongoTransfer::read_keys(const PageSink<KeyCopy> &page) { read_all(page, {}); }

void MongoTransfer::read_applications(const PageSink<ApplicationCopy> &page) { read_all(page, {}); }

// What a gateway would still repeat.
void MongoTransfer::read_requests(const PageSink<RequestCopy> &page) {
    const std::int64_t now = now_ms();
    read_all<RequestCopy>(page, [now](Writer &filter) {
        filter.document("keptUntil", [now](Writer &above) { above.time("$gte", now - kClockSlackMs); });
    });
}

std::uint64_t MongoTransfer::rows() {
    return persist([](const Session &own) {
        const Bson all;
        std::int64_t n = 0;
        for (const char *collection : {kOrganizations, kProviders, kKeys, kApplications}) {
            n += count(own, collection, all);
        }
        return static_cast<std::uint64_t>(n);
    });
}

std::optional<Holding> MongoTransfer::holding(const ObjectId &organization) {
    return persist([&](const Session &own) {
        Bson by_id;
        Writer(by_id).id("_id", organization);
        std::optional<Holding> out;
        if (count(own, kOrganizations, by_id) == 0) return out;
        Bson filter;
        Writer(filter).id("organization", organization);
        out.emplace();
        out->providers = static_cast<std::uint64_t>(count(own, kProviders, filter));
        out->keys = static_cast<std::uint64_t>(count(own, kKeys, filter));
        out->applications = static_cast<std::uint64_t>(count(own, kApplications, filter));
        return out;
    });
}

}  // namespace appcreate::mongo
