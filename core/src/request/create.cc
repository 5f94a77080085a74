#include "request/create.h"

#include <cstring>
#include <utility>

#include "base/views.h"
#include "json/violation.h"
#include "request/answers.h"
#include "request/head.h"

namespace appcreate {
namespace {

// A body above this takes too long for an event loop.
constexpr std::size_t kMaxBodyNoBlock = 4 << 10;

}  // namespace

Create::Create(const ac_head &head) : key_(*head.key) {
    if (!is_own_organization(key_, view(head.organization))) {
        refuse(AC_CODE_NOT_FOUND);
        return;
    }
    const HeadResult result = check_head(head);
    if (result.code == AC_CODE_VALIDATION) {
        answer_violations({{"", result.message}});
        return;
    }
    if (result.code != 0) {
        refuse(result.code);
        if (result.accept_identity) answer_.flags |= AC_ANSWER_ACCEPT_IDENTITY;
        return;
    }
    validate_only_ = result.validate_only;
    if (!validate_only_ && result.idempotency_key) {
        request_ = sha256({view(key_.id), std::string_view("\0", 1), *result.idempotency_key});
    }
}

ac_status Create::body(std::string_view body, unsigned flags) {
    const bool no_block = (flags & AC_BODY_NO_BLOCK) != 0;
    if (answered()) return AC_DONE;
    if (!parsed_) {
        if (no_block && body.size() > kMaxBodyNoBlock) return AC_AGAIN;
        const std::vector<Violation> violations = read_application(body, application_);
        if (!violations.empty()) {
            answer_violations(violations);
            return AC_DONE;
        }
        if (request_) fingerprint_ = sha256({view(key_.organization), body});
        parsed_ = true;
    }
    if (!application_.slug_known && no_block) return AC_AGAIN;
    complete_slug(application_);
    return AC_OK;
}

std::size_t Create::size() const noexcept {
    return sizeof(*this) + application_.name.capacity() + application_.metadata.capacity() +
           application_.scripts.capacity() + application_.slug.capacity() + body_.text().capacity() + id_.capacity() +
           slug_.capacity();
}

bool Create::choose_id() noexcept {
    if (chosen_id_) return true;
    try {
        chosen_id_ = ObjectId::make();
        return true;
    } catch (...) {
        return false;
    }
}

void Create::created(const ObjectId &id, std::string_view slug) {
    id_ = id.hex();
    slug_ = slug;
    answer_ok(0);
}

void Create::would_create(std::string_view slug) {
    slug_ = slug;
    answer_ok(0);
}

void Create::replayed(std::string answer) {
    body_.text() = std::move(answer);
    answer_ok(AC_ANSWER_REPLAYED);
}

void Create::violate(std::string_view message) { answer_violations({{"", std::string(message)}}); }

// Also after created(): a batch that could not be committed.
void Create::refuse(int code) noexcept {
    id_.clear();
    slug_.clear();
    answer_ = code_answer(code);
}

void Create::refuse_frozen(std::uint16_t seconds) noexcept {
    refuse(AC_CODE_BUSY);
    answer_.retry_after = seconds;
}

void Create::set_batch(std::uint32_t creates, std::uint32_t microseconds) noexcept {
    batch_ = creates;
    store_us_ = microseconds;
}

ac_create_facts Create::facts() const noexcept { return {borrow(id_), borrow(slug_), batch_, store_us_}; }

void Create::answer_ok(std::uint16_t flags) noexcept { answer_ = {200, AC_CODE_OK, 0, flags, borrow(body_.text())}; }

void Create::answer_violations(const std::vector<Violation> &violations) {
    body_.text().clear();
    append_validation_body(body_.text(), violations);
    answer_ = code_answer(AC_CODE_VALIDATION);
    answer_.body = borrow(body_.text());
}

}  // namespace appcreate
