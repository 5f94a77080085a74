#include "request/answers.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/bounded_text.h"
#include "json/writer.h"

namespace appcreate {
namespace {

// The numbers are pasted into the text, so they are literals here; the static_asserts below hold them to the codes.
#define APPCREATE_BODY(code, message) "{\"status\":false,\"error\":{\"code\":" #code ",\"message\":\"" message "\"}}"
#define APPCREATE_ANSWER(status, code, retry, message)                                                       \
    {                                                                                                        \
        status, code, retry, 0, { APPCREATE_BODY(code, message), sizeof(APPCREATE_BODY(code, message)) - 1 } \
    }

constexpr std::array<ac_answer, 18> kAnswers = {{
    APPCREATE_ANSWER(500, 1000, 0, "Internal error"),  // first: the answer of an unknown code
    APPCREATE_ANSWER(400, 1001, 0, "Bad request"),
    APPCREATE_ANSWER(405, 1003, 0, "Method not allowed"),
    APPCREATE_ANSWER(413, 1004, 0, "Payload too large"),
    APPCREATE_ANSWER(415, 1005, 0, "Unsupported media type"),
    APPCREATE_ANSWER(503, 1006, 1, "Server busy"),
    APPCREATE_ANSWER(429, 1007, 1, "Too many requests"),
    APPCREATE_ANSWER(425, 1008, 0, "Too early"),
    APPCREATE_ANSWER(400, 3000, 0, "Validation Error"),
    APPCREATE_ANSWER(404, 3001, 0, "Entity not found"),
    APPCREATE_ANSWER(503, 3002, 1, "Database Error"),
    APPCREATE_ANSWER(401, 4001, 0, "Unauthorized"),
    APPCREATE_ANSWER(401, 4002, 0, "No auth token"),
    APPCREATE_ANSWER(403, 4003, 0, "Forbidden"),
    APPCREATE_ANSWER(409, 5001, 1, "Conflict"),
    APPCREATE_ANSWER(422, 5002, 0, "Idempotency key reused"),
    APPCREATE_ANSWER(400, 5017, 0, "Limit Exceeded"),
    APPCREATE_ANSWER(400, 5060, 0, "StorageProvider not found"),
}};

constexpr std::array kCodes = {AC_CODE_INTERNAL,   AC_CODE_BAD_REQUEST, AC_CODE_METHOD,   AC_CODE_TOO_LARGE,
                               AC_CODE_MEDIA_TYPE, AC_CODE_BUSY,        AC_CODE_TOO_MANY, AC_CODE_TOO_EARLY,
                               AC_CODE_VALIDATION, AC_CODE_NOT_FOUND,   AC_CODE_DATABASE, AC_CODE_UNAUTHORIZED,
                               AC_CODE_NO_TOKEN,   AC_CODE_FORBIDDEN,   AC_CODE_CONFLICT, AC_CODE_KEY_REUSED,
                               AC_CODE_LIMIT,      AC_CODE_PROVIDER};
static_assert(std::equal(kAnswers.begin(), kAnswers.end(), kCodes.begin(), kCodes.end(),
                         [](const ac_answer &answer, int code) { return answer.code == code; }));

int code_of_status(int status) noexcept {
    switch (status) {
        case 400:
            return AC_CODE_BAD_REQUEST;
        case 401:
            return AC_CODE_UNAUTHORIZED;
        case 403:
            return AC_CODE_FORBIDDEN;
        case 404:
            return AC_CODE_NOT_FOUND;
        case 405:
            return AC_CODE_METHOD;
        case 409:
            return AC_CODE_CONFLICT;
        case 413:
            return AC_CODE_TOO_LARGE;
        case 415:
            return AC_CODE_MEDIA_TYPE;
        case 425:
            return AC_CODE_TOO_EARLY;
        case 429:
            return AC_CODE_TOO_MANY;
        case 503:
            return AC_CODE_BUSY;
        default:
            return AC_CODE_INTERNAL;
    }
}

constexpr std::string_view kFallbackReason = "Error";

}  // namespace

const ac_answer &code_answer(int code) noexcept {
    const auto *found =
        std::find_if(kAnswers.begin(), kAnswers.end(), [code](const ac_answer &answer) { return answer.code == code; });
    return found != kAnswers.end() ? *found : kAnswers.front();
}

std::size_t write_status_body(int status, std::string_view reason, char *buf, std::size_t cap, int *code,
                              unsigned *retry_after) noexcept {
    const ac_answer &answer = code_answer(code_of_status(status));
    if (code != nullptr) *code = answer.code;
    if (retry_after != nullptr) *retry_after = answer.retry_after;

    BoundedText out(buf, cap);
    if (answer.code != AC_CODE_INTERNAL || status == 500) {
        out.put({answer.body.data, answer.body.len});
        return out.length();
    }
    out.put(R"({"status":false,"error":{"code":1000,"message":")");
    // A reason phrase is printable ASCII; what could break the JSON is left out instead of escaped.
    for (const char &c : reason.empty() ? kFallbackReason : reason) {
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') out.put({&c, 1});
    }
    out.put(R"("}})");
    return out.length();
}

void append_validation_body(std::string &out, const std::vector<Violation> &violations) {
    constexpr std::string_view kBegin =
        R"({"status":false,"error":{"code":3000,"message":"Validation Error","data":{"errors":[)";
    constexpr std::string_view kPointer = R"(,{"pointer":)";
    constexpr std::string_view kMessage = R"(,"message":)";
    constexpr std::string_view kEnd = "]}}}";

    const std::span<const Violation> shown(violations.data(), std::min(violations.size(), kMaxViolations));
    // Pointers hold keys of the body, so they can be as large as it is: no more room than they take.
    std::size_t size = out.size() + kBegin.size() + kEnd.size();
    for (const Violation &one : shown) {
        size += kPointer.size() + string_size(one.pointer) + kMessage.size() + string_size(one.message) + 1;
    }
    out.reserve(size);
    out += kBegin;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        out += kPointer.substr(i == 0 ? 1 : 0);
        append_string(out, shown[i].pointer);
        out += kMessage;
        append_string(out, shown[i].message);
        out += '}';
    }
    out += kEnd;
}

}  // namespace appcreate
