// Places of the records that are copied into an organization with a limit: the lowest of 1…limit that are free.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mongo/create/server.h"

namespace appcreate::mongo {

class FreePlaces {
  public:
    FreePlaces(const ObjectId &organization, std::optional<std::int64_t> limit) noexcept
        : organization_(organization), limit_(limit) {}

    [[nodiscard]] const std::optional<std::int64_t> &limit() const noexcept { return limit_; }
    // Gateways were told that records stand outside.
    [[nodiscard]] bool is_unsettled() const noexcept { return is_unsettled_; }
    void set_unsettled() noexcept { is_unsettled_ = true; }
    // The lowest that was not taken before, from here or in the store; nullopt: there is none. Throws ServerFailure.
    std::optional<std::int64_t> take(Server &server);
    // The same, left where it is.
    std::optional<std::int64_t> first(Server &server);

  private:
    const ObjectId organization_;
    const std::optional<std::int64_t> limit_;
    std::int64_t read_to_ = 0;           // places up to here have been read
    std::vector<std::int64_t> waiting_;  // free places up to `read_to_`, the lowest at the end
    bool is_unsettled_ = false;
};

}  // namespace appcreate::mongo
