// A MongoDB server as the algorithm sees one, over one client.
#pragma once

#include <atomic>

#include "mongo/create/server.h"
#include "mongo/driver/bson.h"
#include "mongo/driver/pool.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {

// The version of the limit under which no record can stand outside of it: the first, and raised ones after it. Versions
// 1.0 wrote "settledVersion", which rests on how long a create may be on its way.
std::int64_t settled_version_of(const BsonReader &organization);

class DriverServer final : public Server {
  public:
    // `max_document`: the server's maxBsonObjectSize.
    DriverServer(const Client &client, std::int64_t max_document) : client_(client), max_document_(max_document) {}
    // Says of no organization and no storage provider that it is not there while the store itself is not.
    DriverServer(const Client &client, SchemaCheck &schema)
        : client_(client), max_document_(schema.max_document()), schema_(&schema) {}

    std::int64_t connected_at() override { return client_.connect().since; }
    std::int64_t now() override;
    void pause(std::int64_t ns) override;
    std::uint64_t random() override;
    SeenFreeze freeze() override;
    std::vector<PlanRef> read_plans(std::span<const ObjectId> organizations) override;
    std::vector<ProviderRef> read_providers(std::span<const ObjectId> ids) override;
    Inserted insert(std::span<const Draft *const> drafts) override;
    std::vector<Record> find_requests(std::span<const RequestName> requests) override;
    std::vector<Record> find_related(std::span<const Draft *const> drafts) override;
    void expire_request(const Record &record) override;
    // All in one message.
    void expire_requests(std::span<const Record> records);
    std::optional<std::int64_t> next_place(const ObjectId &organization, std::int64_t count,
                                           std::int64_t limit) override;
    void raise_next_place(const ObjectId &organization, std::int64_t to) override;
    void raise_filled_to(const ObjectId &organization, std::int64_t to, std::int64_t since) override;
    void lower_filled_to(const ObjectId &organization, std::int64_t to) override;
    std::int64_t highest_place(const ObjectId &organization, std::int64_t limit) override;
    std::int64_t count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) override;
    std::vector<std::int64_t> taken_places(const ObjectId &organization, std::int64_t first,
                                           std::int64_t last) override;
    std::vector<Outsider> find_outsiders(const ObjectId &organization, std::int64_t limit, std::size_t max) override;
    void move(const ObjectId &organization, std::span<const Move> moves) override;
    std::int64_t next_suffix(const ObjectId &organization, std::string_view base, std::int64_t count) override;
    std::vector<std::string> taken_slugs(const ObjectId &organization, std::span<const std::string> slugs) override;

  private:
    void require_store_after_missing();
    void require_known(const Connection &connection, std::span<const Draft *const> drafts);

    const Client &client_;
    const std::int64_t max_document_;
    SchemaCheck *const schema_ = nullptr;
};

}  // namespace appcreate::mongo
