// The single-document operations of a MongoDB server that the algorithm is made of. Nothing more is needed of a server,
// so that a standalone one, a replica set and a sharded cluster are the same to it, and a model of one can take its
// place in tests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/values.h"
#include "mongo/create/plan.h"
#include "mongo/driver/failure.h"
#include "mongo/schema/freeze.h"
#include "request/create.h"

namespace appcreate::mongo {

// An application on its way into the store: the document to insert.
struct Draft {
    Create *create = nullptr;
    ObjectId id;  // stays, whatever else changes: so it is in the store once at most
    PlanRef plan;
    ProviderRef provider;  // nullable
    std::int64_t created_at = 0;
    std::string base;  // the slug without a number
    std::string slug;
    std::optional<std::int64_t> place;  // absent: its own id, in an organization without a limit
};

// The outcome of one insert.
enum class Verdict {
    kInserted,   // a majority has it
    kSlugTaken,  // by a record that a majority has; the same for the next three
    kPlaceTaken,
    kRequestTaken,
    kIdTaken,  // it is there already, from an attempt whose outcome was lost
    kTaken,    // one of the above
    kTooLarge,
    kRefused,  // the server said no, nothing was written
    kUnknown   // stored, still on its way, or lost
};

struct Inserted {
    std::vector<Verdict> verdicts;         // one for each draft
    std::optional<ServerFailure> failure;  // why some are kUnknown or kRefused
};

// A record that stands in the way of a draft, or is it.
struct Record {
    ObjectId organization;
    ObjectId id;
    std::string slug;
    std::optional<std::int64_t> place;  // absent: its id
    std::optional<Digest> request;      // absent: its id
    Digest fingerprint{};               // with `request`
    std::string answer;                 // with `request`
    std::int64_t kept_until = 0;        // with `request`; CLOCK_REALTIME, ms
};

struct RequestName {
    ObjectId organization;
    Digest request;
};

// A record outside 1…limit.
struct Outsider {
    ObjectId id;
    std::optional<std::int64_t> place;  // absent: its id
};
struct Move {
    Outsider from;
    std::int64_t to;
};

// Reads are of what a majority has, from the primary. All throw ServerFailure.
class Server {
  public:
    Server() = default;
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    virtual ~Server() = default;

    // Since when it is connected to the server that inserts go to: who was asked later was that one, and no other that
    // had its address before, with other data.
    virtual std::int64_t connected_at() = 0;
    virtual std::int64_t now() = 0;  // CLOCK_MONOTONIC
    virtual void pause(std::int64_t ns) = 0;
    virtual std::uint64_t random() = 0;

    // Of the whole store; as it was seen a second ago at most, or asked now.
    virtual SeenFreeze freeze() = 0;
    // Those that are not there are left out.
    virtual std::vector<PlanRef> read_plans(std::span<const ObjectId> organizations) = 0;
    virtual std::vector<ProviderRef> read_providers(std::span<const ObjectId> ids) = 0;

    // One round trip for all, each on its own. Throws only when nothing was sent: kAnew when a draft's plan was not
    // asked for after the server was connected to.
    virtual Inserted insert(std::span<const Draft *const> drafts) = 0;
    virtual std::vector<Record> find_requests(std::span<const RequestName> requests) = 0;
    // Every record with the id, slug, place or request of one of the drafts, in its organization.
    virtual std::vector<Record> find_related(std::span<const Draft *const> drafts) = 0;
    // Puts the record's own id in place of a request that expired.
    virtual void expire_request(const Record &record) = 0;

    // Counts `nextPlace` up by `count` and returns it, unless it has reached `limit`.
    virtual std::optional<std::int64_t> next_place(const ObjectId &organization, std::int64_t count,
                                                   std::int64_t limit) = 0;
    virtual void raise_next_place(const ObjectId &organization, std::int64_t to) = 0;
    // Writes down that places 1…to are taken for good, as a majority saw it; or that the one after `to` is free.
    // `since`: connected_at() before the places were looked at; when it is another one now, nothing is written.
    virtual void raise_filled_to(const ObjectId &organization, std::int64_t to, std::int64_t since) = 0;
    virtual void lower_filled_to(const ObjectId &organization, std::int64_t to) = 0;
    // The highest of 1…limit that is taken; 0: none is.
    virtual std::int64_t highest_place(const ObjectId &organization, std::int64_t limit) = 0;
    virtual std::int64_t count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) = 0;
    // In ascending order.
    virtual std::vector<std::int64_t> taken_places(const ObjectId &organization, std::int64_t first,
                                                   std::int64_t last) = 0;
    virtual std::vector<Outsider> find_outsiders(const ObjectId &organization, std::int64_t limit, std::size_t max) = 0;
    // A move to a place that is taken, or of a record that has moved, does nothing.
    virtual void move(const ObjectId &organization, std::span<const Move> moves) = 0;

    // Counts a base's numbers up by `count` and returns the new count, starting from 0.
    virtual std::int64_t next_suffix(const ObjectId &organization, std::string_view base, std::int64_t count) = 0;
    // Those of `slugs` that are taken.
    virtual std::vector<std::string> taken_slugs(const ObjectId &organization, std::span<const std::string> slugs) = 0;
};

}  // namespace appcreate::mongo
