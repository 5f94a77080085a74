// The creates of one batch, inside one transaction that the caller began and will commit: replay, provider, limit,
// slug, insert (contract, step 6). A create that fails leaves nothing behind and disturbs no other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "create.h"
#include "record.h"
#include "sqlite/connection.h"
#include "sqlite/idempotency.h"
#include "sqlite/slug_search.h"

namespace appcreate::sqlite {

class Batch {
  public:
    explicit Batch(const Connection &connection);

    // Gives every create its outcome, which holds once the transaction is committed.
    void run(std::span<Create *const> creates);
    // The transaction was rolled back.
    void forget() noexcept;

  private:
    struct Organization {
        std::int64_t rowid = 0;
        bool enabled = false;
        std::optional<std::int64_t> limit;
        std::int64_t applications = 0;
        std::int64_t before = 0;  // `applications` as it is stored
        std::int64_t build_retention_days = 0;
        std::int64_t builds_per_publication = 0;
        std::string default_provider;               // its JSON; empty: none
        std::map<ObjectId, std::string> providers;  // the JSON of those that were named; empty: none such
    };

    void run_one(Create &create);
    void make(Create &create, Organization &org, std::string_view provider);
    void validate(Create &create, const Organization &org, std::string_view provider);
    std::string insert(Create &create, const Organization &org, RecordFacts &facts, const ObjectId &id);
    bool try_insert(Create &create, const Organization &org, RecordFacts &facts, const ObjectId &id,
                    std::string_view slug);
    static RecordFacts facts_of(const Create &create, const Organization &org, std::string_view provider);
    static std::string base_slug(const Application &application, const ObjectId &id);
    Organization &organization(std::string_view id_hex);
    const std::string &provider(Organization &org, const ObjectId &id);
    void store_counts();
    void notice_other_content();

    const Connection &connection_;
    Idempotency idempotency_;
    SlugSearch slugs_;
    Statement organization_, provider_, insert_, count_, schema_version_;
    std::int64_t schema_version_seen_ = 0;
    std::map<ObjectId, Organization> organizations_;  // of the batch that runs
};

}  // namespace appcreate::sqlite
