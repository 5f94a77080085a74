// Copies one store into another, of the same or another kind: what is carried, what each end can do, and the copy
// itself. It can be interrupted at any point and repeated: what is there already is compared and passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/entities.h"
#include "base/values.h"
#include "store/store.h"

namespace appcreate {

struct ApplicationCopy {
    ObjectId id, organization;
    std::string slug;
    std::int64_t created_at = 0;
    std::string record;  // JSON text, as the API returned it
    // The source's own encoding (BSON), kept when both stores are of one kind; empty: the source has none.
    std::string native;
    // Why `record` differs from the application in the source, one line that names the row; empty: it does not differ.
    // Such a row is copied by its `native` or not at all.
    std::string unfaithful;
};

// An Idempotency-Key that is still kept.
struct RequestCopy {
    ObjectId application, organization;
    Digest request{};
    Digest fingerprint{};
    std::int64_t kept_until = 0;
    std::string answer;  // the bytes to repeat
};

// How many rows of each kind belong to an organization.
struct Holding {
    std::uint64_t providers = 0;
    std::uint64_t keys = 0;
    std::uint64_t applications = 0;
};

// Takes one page of rows. Whatever it throws ends the reading.
template <class Row>
using PageSink = std::function<void(std::span<const Row>)>;

// One end of a copy; it must not outlive its store. Belongs to one thread. Contacts nothing before its first call.
// Every function throws Failure.
class CopyEnd {
  public:
    CopyEnd() = default;
    CopyEnd(const CopyEnd &) = delete;
    CopyEnd &operator=(const CopyEnd &) = delete;
    virtual ~CopyEnd() = default;

    // The store's, for messages: without credentials. Two names may be one store.
    [[nodiscard]] virtual const std::string &name() const noexcept = 0;

    // ---- where the rows come from: every row that was there at the start once, in pages that are each read in a short
    // transaction of its own and handed over outside of it
    virtual void read_organizations(const PageSink<Organization> &page) = 0;
    virtual void read_providers(const PageSink<StorageProvider> &page) = 0;
    virtual void read_keys(const PageSink<ApiKey> &page) = 0;
    virtual void read_applications(const PageSink<ApplicationCopy> &page) = 0;
    virtual void read_requests(const PageSink<RequestCopy> &page) = 0;
    // How many rows these hand out, about.
    virtual std::uint64_t rows() = 0;

    // ---- where they go to: a page is durable when put() returns. A row that is there already is left alone; one that
    // is there with other content, or whose place another one has, is a Failure(AC_EEXISTS). What is interrupted can
    // be repeated.
    virtual void put(std::span<const Organization> rows) = 0;  // without their default providers
    virtual void put(std::span<const StorageProvider> rows) = 0;
    virtual void put(std::span<const ApiKey> rows) = 0;
    virtual void put(std::span<const ApplicationCopy> rows) = 0;
    // One whose application is not there is passed over.
    virtual void put(std::span<const RequestCopy> rows) = 0;
    // All rows of these are there: sets what depends on them.
    virtual void finish(std::span<const Organization> rows) = 0;

    // ---- both; nullopt: there is no such organization
    virtual std::optional<Holding> holding(const ObjectId &organization) = 0;
};

// Initializes `to`. `progress` is called after each page: so many rows of about so many are in the target. Returns what
// both stores have, as it was counted at the end; nullopt: `progress` stopped it. Throws Failure; AC_EEXISTS where the
// target has something else under the same id or slug, AC_ECHECK where the numbers differ at the end.
std::optional<Contents> copy_store(Store &from, Store &to, const Progress &progress);

}  // namespace appcreate
