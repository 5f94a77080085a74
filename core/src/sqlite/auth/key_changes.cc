#include "sqlite/auth/key_changes.h"

#include <algorithm>

#include "base/digest.h"

namespace appcreate::sqlite {

KeyChanges::KeyChanges(const Connection &connection)
    : select_(connection.prepare("SELECT value FROM meta WHERE name = 'key_changes'")) {}

std::uint32_t KeyChanges::read() {
    Run run(select_);
    return run.row() ? std::max(static_cast<std::uint32_t>(run.integer_at(0)), 1U) : 1;
}

void note_key_change(const Connection &connection) {
    std::uint32_t number = 0;
    random_bytes(&number, sizeof(number));
    Statement replace = connection.prepare("INSERT OR REPLACE INTO meta VALUES('key_changes', ?)");
    Run(replace).integer(number).done();
}

}  // namespace appcreate::sqlite
