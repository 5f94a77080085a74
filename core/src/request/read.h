// One read on its way: what is asked for, and in the end its answer. The C ABI's ac_read.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app_create.h"
#include "base/values.h"
#include "request/answer_buffer.h"

namespace appcreate {

// How many records a list has, where the client does not say, and at most.
inline constexpr std::size_t kUsualList = 20;
inline constexpr std::size_t kLongestList = 100;
// A list of large records ends before that: with the first that reaches so many bytes.
inline constexpr std::size_t kListBytes = 4 << 20;

// Records of an organization, newest first: in the reverse order of their ids, which begin with the second in which
// they were made.
struct RecordPage {
    std::vector<std::string> records;
    std::optional<ObjectId> last;  // of the last one
    bool is_more = false;          // there are older ones

    // Takes the next record; false: the page has ended before it.
    bool add(const ObjectId &id, std::string record, std::size_t limit);

  private:
    std::size_t bytes_ = 0;
};

class Read {
  public:
    // Organization and query (docs/api.md, "Reading"); afterwards `answered()` or ready for the store.
    explicit Read(const ac_read_head &head);
    Read(const Read &) = delete;
    Read &operator=(const Read &) = delete;
    ~Read() = default;

    // ---- what is asked for
    [[nodiscard]] const ObjectId &organization() const noexcept { return organization_; }
    [[nodiscard]] bool is_list() const noexcept { return is_list_; }
    // Of one application: its id or its slug.
    [[nodiscard]] const std::variant<ObjectId, std::string> &name() const noexcept { return name_; }
    // Of a list: records older than this one; nullopt: from the newest on.
    [[nodiscard]] const std::optional<ObjectId> &before() const noexcept { return before_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

    // ---- the store's word
    void found(std::string_view record);
    void missing() noexcept;
    void listed(const RecordPage &page);
    // An error (docs/api.md, "Codes").
    void refuse(int code) noexcept;

    [[nodiscard]] bool answered() const noexcept { return answer_.status != 0; }
    [[nodiscard]] const ac_answer &answer() const noexcept { return answer_; }
    [[nodiscard]] bool is_missing() const noexcept { return is_missing_; }

  private:
    void read_name(std::string_view name);
    // Returns the message of a violation, or nothing.
    std::string_view read_query(std::string_view query);
    void answer_ok() noexcept;

    ObjectId organization_;
    bool is_list_;
    std::variant<ObjectId, std::string> name_;
    std::optional<ObjectId> before_;
    std::size_t limit_ = kUsualList;
    bool is_missing_ = false;
    AnswerBuffer body_;
    ac_answer answer_{};
};

}  // namespace appcreate
