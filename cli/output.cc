#include "output.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cwchar>

namespace appctl {
namespace {

// The widths of columns come from the rows that were collected; later ones may widen them.
constexpr std::size_t kCollected = 200;

// How many columns of a terminal it takes: two for each character that is wide in East Asia, none for what is put over
// the one before. main() has set the locale that wcwidth goes by.
std::size_t columns_of(std::string_view text) noexcept {
    std::size_t columns = 0;
    std::mbstate_t state{};
    while (!text.empty()) {
        wchar_t c = 0;
        const std::size_t n = std::mbrtowc(&c, text.data(), text.size(), &state);
        const bool is_character = n != 0 && n <= text.size();
        const int width = is_character ? ::wcwidth(c) : 1;
        columns += static_cast<std::size_t>(width < 0 ? 1 : width);
        text.remove_prefix(is_character ? n : 1);
        if (!is_character) state = {};
    }
    return columns;
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t n = columns_of(text);
    if (n < width) text.append(width - n, ' ');
    return text;
}

}  // namespace

void print(std::string_view text) {
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) throw OutputError{errno};
}

void flush_output() {
    errno = 0;
    if (std::fflush(stdout) != 0) throw OutputError{errno};
}

void print_record(bool json, std::string_view row) {
    if (json) {
        print(row);
        print("\n");
        return;
    }
    const Json record = parse(row);
    const char *key = nullptr;
    json_t *value = nullptr;
    std::size_t width = 0;
    json_object_foreach(record.get(), key, value) width = std::max(width, std::string_view(key).size() + 1);
    json_object_foreach(record.get(), key, value) {
        print(padded(std::string(key) + ":", width) + " " + readable(value) + "\n");
    }
}

void print_record(bool json, const Json &record) { print_record(json, compact(record.get())); }

void print_copied(bool json, const ac_copied &copied) {
    const auto number = [](std::uint64_t n) { return static_cast<json_int_t>(n); };
    print_record(json, made(json_pack("{s:I,s:I,s:I,s:I}", "organizations", number(copied.organizations), "providers",
                                      number(copied.providers), "keys", number(copied.keys), "applications",
                                      number(copied.applications))));
}

void ListPrinter::add(std::string_view row) {
    ++rows_;
    if (json_) {
        print(rows_ == 1 ? "[\n" : ",\n");
        print(row);
        return;
    }
    const Json record = parse(row);
    std::vector<std::string> cells;
    for (const Column &column : columns_) cells.push_back(readable(record.get(), column.key));
    waiting_.push_back(std::move(cells));
    if (waiting_.size() == kCollected) print_waiting();
}

void ListPrinter::finish() {
    if (json_) {
        print(rows_ == 0 ? "[]\n" : "\n]\n");
        return;
    }
    print_waiting();
}

void ListPrinter::print_waiting() {
    if (widths_.empty()) {
        std::vector<std::string> titles;
        for (const Column &column : columns_) titles.emplace_back(column.title);
        waiting_.insert(waiting_.begin(), std::move(titles));
        widths_.resize(columns_.size());
    }
    for (const auto &cells : waiting_) {
        for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], columns_of(cells[i]));
    }
    for (auto &cells : waiting_) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const bool is_last = i + 1 == cells.size();
            line += is_last ? cells[i] + "\n" : padded(std::move(cells[i]), widths_[i] + 2);
        }
        print(line);
    }
    waiting_.clear();
}

}  // namespace appctl
