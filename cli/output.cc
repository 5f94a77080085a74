#include "output.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "json_view.h"

namespace appctl {
namespace {

// The widths of columns come from the rows that were collected; later ones may widen them.
constexpr std::size_t kCollected = 200;

std::size_t characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t n = characters(text);
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
    const auto fields = members(row);
    std::size_t width = 0;
    for (const auto &[key, value] : fields) width = std::max(width, key.size() + 1);
    for (const auto &[key, value] : fields) print(padded(key + ":", width) + " " + readable(value) + "\n");
}

void ListPrinter::add(std::string_view row) {
    ++rows_;
    if (json_) {
        print(rows_ == 1 ? "[\n" : ",\n");
        print(row);
        return;
    }
    const auto fields = members(row);
    std::vector<std::string> cells;
    for (const Column &column : columns_) {
        const auto found =
            std::find_if(fields.begin(), fields.end(), [&](const auto &f) { return f.first == column.key; });
        cells.push_back(readable(found == fields.end() ? std::string_view() : found->second));
    }
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
        for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], characters(cells[i]));
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
