// The schema, its versions, and whether a file is a store that this library can work with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// "acrt": marks the file as ours (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x61637274;
// What this library writes (PRAGMA user_version), and the oldest library that can read it. An upgrade only adds; one
// that an older library cannot work with raises kReadableFrom.
inline constexpr std::int64_t kSchemaVersion = 1;
inline constexpr std::int64_t kReadableFrom = 1;

// Remembers that a connection's file was found fit, and looks again when its version changes.
class SchemaCheck {
  public:
    // Throws Failure when the file is no store, or AC_EVERSION when its schema is too old or too new.
    SchemaCheck(const Connection &connection, std::string path);
    // The same, inside a transaction; costs little.
    void recheck();

  private:
    void verify(std::int64_t version);

    const Connection &connection_;
    std::string path_;
    std::optional<Statement> version_;
    std::int64_t verified_ = -1;
};

// Makes the schema, or brings an older one up to date, in one transaction. Throws Failure for another program's file.
void install_schema(Connection &connection, const std::string &path);

}  // namespace appcreate::sqlite
