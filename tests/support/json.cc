#include "support/json.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace appcreate::test {
namespace {

// Reals are kept to 17 digits so that comparison is by value.
constexpr std::size_t kFlags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17);

std::string dump(const json_t *value) {
    char *text = json_dumps(value, kFlags);
    std::string result = text == nullptr ? "(not representable)" : text;
    std::free(text);
    return result;
}

// RFC 6901, 4: first "~1", then "~0".
std::string unescaped(std::string_view token) {
    std::string key(token);
    for (const auto &[from, to] : {std::pair("~1", '/'), std::pair("~0", '~')}) {
        for (std::size_t at = 0; (at = key.find(from, at)) != std::string::npos; ++at) key.replace(at, 2, 1, to);
    }
    return key;
}

}  // namespace

Json Json::parse(std::string_view text) {
    json_error_t error;
    json_t *value =
        json_loadb(text.data(), text.size(), JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (value == nullptr) {
        throw std::runtime_error(std::string("not JSON (") + error.text + "): " + std::string(text.substr(0, 2000)));
    }
    Json result(value);
    json_decref(value);
    return result;
}

json_t *Json::find(std::string_view pointer) const {
    json_t *value = value_.get();
    while (value != nullptr && !pointer.empty()) {
        pointer.remove_prefix(1);
        const std::size_t end = std::min(pointer.find('/'), pointer.size());
        const std::string key = unescaped(pointer.substr(0, end));
        pointer.remove_prefix(end);
        value = json_is_array(value) ? json_array_get(value, std::strtoul(key.c_str(), nullptr, 10))
                                     : json_object_getn(value, key.data(), key.size());
    }
    return value;
}

Json Json::at(std::string_view pointer) const {
    json_t *value = find(pointer);
    if (value == nullptr) throw std::runtime_error("no " + std::string(pointer) + " in " + text());
    return Json(value);
}

bool Json::has(std::string_view pointer) const { return find(pointer) != nullptr; }

std::string Json::string() const {
    if (!json_is_string(raw())) throw std::runtime_error("not a string: " + text());
    return {json_string_value(raw()), json_string_length(raw())};
}

std::int64_t Json::integer() const {
    if (!json_is_integer(raw())) throw std::runtime_error("not an integer: " + text());
    return json_integer_value(raw());
}

bool Json::boolean(std::string_view pointer) const {
    const Json value = at(pointer);
    if (!json_is_boolean(value.raw())) throw std::runtime_error("not a boolean: " + value.text());
    return json_is_true(value.raw());
}

std::vector<Json> Json::items() const {
    if (!json_is_array(raw())) throw std::runtime_error("not an array: " + text());
    std::vector<Json> result;
    for (std::size_t i = 0; i < json_array_size(raw()); ++i) result.push_back(Json(json_array_get(raw(), i)));
    return result;
}

std::vector<std::string> Json::strings(std::string_view pointer) const {
    std::vector<std::string> result;
    for (const Json &one : at(pointer).items()) result.push_back(one.string());
    return result;
}

std::vector<std::string> Json::keys() const {
    std::vector<std::string> result;
    for (void *member = json_object_iter(value_.get()); member != nullptr;
         member = json_object_iter_next(value_.get(), member)) {
        result.emplace_back(json_object_iter_key(member), json_object_iter_key_len(member));
    }
    return result;
}

std::size_t Json::size() const { return json_is_array(raw()) ? json_array_size(raw()) : json_object_size(raw()); }

std::string Json::text() const { return dump(raw()); }

std::string json_string(std::string_view text) {
    json_t *value = json_stringn(text.data(), text.size());
    std::string result = dump(value);
    json_decref(value);
    return result;
}

}  // namespace appcreate::test
