// jansson, which the core does not use: what it reads and writes is another's opinion of JSON.
#pragma once

#include <jansson.h>

#include <memory>

namespace appcreate::test {

struct JsonFree {
    void operator()(json_t *value) const noexcept { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonFree>;

}  // namespace appcreate::test
