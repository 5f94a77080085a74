// Prepared statements, and the error that this store's functions throw among themselves.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/values.h"

namespace appcreate::sqlite {

// A result code that means failure. failure.h turns it into the Failure that callers of the store see.
class Error : public std::runtime_error {
  public:
    Error(int code, const std::string &text, int system = 0) : std::runtime_error(text), code_(code), system_(system) {}
    // What the connection says about its last call.
    explicit Error(sqlite3 *db) : Error(sqlite3_extended_errcode(db), sqlite3_errmsg(db), sqlite3_system_errno(db)) {}
    [[nodiscard]] int code() const noexcept { return code_; }
    [[nodiscard]] int primary() const noexcept { return code_ & 0xff; }
    // Does what was read contradict itself, or was it never a database?
    [[nodiscard]] bool is_damage() const noexcept { return primary() == SQLITE_CORRUPT || primary() == SQLITE_NOTADB; }
    // errno of the system call that failed; 0: none did, or it is not known.
    [[nodiscard]] int system() const noexcept {
        return primary() == SQLITE_CANTOPEN || primary() == SQLITE_IOERR ? system_ : 0;
    }

  private:
    int code_;
    int system_;
};

class Statement {
  public:
    Statement(sqlite3 *db, std::string_view sql);
    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;
    Statement(Statement &&other) noexcept : statement_(other.statement_) { other.statement_ = nullptr; }
    Statement &operator=(Statement &&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    [[nodiscard]] sqlite3_stmt *raw() const noexcept { return statement_; }

  private:
    sqlite3_stmt *statement_ = nullptr;
};

// One run of a statement: binds in the order of the parameters, reads columns by number, resets at its end. What is
// bound is borrowed until then.
class Run {
  public:
    explicit Run(Statement &statement) noexcept : statement_(statement.raw()) {}
    Run(const Run &) = delete;
    Run &operator=(const Run &) = delete;
    ~Run() { sqlite3_reset(statement_); }

    Run &integer(std::int64_t value);
    Run &text(std::string_view value);
    Run &blob(std::span<const std::uint8_t> value);
    Run &blob(std::string_view value);
    Run &null();

    // Steps to the next row; false at the end.
    bool row();
    // For a statement without rows; returns how many rows it changed.
    int done();

    [[nodiscard]] bool is_null(int column) const noexcept;
    [[nodiscard]] std::int64_t integer_at(int column) const noexcept;
    [[nodiscard]] std::string_view text_at(int column) const noexcept;
    [[nodiscard]] std::string_view blob_at(int column) const noexcept;
    // Throws Error(SQLITE_CORRUPT) when the column holds no id.
    [[nodiscard]] ObjectId id_at(int column) const;

  private:
    void check(int result) const;

    sqlite3_stmt *statement_;
    int bound_ = 0;
};

}  // namespace appcreate::sqlite
