// One end of a copy on a MongoDB database.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "copy/copy.h"
#include "mongo/copy/free_places.h"
#include "mongo/driver/bson.h"
#include "mongo/driver/failure.h"
#include "mongo/driver/pool.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {

class MongoCopyEnd final : public CopyEnd {
  public:
    MongoCopyEnd(Pool &pool, SchemaCheck &schema) noexcept : pool_(pool), schema_(schema) {}

    [[nodiscard]] const std::string &name() const noexcept override { return pool_.name(); }

    void read_organizations(const PageSink<Organization> &page) override;
    void read_providers(const PageSink<StorageProvider> &page) override;
    void read_keys(const PageSink<ApiKey> &page) override;
    void read_applications(const PageSink<ApplicationCopy> &page) override;
    void read_requests(const PageSink<RequestCopy> &page) override;
    std::uint64_t rows() override;

    void put(std::span<const Organization> rows) override;
    void put(std::span<const StorageProvider> rows) override;
    void put(std::span<const ApiKey> rows) override;
    void put(std::span<const ApplicationCopy> rows) override;
    void put(std::span<const RequestCopy> rows) override;
    void finish(std::span<const Organization> rows) override;

    std::optional<Holding> holding(const ObjectId &organization) override;

  private:
    // A connection of its own, checked for the schema; made at first use.
    const Client &client();
    template <class Row>
    void read_all(const PageSink<Row> &sink, const std::function<void(BsonWriter &)> &filter);
    template <class Row>
    void put_all(std::span<const Row> rows);
    template <class Row>
    Bson document_of(const Client &client, const Row &row);
    Bson document_of(const Client &client, const ApplicationCopy &row);
    std::optional<std::int64_t> place_of(const Client &client, const ApplicationCopy &row);
    FreePlaces &places_of(const Client &client, const ObjectId &organization);
    void raise_next_place(const Client &client, const ObjectId &organization);
    bool set_requests(const Client &client, const std::vector<const RequestCopy *> &rows);

    // Retries for 60 s (an election and a restart); every operation is idempotent. A server that was never reached
    // fails at once.
    template <class Ask>
    auto persist(const Ask &ask) {
        constexpr std::int64_t kPatienceNs = 60LL * 1'000'000'000;
        constexpr std::chrono::milliseconds kPause{200};
        const std::int64_t latest = monotonic_ns() + kPatienceNs;
        for (;;) {
            try {
                const Client &own = client();
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
    std::optional<Client> client_;
    bool was_reached_ = false;
    std::map<ObjectId, FreePlaces> places_;  // of organizations with a limit; what is lost is read again
};

}  // namespace appcreate::mongo
