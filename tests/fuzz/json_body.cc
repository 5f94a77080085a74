// Any bytes as a body: it has violations, or it becomes an application whose JSON reads back as it was written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/writer.h"
#include "request/application.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void require_canonical(const std::string &text) {
    const appcreate::Document document = appcreate::read_json(text);
    require(!document.is_malformed() && document.numbers.empty());
    std::string again;
    appcreate::append_compact(again, document.root.text);
    require(again == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char *>(data), size);
    appcreate::Application application;
    const auto violations = appcreate::read_application(body, application);
    require(violations.size() <= appcreate::kMaxViolations);
    if (violations.empty()) {
        require(!application.name.empty());
        require_canonical(application.metadata);
        require_canonical(application.scripts);
    } else {
        std::string answer;
        appcreate::append_validation_body(answer, violations);
        require_canonical(answer);
    }
    return 0;
}
