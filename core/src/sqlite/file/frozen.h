// A store that this process cannot write to: on a read-only mount, or in a directory of another user. SQLite reads a
// database with a WAL only if it can make the WAL's index beside it, or finds one. Where there is none,
// nobody has the store open, since whoever has it made one; so it is read without index and locks, and afterwards it is
// looked whether anybody came meanwhile.
#pragma once

#include <string>

#include "sqlite/file/bare_file.h"
#include "sqlite/file/connection.h"
#include "sqlite/file/schema.h"

namespace appcreate::sqlite {

// What to open it with: with its WAL if there is one, by itself otherwise.
std::string frozen_uri(const std::string &real_path);

// Is `error`, of opening or reading the store, for want of what a frozen one has not?
bool is_frozen(const std::string &path, const Error &error) noexcept;

class FrozenStore {
  public:
    // Throws Error and Failure.
    explicit FrozenStore(const std::string &path);

    [[nodiscard]] const Connection &connection() const noexcept { return connection_; }
    // After the last read and before anybody relies on it. Throws Failure when somebody wrote.
    void confirm() const;

  private:
    const std::string path_;
    const FileState before_;
    Connection connection_;
};

// Runs `function(connection)` on a frozen store. Throws Error and Failure.
template <class Function>
auto read_frozen(const std::string &path, Function &&function) {
    const FrozenStore store(path);
    const SchemaCheck schema(store.connection(), path);
    const Transaction transaction(store.connection(), Transaction::Kind::kRead);
    auto result = function(store.connection());
    store.confirm();
    return result;
}

}  // namespace appcreate::sqlite
