// JSON in appctl, through jansson: rows of the library are read to be shown to people, small records are made.
#pragma once

#include <jansson.h>

#include <memory>
#include <string>
#include <string_view>

namespace appctl {

struct JsonFree {
    void operator()(json_t *value) const noexcept { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonFree>;

// Throws Failed where it is no JSON: what the store holds is damaged.
Json parse(std::string_view text);

// Takes what json_pack and its like return; throws std::bad_alloc for NULL.
Json made(json_t *value);

// For programs: one line, without spaces.
std::string compact(const json_t *value);

// A value as people read it: a string without quotes and escapes, null as "-", an array of scalars with commas, NULL as
// "-". What could steer a terminal is replaced.
std::string readable(const json_t *value);
std::string readable(const json_t *object, const char *key);

// The text over several lines, indented by two. What could steer a terminal is replaced.
std::string indented(std::string_view json);

// Control characters become question marks.
std::string harmless(std::string_view text);

}  // namespace appctl
