#include "sqlite/file/statement.h"

#include <algorithm>

namespace appcreate::sqlite {

Statement::Statement(sqlite3 *db, std::string_view sql) {
    const int result = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                          &statement_, nullptr);
    if (result != SQLITE_OK) throw Error(db);
}

void Run::check(int result) const {
    if (result != SQLITE_OK) throw Error(sqlite3_db_handle(statement_));
}

Run &Run::integer(std::int64_t value) {
    check(sqlite3_bind_int64(statement_, ++bound_, value));
    return *this;
}

// A null pointer would bind NULL, where an empty view means the empty string.
Run &Run::text(std::string_view value) {
    check(sqlite3_bind_text64(statement_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(),
                              SQLITE_STATIC, SQLITE_UTF8));
    return *this;
}

Run &Run::blob(std::span<const std::uint8_t> value) {
    check(sqlite3_bind_blob64(statement_, ++bound_, value.empty() ? static_cast<const void *>("") : value.data(),
                              value.size(), SQLITE_STATIC));
    return *this;
}

Run &Run::blob(std::string_view value) {
    return blob({reinterpret_cast<const std::uint8_t *>(value.data()), value.size()});
}

Run &Run::null() {
    check(sqlite3_bind_null(statement_, ++bound_));
    return *this;
}

bool Run::row() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) throw Error(sqlite3_db_handle(statement_));
    return false;
}

int Run::done() {
    while (row()) {
    }
    return sqlite3_changes(sqlite3_db_handle(statement_));
}

bool Run::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Run::integer_at(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::string_view Run::text_at(int column) const noexcept {
    const auto *text = reinterpret_cast<const char *>(sqlite3_column_text(statement_, column));
    return {text, text == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Run::blob_at(int column) const noexcept {
    const auto *blob = static_cast<const char *>(sqlite3_column_blob(statement_, column));
    return {blob, blob == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ObjectId Run::id_at(int column) const {
    const std::string_view blob = blob_at(column);
    ObjectId id;
    if (blob.size() != id.bytes.size()) throw Error(SQLITE_CORRUPT, "a column of ids holds something else");
    std::copy(blob.begin(), blob.end(), id.bytes.begin());
    return id;
}

}  // namespace appcreate::sqlite
