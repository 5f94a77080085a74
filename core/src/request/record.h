// The record of a new application, and the answer that carries it (docs/api.md, "Response").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/entities.h"
#include "base/values.h"
#include "request/application.h"

namespace appcreate {

// What the store and the key decide.
struct RecordFacts {
    std::string_view id;  // 24 hex; empty: validateOnly, the field is left out
    std::string_view slug;
    std::string_view provider;      // JSON object text; empty: the organization has none, the field is left out
    std::string_view organization;  // 24 hex
    std::string_view owner;         // 24 hex
    std::uint8_t role = 8;
    Retention retention;
    std::int64_t created_at = 0;  // ms
};

// The JSON object text of a provider: {"id","name","region","config","provider"}. `config` is a JSON text.
std::string render_provider(std::string_view id, std::string_view name, std::string_view region,
                            std::string_view config, std::string_view provider);

// Replaces `answer` by `{"status":true,"data":{…}}`. The record alone is record_of(answer).
void render_answer(std::string &answer, const Application &application, const RecordFacts &facts);

std::string_view record_of(std::string_view answer) noexcept;

// The answer of a record as it is stored: the inverse of record_of.
std::string answer_of(std::string_view record);
void render_answer_of(std::string &answer, std::string_view record);

// Replaces `answer` by `{"status":true,"data":{"applications":[…],"nextCursor":"…"}}`; without a cursor the last member
// is left out.
void render_list(std::string &answer, std::span<const std::string> records, std::string_view next_cursor);

}  // namespace appcreate
