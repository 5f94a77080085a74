// API keys by the digest of their token: what the access phase asks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app_create.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

class KeyLookup {
  public:
    explicit KeyLookup(const Connection &connection);
    // Inside a transaction, so that all come from one state of the store.
    void find(ac_lookup &lookup);

  private:
    Statement by_digest_;
};

// The permissions of a key as one text column, and back. No permission contains a space.
std::string join_permissions(std::span<const std::string> permissions);
std::vector<std::string> split_permissions(std::string_view text);

}  // namespace appcreate::sqlite
