// Idempotency-Keys: which request made which application, for a day.
#pragma once

#include <cstdint>
#include <string>

#include "sqlite/connection.h"

namespace appcreate::sqlite {

inline constexpr std::int64_t kKeptMs = 24LL * 3600 * 1000;

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

// Removes expired requests, the oldest first, at most kSweep in one short transaction. The caller has the turn. True
// when there may be more.
inline constexpr int kSweep = 100;
[[nodiscard]] bool has_expired_requests(const Connection &connection, std::int64_t now);
bool sweep_expired_requests(const Connection &connection, std::int64_t now);

}  // namespace appcreate::sqlite
