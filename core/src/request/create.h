// One create on its way: what was sent, and in the end its answer. The C ABI's ac_create.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app_create.h"
#include "base/digest.h"
#include "base/values.h"
#include "request/answer_buffer.h"
#include "request/application.h"

namespace appcreate {

// How long an Idempotency-Key is kept.
inline constexpr std::int64_t kKeptMs = 24LL * 3600 * 1000;

class Create {
  public:
    // Checks 3 and 4 (docs/api.md, "Order of checks"); afterwards `answered()` or ready for the body. `head` is copied.
    explicit Create(const ac_head &head);
    Create(const Create &) = delete;
    Create &operator=(const Create &) = delete;
    ~Create() = default;

    // Check 5. AC_OK, AC_DONE, or, with AC_BODY_NO_BLOCK, AC_AGAIN.
    ac_status body(std::string_view body, unsigned flags);

    // ---- guards of the store against a host's mistakes
    // Validated, and without an answer: only such a one may reach the store.
    [[nodiscard]] bool is_ready() const noexcept { return parsed_ && application_.slug_known && !answered(); }
    // From taking it to giving it back. False: it is held already, a host handed it over twice.
    bool hold() noexcept { return !std::exchange(is_held_, true); }
    void give_back() noexcept { is_held_ = false; }

    // ---- read by the store
    [[nodiscard]] const ac_key &key() const noexcept { return key_; }
    [[nodiscard]] const Application &application() const noexcept { return application_; }
    [[nodiscard]] bool validate_only() const noexcept { return validate_only_; }
    // SHA-256 of key id and Idempotency-Key; nullopt without one (always with validateOnly).
    [[nodiscard]] const std::optional<Digest> &request() const noexcept { return request_; }
    // SHA-256 of organization and body: what "the same request" means. Set when request() is.
    [[nodiscard]] const Digest &fingerprint() const noexcept { return fingerprint_; }
    [[nodiscard]] std::size_t size() const noexcept;
    // Its id, where it was chosen before the store was asked: whether it was created can then be asked for.
    [[nodiscard]] const std::optional<ObjectId> &chosen_id() const noexcept { return chosen_id_; }
    // False: the system has no random bytes.
    bool choose_id() noexcept;
    // It was given to the store under its chosen id, and nobody knows what became of it.
    [[nodiscard]] bool may_be_stored() const noexcept { return may_be_stored_; }
    void became_uncertain() noexcept { may_be_stored_ = true; }
    // Nobody waits for its answer any more. From any thread.
    void abandon() noexcept { is_abandoned_ = true; }
    // It is not begun any more.
    [[nodiscard]] bool is_over(std::int64_t now) const noexcept {
        return is_abandoned_ || (deadline != 0 && deadline < now);
    }

    // ---- the store's word
    // The buffer to render the 200 answer into; created() and would_create() answer with it.
    std::string &answer_buffer() noexcept { return body_.text(); }
    void created(const ObjectId &id, std::string_view slug);
    void would_create(std::string_view slug);
    // Another create's answer, kept under the same Idempotency-Key. `answer` are the same bytes as then.
    void replayed(std::string answer);
    // 400/3000, about the record as a whole.
    void violate(std::string_view message);
    // An error (docs/api.md, "Codes").
    void refuse(int code) noexcept;
    // 503/1006, with the freeze's own Retry-After.
    void refuse_frozen(std::uint16_t seconds) noexcept;
    void set_batch(std::uint32_t creates, std::uint32_t microseconds) noexcept;

    [[nodiscard]] bool answered() const noexcept { return answer_.status != 0; }
    [[nodiscard]] const ac_answer &answer() const noexcept { return answer_; }
    [[nodiscard]] ac_create_facts facts() const noexcept;

    void *user = nullptr;
    std::int64_t deadline = 0;  // CLOCK_MONOTONIC, ns; not begun after it. 0: none

  private:
    friend class Parcel;
    explicit Create(const ac_key &key) : key_(key) {}

    void answer_ok(std::uint16_t flags) noexcept;
    void answer_violations(const std::vector<Violation> &violations);

    ac_key key_{};
    Application application_;
    std::optional<Digest> request_;
    Digest fingerprint_{};
    bool validate_only_ = false;
    bool parsed_ = false;
    bool is_held_ = false;
    std::optional<ObjectId> chosen_id_;
    bool may_be_stored_ = false;
    std::atomic<bool> is_abandoned_ = false;
    AnswerBuffer body_;
    std::string id_;
    std::string slug_;
    ac_answer answer_{};
    std::uint32_t batch_ = 0;
    std::uint32_t store_us_ = 0;
};

}  // namespace appcreate
