#include "request/read.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/views.h"
#include "request/answers.h"
#include "request/cursor.h"
#include "request/head.h"
#include "request/query.h"
#include "request/record.h"
#include "slug/slug.h"

namespace appcreate {
namespace {

// 0: it is none.
std::size_t read_limit(std::string_view text) noexcept {
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && limit <= kLongestList ? limit : 0;
}

}  // namespace

bool RecordPage::add(const ObjectId &id, std::string record, std::size_t limit) {
    if (records.size() == limit || bytes_ >= kListBytes) {
        is_more = true;
        return false;
    }
    bytes_ += record.size();
    records.push_back(std::move(record));
    last = id;
    return true;
}

Read::Read(const ac_read_head &head) : is_list_(head.application == nullptr) {
    const auto organization = ObjectId::parse(view(head.key->organization));
    if (!organization || !is_own_organization(*head.key, view(head.organization))) {
        refuse(AC_CODE_NOT_FOUND);
        return;
    }
    organization_ = *organization;
    if (head.application != nullptr) {
        read_name(view(*head.application));
        return;
    }
    const std::string_view violation = read_query(view(head.query));
    if (violation.empty()) return;
    append_validation_body(body_.text(), {{"", std::string(violation)}});
    answer_ = code_answer(AC_CODE_VALIDATION);
    answer_.body = borrow(body_.text());
}

// A slug is never 24 hexadecimal digits, so the form says which of the two it is. What is neither is nobody's name.
void Read::read_name(std::string_view name) {
    if (const auto id = ObjectId::parse(name)) {
        name_ = *id;
        return;
    }
    std::string slug(name.substr(0, kMaxSlug + 1));
    std::transform(slug.begin(), slug.end(), slug.begin(), ascii::lower);
    if (!is_application_slug(slug)) return missing();
    name_ = std::move(slug);
}

std::string_view Read::read_query(std::string_view query) {
    bool has_limit = false;
    while (!query.empty()) {
        const auto [name, value] = take_parameter(query);
        if (equals_decoded(name, "limit")) {
            if (std::exchange(has_limit, true)) return "query parameter limit must be sent at most once";
            limit_ = read_limit(decoded(value));
            if (limit_ == 0) return "query parameter limit must be a number from 1 to 100";
        } else if (equals_decoded(name, "cursor")) {
            if (before_) return "query parameter cursor must be sent at most once";
            before_ = read_cursor(organization_, decoded(value));
            if (!before_) return "query parameter cursor must be a nextCursor of this list";
        }
    }
    return {};
}

void Read::found(std::string_view record) {
    render_answer_of(body_.text(), record);
    answer_ok();
}

void Read::missing() noexcept {
    refuse(AC_CODE_NOT_FOUND);
    is_missing_ = true;
}

void Read::listed(const RecordPage &page) {
    render_list(body_.text(), page.records, page.is_more && page.last ? make_cursor(organization_, *page.last) : "");
    answer_ok();
}

void Read::refuse(int code) noexcept { answer_ = code_answer(code); }

void Read::answer_ok() noexcept {
    answer_ = {};
    answer_.status = 200;
    answer_.body = borrow(body_.text());
}

}  // namespace appcreate
