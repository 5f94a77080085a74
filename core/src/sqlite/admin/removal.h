// Deleting applications and organizations. What is kept of requests goes with the application that it names: rowids are
// given out again, and a kept request must never answer with another application.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sqlite/admin/organizations.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// Returns the record as it was. Inside a transaction. Throws Failure(AC_ENOTFOUND).
std::string delete_application(const Connection &connection, const OrganizationEntry &organization,
                               std::string_view app);

// Takes an organization away, with its keys and storage providers.
class OrganizationRemoval {
  public:
    OrganizationRemoval(std::string_view org, bool with_applications)
        : org_(org), with_applications_(with_applications) {}

    // One writing transaction: disables it first, then deletes some applications, and with the last of them all else.
    // Returns whether there is more to do. Throws Failure(AC_EEXISTS) where there are applications that may not go.
    bool step(const Connection &connection);
    // How many went.
    [[nodiscard]] std::uint64_t applications() const noexcept { return applications_; }

  private:
    const std::string org_;
    const bool with_applications_;
    std::uint64_t applications_ = 0;
};

}  // namespace appcreate::sqlite
