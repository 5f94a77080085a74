// What goes to standard output: JSON for programs, tables and "key: value" lines for people.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app_create.h"
#include "json_view.h"

namespace appctl {

// Standard output cannot be written. `broken_pipe`: nobody reads any more, which is no news to anybody.
struct OutputError {
    int error;
};

// Each throws OutputError.
void print(std::string_view text);
void flush_output();

// One record: a row of the library, or one that was made here.
void print_record(bool json, std::string_view row);
void print_record(bool json, const Json &record);
// How much a copy, a backup, a restore has brought.
void print_copied(bool json, const ac_copied &copied);

struct Column {
    const char *title;
    const char *key;
};

// A list, row by row as it comes. finish() ends it.
class ListPrinter {
  public:
    ListPrinter(bool json, std::span<const Column> columns) : json_(json), columns_(columns) {}
    void add(std::string_view row);
    void finish();
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

  private:
    void print_waiting();

    bool json_;
    std::span<const Column> columns_;
    std::size_t rows_ = 0;
    std::vector<std::vector<std::string>> waiting_;
    std::vector<std::size_t> widths_;
};

}  // namespace appctl
