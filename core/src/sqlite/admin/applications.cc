#include "sqlite/admin/applications.h"

#include <algorithm>

namespace appcreate::sqlite {
namespace {

// What one transaction may read, so that it never keeps the WAL from starting again.
constexpr std::size_t kMaxRecords = 512;
constexpr std::size_t kMaxBytes = 4 << 20;
constexpr std::int64_t kMaxPassed = 5'000;
// So many records of others may be passed over whatever the organization has.
constexpr std::int64_t kFewPassed = 1'000;
// Ids that are collected at once: 12 MiB of them.
constexpr std::size_t kMaxIds = 1 << 20;

}  // namespace

std::vector<std::string> ApplicationPages::step(const Connection &connection, const OrganizationEntry &organization) {
    switch (mode_) {
        case Mode::kWalk:
            return walk(connection, organization);
        case Mode::kCollect:
            collect(connection, organization);
            return {};
        case Mode::kEmit:
            return emit(connection, organization);
        case Mode::kOver:
            break;
    }
    return {};
}

std::string_view ApplicationPages::after_bytes() const noexcept {
    if (is_first_) return {};
    return {reinterpret_cast<const char *>(after_.bytes.data()), after_.bytes.size()};
}

std::vector<std::string> ApplicationPages::walk(const Connection &connection, const OrganizationEntry &organization) {
    Statement statement = connection.prepare(
        "SELECT id, CASE WHEN organization = ?1 THEN data END FROM applications WHERE id > ?2 ORDER BY id LIMIT ?3");
    Run run(statement);
    run.integer(organization.rowid).blob(after_bytes()).integer(kMaxPassed);
    std::vector<std::string> out;
    std::size_t bytes = 0;
    std::int64_t seen = 0;
    const std::size_t most = std::min(left_, kMaxRecords);
    while (out.size() < most && bytes < kMaxBytes) {
        if (!run.row()) {
            if (seen < kMaxPassed) mode_ = Mode::kOver;
            break;
        }
        ++seen;
        after_ = run.id_at(0);
        is_first_ = false;
        if (run.is_null(1)) {
            ++passed_;
            continue;
        }
        out.emplace_back(run.blob_at(1));
        bytes += out.back().size();
    }
    left_ -= out.size();
    if (mode_ == Mode::kWalk && passed_ > std::max(kFewPassed, organization.row.applications)) begin_collecting();
    return out;
}

void ApplicationPages::begin_collecting() {
    mode_ = Mode::kCollect;
    slug_.clear();
    ids_.clear();
}

void ApplicationPages::collect(const Connection &connection, const OrganizationEntry &organization) {
    Statement statement = connection.prepare(
        "SELECT slug, id FROM applications WHERE organization = ? AND slug > ? ORDER BY slug LIMIT ?");
    Run run(statement);
    const std::string from = slug_;
    run.integer(organization.rowid).text(from).integer(kMaxPassed);
    const std::size_t most = std::min(left_, kMaxIds);
    std::int64_t seen = 0;
    for (; run.row(); ++seen) {
        slug_ = run.text_at(0);
        const ObjectId id = run.id_at(1);
        if (!is_first_ && id <= after_) continue;
        if (ids_.size() == most) {
            if (ids_.front() < id) continue;
            std::pop_heap(ids_.begin(), ids_.end());
            ids_.pop_back();
        }
        ids_.push_back(id);
        std::push_heap(ids_.begin(), ids_.end());
    }
    if (seen == kMaxPassed) return;
    are_all_ = ids_.size() < most;
    std::sort(ids_.rbegin(), ids_.rend());
    mode_ = ids_.empty() ? Mode::kOver : Mode::kEmit;
}

std::vector<std::string> ApplicationPages::emit(const Connection &connection, const OrganizationEntry &organization) {
    Statement by_id = connection.prepare("SELECT data FROM applications WHERE id = ? AND organization = ?");
    std::vector<std::string> out;
    std::size_t bytes = 0;
    while (!ids_.empty() && out.size() < kMaxRecords && bytes < kMaxBytes) {
        after_ = ids_.back();
        is_first_ = false;
        ids_.pop_back();
        Run run(by_id);
        if (!run.blob(after_.bytes).integer(organization.rowid).row()) continue;
        out.emplace_back(run.blob_at(0));
        bytes += out.back().size();
    }
    left_ -= out.size();
    if (ids_.empty() && are_all_) mode_ = Mode::kOver;
    if (ids_.empty() && !are_all_) begin_collecting();
    return out;
}

std::string find_application(const Connection &connection, const OrganizationEntry &organization,
                             std::string_view app) {
    const auto id = ObjectId::parse(app);
    Statement statement = connection.prepare(id ? "SELECT data FROM applications WHERE organization = ? AND id = ?"
                                                : "SELECT data FROM applications WHERE organization = ? AND slug = ?");
    Run run(statement);
    run.integer(organization.rowid);
    if (!(id ? run.blob(id->bytes) : run.text(app)).row()) {
        throw Failure(AC_ENOTFOUND, "no application \"" + std::string(app) + "\" in organization \"" +
                                        organization.row.slug + "\"; run \"appctl app list --org " +
                                        organization.row.slug + "\"");
    }
    return std::string(run.blob_at(0));
}

}  // namespace appcreate::sqlite
