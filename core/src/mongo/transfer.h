// One end of a copy on a MongoDB database.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "copy.h"
#include "mongo/bson.h"
#include "mongo/failure.h"
#include "mongo/pool.h"
#include "mongo/schema.h"
#include "mongo/transfer_places.h"

namespace appcreate::mongo {

class MongoTransfer final : public Transfer {
  public:
    MongoTransfer(Pool &pool, SchemaCheck &schema) noexcept : pool_(pool), schema_(schema) {}

    [[nodiscard]] const std::string &name() const noexcept override { return pool_.name(); }

    void read_organizations(const PageSink<OrganizationCopy> &page) override;
    void read_providers(const PageSink<ProviderCopy> &page) override;
    void read_keys(const PageSink<KeyCopy> &page) override;
    void read_applications(const PageSink<ApplicationCopy> &page) override;
    void read_requests(const PageSink<RequestCopy> &page) override;
    std::uint64_t rows() override;

    void put(std::span<const OrganizationCopy> rows) override;
    void put(std::span<const ProviderCopy> rows) override;
    void put(std::span<const KeyCopy> rows) override;
    void put(std::span<const ApplicationCopy> rows) override;
    void put(std::span<const RequestCopy> rows) override;
    void finish(std::span<const OrganizationCopy> rows) override;

    std::optional<Holding> holding(const ObjectId &organization) override;

  private:
    // A connection of its own, checked for the schema; made at first use.
    const Session &session();
    template <class Row>
    void read_all(const PageSink<Row> &sink, const std::function<void(Writer &)> &filter);
    template <class Row>
    void put_all(std::span<const Row> rows);
    template <class Row>
    Bson document_of(const Session &session, const Row &row);
    Bson document_of(const Session &session, const ApplicationCopy &row);
    std::optional<std::int64_t> place_of(const Session &session, const ApplicationCopy &row);
    FreePlaces &places_of(const Session &session, const ObjectId &organization);
    void raise_next_place(const Session &session, const ObjectId &organization);
    bool set_requests(const Session &session, const std::vector<const RequestCopy *> &rows);

    // Asks again what was lost, or found no server, for as long as an election takes and a restart: all that is asked
    // here can be repeated. Who has never been reached is not waited for.
    template <class Ask>
    auto persist(const Ask &ask) {
        constexpr std::int64_t kPatienceNs = 60LL * 1'000'000'000;
        constexpr std::chrono::milliseconds kPause{200};
        const std::int64_t latest = monotonic_ns() + kPatienceNs;
        for (;;) {
            try {
                const Session &own = session();
                was_reached_ = true;
                return ask(own);
            } catch (const ServerFailure &failure) {
                const bool is_hopeless = failure.kind() == ServerFailure::Kind::kRefused || !was_reached_;
                if (is_hopeless || monotonic_ns() >= latest) throw;
            }
            places_.clear();
            std::this_thread::sleep_for(kPause);
        }
    }

    Pool &pool_;
    SchemaCheck &schema_;
    std::optional<Session> session_;
    bool was_reached_ = false;
    std::map<ObjectId, FreePlaces> places_;  // of organizations with a limit; what is lost is read again
};

}  // namespace appcreate::mongo
