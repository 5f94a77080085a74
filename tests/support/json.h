// JSON as tests read it, by RFC 6901 pointer. It is jansson, which the core does not use: another's opinion of JSON.
#pragma once

#include <jansson.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace appcreate::test {

class Json {
  public:
    // Throws when `text` is not one JSON text, or has equal keys.
    static Json parse(std::string_view text);

    // The value at `pointer`; throws when there is none.
    [[nodiscard]] Json at(std::string_view pointer) const;
    [[nodiscard]] bool has(std::string_view pointer) const;

    // These throw when the value is of another type.
    [[nodiscard]] std::string string() const;
    [[nodiscard]] std::string string(std::string_view pointer) const { return at(pointer).string(); }
    [[nodiscard]] std::int64_t integer() const;
    [[nodiscard]] std::int64_t integer(std::string_view pointer) const { return at(pointer).integer(); }
    [[nodiscard]] bool boolean(std::string_view pointer) const;
    [[nodiscard]] std::vector<Json> items() const;
    [[nodiscard]] std::vector<std::string> strings(std::string_view pointer) const;

    [[nodiscard]] bool is_null(std::string_view pointer) const { return json_is_null(at(pointer).raw()); }
    [[nodiscard]] std::vector<std::string> keys() const;  // in the order sent
    [[nodiscard]] std::size_t size() const;

    // Compact.
    [[nodiscard]] std::string text() const;
    // Lives as long as this.
    [[nodiscard]] const json_t *raw() const { return value_.get(); }

    // Value by value; the order of members does not count.
    friend bool operator==(const Json &a, const Json &b) { return json_equal(a.value_.get(), b.value_.get()) != 0; }
    friend std::ostream &operator<<(std::ostream &out, const Json &json) { return out << json.text(); }

  private:
    explicit Json(json_t *borrowed) : value_(json_incref(borrowed), json_decref) {}
    [[nodiscard]] json_t *find(std::string_view pointer) const;

    std::shared_ptr<json_t> value_;
};

// `text` as a JSON string, quotes included.
std::string json_string(std::string_view text);

}  // namespace appcreate::test
