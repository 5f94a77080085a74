// The creates of one batch, inside one transaction that the caller began and will commit: replay, provider, limit,
// slug, insert (docs/api.md, "Order of checks", 6). A create that fails leaves nothing behind and disturbs no other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/entities.h"
#include "request/create.h"
#include "request/record.h"
#include "sqlite/create/idempotency.h"
#include "sqlite/create/key_use.h"
#include "sqlite/create/slug_numbers.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

class Batch {
  public:
    explicit Batch(const Connection &connection);

    // Gives every create its outcome, which holds once the transaction is committed. `frozen`: the store's freeze, as
    // it was read in this transaction.
    void run(std::span<Create *const> creates, Freeze frozen);
    // The transaction was rolled back.
    void forget() noexcept;

  private:
    struct OrganizationState {
        std::int64_t rowid = 0;
        bool enabled = false;
        Freeze frozen = 0;  // of the organization, or of the store
        std::optional<std::int64_t> limit;
        std::int64_t applications = 0;
        std::int64_t before = 0;         // `applications` as it is stored
        bool is_confirmed_anew = false;  // counted again although it is the same
        Retention retention;
        std::string default_provider;               // its JSON; empty: none
        std::map<ObjectId, std::string> providers;  // the JSON of those that were named; empty: none such
    };

    void run_one(Create &create);
    bool find_stored(Create &create, const OrganizationState &org);
    void make(Create &create, OrganizationState &org, std::string_view provider);
    void validate(Create &create, const OrganizationState &org, std::string_view provider);
    std::string insert(Create &create, const OrganizationState &org, RecordFacts &facts, const ObjectId &id);
    bool try_insert(Create &create, const OrganizationState &org, RecordFacts &facts, const ObjectId &id,
                    std::string_view slug);
    static RecordFacts facts_of(const Create &create, const OrganizationState &org, std::string_view provider);
    static std::string base_slug(const Application &application, const ObjectId &id);
    OrganizationState &organization(std::string_view id_hex);
    const std::string &provider(OrganizationState &org, const ObjectId &id);
    void store_counts();
    std::int64_t schema_version();
    void notice_other_content();
    void look_at_schema();

    const Connection &connection_;
    Idempotency idempotency_;
    SlugSearch slugs_;
    KeyUse key_use_;
    std::optional<Statement> organization_;  // as the schema is
    Statement provider_, insert_, stored_, count_, schema_version_;
    std::int64_t schema_version_seen_;
    Freeze frozen_ = 0;
    std::map<ObjectId, OrganizationState> organizations_;  // of the batch that runs
};

}  // namespace appcreate::sqlite
