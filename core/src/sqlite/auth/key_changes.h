// Whether keys, or organizations as keys show them, were changed: a row of `meta` that gets another random number with
// each change. A file in another one's place, or a restored one, has another number too. Stores of the first versions
// have no row until something changes.
#pragma once

#include <cstdint>

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

class KeyChanges {
  public:
    explicit KeyChanges(const Connection &connection);
    // Inside a transaction. Never 0.
    std::uint32_t read();

  private:
    Statement select_;
};

// Inside the writing transaction that changes them.
void note_key_change(const Connection &connection);

}  // namespace appcreate::sqlite
