// A JSON document in memory: its values one after the other as they were sent, each object and array before what is in
// it. One block of memory for all, gone at once.
#pragma once

#include <cstdint>
#include <string_view>

namespace appcreate {

struct JsonNode {
    enum class Kind : std::uint8_t { kNull, kBoolean, kInteger, kReal, kString, kArray, kObject };

    // The direct members of an object, or elements of an array.
    class Children {
      public:
        class Iterator {
          public:
            explicit Iterator(const JsonNode *at) noexcept : at_(at) {}
            const JsonNode &operator*() const noexcept { return *at_; }
            Iterator &operator++() noexcept {
                at_ += at_->n_nodes;
                return *this;
            }
            bool operator==(const Iterator &) const noexcept = default;

          private:
            const JsonNode *at_;
        };

        Children(const JsonNode *begin, const JsonNode *end) noexcept : begin_(begin), end_(end) {}
        [[nodiscard]] Iterator begin() const noexcept { return Iterator(begin_); }
        [[nodiscard]] Iterator end() const noexcept { return Iterator(end_); }

      private:
        const JsonNode *begin_;
        const JsonNode *end_;
    };

    Kind kind = Kind::kNull;
    std::uint32_t n_nodes = 1;     // this one and all that are in it
    std::string_view key;          // of an object's member
    std::string_view text;         // of a string
    union {                        // a large body has a node for every two of its bytes
        std::int64_t integer = 0;  // of an integer; 1 or 0 of a boolean
        double real;               // of a real
    };

    [[nodiscard]] bool is_object() const noexcept { return kind == Kind::kObject; }
    [[nodiscard]] bool is_string() const noexcept { return kind == Kind::kString; }

    // Only for a node in its document.
    [[nodiscard]] Children children() const noexcept { return {this + 1, this + n_nodes}; }

    // The member of an object, or null.
    [[nodiscard]] const JsonNode *member(std::string_view name) const noexcept {
        for (const JsonNode &child : children()) {
            if (child.key == name) return &child;
        }
        return nullptr;
    }
};

}  // namespace appcreate
