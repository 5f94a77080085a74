// Application records, as appctl shows them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/admin/organizations.h"
#include "sqlite/file/connection.h"

namespace appcreate::sqlite {

// An organization's records in the order of their ids, step by step, each a short transaction of the caller's.
//
// No index has the ids of one organization in their order. The index of all ids is walked for as long as that passes
// over no more records of others than the organization has itself; then its own are looked through once, by the index
// of slugs, for the ids that come next. So others' records cost no more than its own, however many there are.
class ApplicationPages {
  public:
    // Those after `after`, at most `max` of them.
    ApplicationPages(const std::optional<ObjectId> &after, std::size_t max) noexcept
        : after_(after.value_or(ObjectId{})), is_first_(!after), left_(max) {}

    // The next ones, JSON; perhaps none, as what one step may read is bounded.
    std::vector<std::string> step(const Connection &connection, const OrganizationEntry &organization);
    [[nodiscard]] bool is_over() const noexcept { return mode_ == Mode::kOver || left_ == 0; }

  private:
    enum class Mode { kWalk, kCollect, kEmit, kOver };

    std::vector<std::string> walk(const Connection &connection, const OrganizationEntry &organization);
    void collect(const Connection &connection, const OrganizationEntry &organization);
    std::vector<std::string> emit(const Connection &connection, const OrganizationEntry &organization);
    void begin_collecting();
    [[nodiscard]] std::string_view after_bytes() const noexcept;

    Mode mode_ = Mode::kWalk;
    ObjectId after_;
    bool is_first_;  // `after_` is none
    std::size_t left_;
    std::int64_t passed_ = 0;    // records of others
    std::string slug_;           // where collecting goes on
    std::vector<ObjectId> ids_;  // the next ones: a heap with the last on top, then in reverse order
    bool are_all_ = false;       // nothing is behind `ids_`
};

// By id or slug. Throws Failure(AC_ENOTFOUND).
std::string find_application(const Connection &connection, const OrganizationEntry &organization, std::string_view app);

}  // namespace appcreate::sqlite
