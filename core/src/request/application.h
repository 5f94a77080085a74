// What a body says about the application to create: validation (docs/api.md, "Body").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/values.h"
#include "json/violation.h"

namespace appcreate {

// All of the record that the body decides, rendered once.
struct Application {
    std::string name;                  // trimmed
    std::optional<ObjectId> provider;  // named; otherwise the organization's default
    std::uint8_t language = 1;         // index into kLanguages; `en`
    std::string metadata;              // JSON object text; `{}` when absent
    std::string scripts;               // JSON object text of the known scripts, in the order of docs/api.md, "Fields"
    std::string slug;                  // base slug; empty: nothing is left of the name, or not yet computed
    bool slug_known = false;           // false: the name needs ICU, off the event loop
};

// Fills `out` from a body, or returns the violations, in document order (a malformed body: one, pointer ""). The slug
// of an ASCII name is computed here, any other is left to complete_slug.
std::vector<Violation> read_application(std::string_view body, Application &out);

// Computes `slug` with ICU where it is not known yet. May take 100 ms the first time.
void complete_slug(Application &application);

}  // namespace appcreate
