// What a libmongoc error means: a status, the store, the driver's words, and how to mend it.
#pragma once

#include <mongoc/mongoc.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "base/failure.h"
#include "base/values.h"

namespace appcreate::mongo {

// The server or the way to it failed.
class ServerFailure : public Failure {
  public:
    enum class Kind {
        kNoServer,  // none was found: nothing has happened, and there may be one in a moment
        kNotSent,   // none could be asked: nothing has happened
        kLost,      // it was sent; what came of it is not known
        kRefused,   // the server says no, and will say it again
        kAnew       // it was connected to anew: what is known of it may be another one's; nothing has happened
    };
    ServerFailure(ac_status status, const std::string &message, int detail, Kind kind)
        : Failure(status, message, detail), kind_(kind) {}
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_unsent() const noexcept { return kind_ != Kind::kLost && kind_ != Kind::kRefused; }

  private:
    Kind kind_;
};

// `store "NAME": TEXT`, as every message of this store begins.
std::string about(std::string_view name, std::string_view text);

ServerFailure failure_of(const bson_error_t &error, std::string_view name);

// How long a store is waited for.
struct Patience {
    std::int64_t latest = 0;  // CLOCK_MONOTONIC; nothing begins after it
    // A primary that cannot be found is looked for until then: an election ends. Not where the store is known to be
    // away, so that nobody waits for long in an outage.
    bool for_server = false;
};

// Runs `function` again, for as long as the patience lasts, where what it asked was lost: a connection that the server
// closed meanwhile says so at its next use.
template <class Function>
auto repeat_lost(const Patience &patience, const Function &function) {
    using Kind = ServerFailure::Kind;
    for (;;) {
        try {
            return function();
        } catch (const ServerFailure &failure) {
            const bool is_awaited =
                failure.kind() == Kind::kLost || (failure.kind() == Kind::kNoServer && patience.for_server);
            if (!is_awaited || monotonic_ns() >= patience.latest) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

// Will the server refuse a write with this error again, having written nothing? Errors of elections, shutdowns,
// networks and routing are not of this kind.
bool is_final(std::uint32_t code) noexcept;

// MongoDB's codes that decide something.
inline constexpr std::uint32_t kDuplicateKey = 11000;
inline constexpr std::uint32_t kObjectTooLarge = 10334;
inline constexpr std::uint32_t kNamespaceNotFound = 26;
inline constexpr std::uint32_t kTooSlow = 50;  // MaxTimeMSExpired, of a read

}  // namespace appcreate::mongo
