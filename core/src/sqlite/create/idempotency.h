// Idempotency-Keys: which request made which application, for a day.
#pragma once

#include <cstdint>
#include <string>

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

class Idempotency {
  public:
    explicit Idempotency(const Connection &connection);

    enum class Verdict {
        kNew,     // create it
        kReplay,  // `record` is what was answered
        kReused   // the key came with another request
    };
    struct Found {
        Verdict verdict = Verdict::kNew;
        std::string record;
    };
    // What is expired, or refers to no application, is removed.
    [[nodiscard]] Found find(const Digest &request, const Digest &fingerprint, std::int64_t now);
    void keep(const Digest &request, const Digest &fingerprint, std::int64_t application, std::int64_t now);

  private:
    Statement find_, remove_, keep_;
};

// Removes expired requests, in steps that look at kSweep rows each. The table is in the order of its expiry, so what is
// behind a request that is still kept is kept too, for at most a day more. Not behind one that a clock which was ahead
// has made: those are passed over, until the first of them expires. For one file; one thread at a time.
class RequestSweep {
  public:
    static constexpr int kSweep = 100;

    // Is there anything to do? Reads a step's rows at most.
    [[nodiscard]] bool is_due(const Connection &connection, std::int64_t now) const;
    // One step, in the caller's transaction. True when there may be more.
    bool step(const Connection &connection, std::int64_t now);

  private:
    struct Passed {
        std::int64_t rowid = 0;                // the last one; 0: none
        std::int64_t expires_at = 0;           // its expiry, by which it is known again
        std::int64_t next_expiry = INT64_MAX;  // of all of them
    };
    struct Step {
        std::int64_t first = 0, last = 0;  // rows from and to, among which some have expired
        int expired = 0;
        bool is_more = false;  // it did not come to a request that is still kept, nor to the end
        Passed passed;
    };
    [[nodiscard]] Step look(const Connection &connection, std::int64_t now) const;

    Passed passed_;
};

}  // namespace appcreate::sqlite
