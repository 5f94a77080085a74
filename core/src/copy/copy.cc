#include "copy/copy.h"

#include <algorithm>
#include <set>
#include <string>

namespace appcreate {
namespace {

// Thrown through the source's reading when `progress` says so.
struct Stopped {};

// How far the copy is. The source may grow meanwhile.
class Meter {
  public:
    Meter(std::uint64_t total, const Progress &progress) : total_(total), progress_(progress) { tell(); }
    void add(std::size_t rows) {
        done_ += rows;
        total_ = std::max(total_, done_);
        tell();
    }

  private:
    void tell() const {
        if (progress_ && !progress_(done_, total_)) throw Stopped();
    }

    std::uint64_t done_ = 0;
    std::uint64_t total_;
    const Progress &progress_;
};

std::string rows_of(std::uint64_t n, const char *what) { return std::to_string(n) + " " + what; }

class Copy {
  public:
    Copy(CopyEnd &from, CopyEnd &to, Meter &meter) : from_(from), to_(to), meter_(meter) {}

    // Keys are the last, so that nobody can create there before everything is.
    Contents run() {
        from_.read_organizations([this](std::span<const Organization> page) {
            to_.put(page);
            for (const Organization &row : page) organizations_.insert(row.id);
            meter_.add(page.size());
        });
        from_.read_providers([this](std::span<const StorageProvider> page) { put(page, "the storage provider "); });
        from_.read_applications([this](std::span<const ApplicationCopy> page) { put(page, "the application "); });
        from_.read_requests([this](std::span<const RequestCopy> page) {
            to_.put(page);
            meter_.add(page.size());
        });
        from_.read_organizations([this](std::span<const Organization> page) { to_.finish(page); });
        from_.read_keys([this](std::span<const ApiKey> page) { put(page, "the key "); });
        return count();
    }

  private:
    template <class Row>
    void put(std::span<const Row> page, const char *what) {
        for (const Row &row : page) {
            if (organizations_.contains(row.organization)) continue;
            throw Failure(AC_ECHECK, "store \"" + from_.name() + "\": " + what + row.id.hex() +
                                         " belongs to the organization " + row.organization.hex() +
                                         ", which is not there or was made during the copy; repeat the copy, and if "
                                         "this remains run \"appctl check\" on this store");
        }
        to_.put(page);
        meter_.add(page.size());
    }

    Contents count() {
        Contents out;
        from_.read_organizations([&](std::span<const Organization> page) {
            for (const Organization &row : page) {
                const Holding held = require_equal(row);
                ++out.organizations;
                out.providers += held.providers;
                out.keys += held.keys;
                out.applications += held.applications;
            }
        });
        return out;
    }

    // The target is asked first: what comes to the source meanwhile is noticed.
    Holding require_equal(const Organization &row) {
        const auto there = to_.holding(row.id);
        const auto here = from_.holding(row.id);
        if (!there || !here) {
            throw Failure(AC_ECHECK, "the organization \"" + row.slug + "\" (" + row.id.hex() +
                                         ") came or went during the copy; repeat the copy while nobody writes");
        }
        compare(row, here->applications, there->applications, "applications");
        compare(row, here->providers, there->providers, "storage providers");
        compare(row, here->keys, there->keys, "keys");
        return *here;
    }

    void compare(const Organization &row, std::uint64_t here, std::uint64_t there, const char *what) const {
        if (here == there) return;
        const char *remedy = here > there
                                 ? "the first is still written to: stop creates and changes there and repeat the copy"
                                 : "the second has what the first has not: it was written to by others, or something "
                                   "was deleted from the first; copy into an empty store";
        throw Failure(AC_ECHECK, "the organization \"" + row.slug + "\" (" + row.id.hex() + ") has " +
                                     rows_of(here, what) + " in store \"" + from_.name() + "\" and " +
                                     std::to_string(there) + " in store \"" + to_.name() + "\"; " + remedy);
    }

    CopyEnd &from_;
    CopyEnd &to_;
    Meter &meter_;
    std::set<ObjectId> organizations_;
};

}  // namespace

std::optional<Contents> copy_store(Store &from, Store &to, const Progress &progress) {
    const auto source = from.copy_end();
    const auto target = to.copy_end();
    if (source->name() == target->name()) {
        throw Failure(AC_EINVAL, "store \"" + source->name() + "\" would be copied into itself; name another store");
    }
    try {
        // Asks the source first: a target is made only for a source that there is.
        Meter meter(source->rows(), progress);
        to.init();
        return Copy(*source, *target, meter).run();
    } catch (const Stopped &) {
        return std::nullopt;
    }
}

}  // namespace appcreate
