// The creates of one batch (docs/api.md, "Order of checks", 6): replay, provider, limit, slug, insert. One insert of
// single documents makes them all; each fails alone; an outcome that was lost is looked for until the deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mongo/create/places.h"
#include "mongo/create/plan_cache.h"
#include "mongo/create/server.h"
#include "mongo/driver/failure.h"
#include "request/create.h"

namespace appcreate::mongo {

// A create is inserted so often, each time after another one was faster; then it is refused. Where gateways create
// equal names in the last free places, now and then one loses four times and more.
inline constexpr int kMaxInserts = 16;
// An Idempotency-Key is kept for a day. Gateways' clocks differ, so it is forgotten a little later.
inline constexpr std::int64_t kClockSlackMs = 10LL * 60 * 1000;

class Batch {
  public:
    // These have their answers, and are the host's again.
    using Done = std::function<void(std::span<Create *const>)>;

    Batch(Server &server, Plans &plans, Places &places, const Patience &patience, Done done);

    // Answers all. Never throws for a reason of the store; for want of memory, when all have been given back.
    void run(std::span<Create *const> creates);

    // An application of it may be in the store, or come to be.
    [[nodiscard]] bool is_undecided() const noexcept { return undecided_; }
    // A majority has acknowledged an insert of it.
    [[nodiscard]] bool is_acknowledged() const noexcept { return acknowledged_; }
    // What went wrong, if anything did: of the store, not of a request.
    [[nodiscard]] const std::optional<ServerFailure> &failure() const noexcept { return failure_; }

  private:
    struct Entry {
        Draft draft;
        std::int64_t number = 0;  // of the slug; 0: the base
        int collisions = 0;
        // Held back for one insert: a create of an equal name goes first, or others of this batch hold the last places
        // and may return them.
        bool waits_for_name = false;
        bool waits_for_place = false;
        bool needs_number = false;
        bool rendered = false;       // the answer, with this slug
        bool may_be_stored = false;  // an insert of it was sent, whose outcome is unknown
        bool is_answered = false;
        std::int64_t open_at = 0;  // when it was asked whether creates are frozen, and they were not
    };
    using Entries = std::vector<Entry *>;
    // The first create with an Idempotency-Key, for those after it with the same.
    struct First {
        Digest fingerprint{};
        bool has_followers = false;
        std::optional<std::string> answer;
    };

    // `may_follow`: of those with one Idempotency-Key all but the first wait for it.
    void run_some(std::span<Create *const> creates, bool may_follow);
    std::vector<Entry> draft(std::span<Create *const> creates);
    void refuse_frozen(Entries &open);
    bool is_open_still(Entry &entry);
    void replay(Entries &open);
    void choose_providers(Entries &open);
    void insert_all(Entries open);
    static bool waits(const Entry &entry) { return entry.waits_for_name || entry.waits_for_place; }
    static bool is_to_number(const Entry &entry) { return entry.needs_number && !entry.waits_for_place; }
    static void hold_back_equal_names(const Entries &open);
    void give_places(Entries &open);
    void give_places(const Entries &lacking, std::vector<std::int64_t> &held, bool any_may_be_stored, bool may_search);
    void give_slugs(const Entries &open);
    bool insert_once(Entries &open);
    void renew(Entries &open);
    static std::vector<ObjectId> organizations_of(const Entries &entries);
    void judge(Entry &entry, Verdict verdict, Entries &look);
    void resolve(const Entries &look);
    void resolve(Entry &entry, std::span<const Record> related);
    void follow(std::span<Create *const> followers);
    void validate(const Entries &open);
    void tidy();

    bool replay_or_expire(Entry &entry, const Record &record);
    void collide(Entry &entry);
    void render(Entry &entry, bool with_id);
    void succeed(Entry &entry, const std::string &slug);
    void refuse(Entry &entry, int code);
    void deny(Entry &entry, int code);
    void return_place(const Entry &entry);
    void finish(Entry &entry);
    void give_back_all();
    void sweep(Entries &open);
    void report();

    // Asks until there is an answer or the time is up; where no create of the batch can be stored yet (not
    // `any_may_be_stored`), only what may mend itself is waited for.
    template <class Ask>
    auto persist(bool any_may_be_stored, const Ask &ask) {
        for (;;) {
            try {
                return ask();
            } catch (const ServerFailure &failure) {
                const bool is_hopeless = failure.kind() == ServerFailure::Kind::kRefused ||
                                         (failure.is_unsent() && !any_may_be_stored && !is_awaited(failure));
                if (is_hopeless || is_late()) throw;
            }
            wait();
        }
    }
    void wait();
    [[nodiscard]] bool is_late() { return server_.now() >= patience_.latest; }
    // A server may be found in a moment.
    [[nodiscard]] bool is_awaited(const ServerFailure &failure) const noexcept {
        return failure.kind() == ServerFailure::Kind::kNoServer && patience_.for_server;
    }

    Server &server_;
    Plans &plans_;
    Places &places_;
    const Patience patience_;
    const Done done_;
    const std::int64_t started_;
    std::int64_t pause_ns_;
    std::size_t size_ = 0;

    static constexpr std::int64_t kFirstPauseNs = 2'000'000;
    static constexpr std::int64_t kLastPauseNs = 100'000'000;

    std::map<ObjectId, PlanRef> limited_;  // organizations that took places
    std::map<Digest, First> firsts_;
    std::vector<Create *> open_;      // not answered, or not yet given back
    std::vector<Create *> answered_;  // not yet given back
    bool undecided_ = false;
    bool acknowledged_ = false;
    bool is_freeze_unknown_ = false;  // the server does not say any more
    std::optional<ServerFailure> failure_;
};

}  // namespace appcreate::mongo
