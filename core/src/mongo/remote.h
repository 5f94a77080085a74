// A MongoDB server as the algorithm sees one, over one client.
#pragma once

#include <atomic>

#include "mongo/pool.h"
#include "mongo/schema.h"
#include "mongo/server.h"

namespace appcreate::mongo {

class Remote final : public Server {
  public:
    // `max_document`: the server's maxBsonObjectSize.
    Remote(const Session &session, std::int64_t max_document) : session_(session), max_document_(max_document) {}
    // Says of no organization and no storage provider that it is not there while the store itself is not.
    Remote(const Session &session, SchemaCheck &schema)
        : session_(session), max_document_(schema.max_document()), schema_(&schema) {}

    std::int64_t now() override;
    void pause(std::int64_t ns) override;
    std::uint64_t random() override;
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
    void raise_filled_to(const ObjectId &organization, std::int64_t to) override;
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

    const Session &session_;
    const std::int64_t max_document_;
    SchemaCheck *const schema_ = nullptr;
};

}  // namespace appcreate::mongo
