// The store behind the gateway under test, prepared by the real appctl as an operator would do it.
#pragma once

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/json.h"
#include "support/process.h"

namespace appcreate::test {

struct Organization {
    std::string id;
    std::string slug;
};

struct Key {
    std::string id;
    std::string token;
    std::string owner;
};

struct Plan {
    std::optional<int> limit;
    std::vector<std::string> more;  // further options of `org create`
};

// While it lives, nobody can write.
class StoreLock {
  public:
    StoreLock() = default;
    StoreLock(const StoreLock &) = delete;
    StoreLock &operator=(const StoreLock &) = delete;
    virtual ~StoreLock() = default;
};

// Of a SQLite store's file.
std::unique_ptr<StoreLock> lock_sqlite(const std::string &path);

enum class StoreKind { sqlite, mongodb };
// The one that APP_CREATE_TEST_STORE names; SQLite where it is not set. Throws for a name that is none.
StoreKind store_kind();
// Why this machine has no store of that kind; empty when it has one.
std::string why_no_store();
// Why its lock() and lock_out() throw here; empty when it works.
std::string why_no_lock();

// What kinds do differently, by design (docs/stores.md).
struct StoreTraits {
    // Gateways go on with an organization, its plan and its providers as they have read them for so long.
    std::chrono::milliseconds plan_age{0};
    // What was on its way when lock() began is made after it ends, whatever the gateway has answered meanwhile.
    bool works_off_late = false;
    // Largest answer that it keeps.
    std::size_t max_record = std::numeric_limits<std::size_t>::max();
};

// What every kind of store can do; tests that need more than this name their kind.
class Store {
  public:
    Store() = default;
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;
    virtual ~Store() = default;

    [[nodiscard]] virtual std::string uri() const = 0;
    [[nodiscard]] virtual StoreTraits traits() const { return {}; }
    virtual std::unique_ptr<StoreLock> lock() = 0;
    // While it lives, nobody can read either. Only while nothing else has the store open.
    virtual std::unique_ptr<StoreLock> lock_out() = 0;

    [[nodiscard]] Outcome appctl(std::vector<std::string> arguments, const std::string &input = {}) const;
    // With --json; throws when it fails.
    [[nodiscard]] Json ask(std::vector<std::string> arguments, const std::string &input = {}) const;
    // Throws when it fails.
    void tell(const std::vector<std::string> &arguments) const;
    // The same for what changes a plan; returns when every gateway works with the new one.
    void change_plan(const std::vector<std::string> &arguments) const;

    void init() const;
    // A new one; its slug is made up.
    Organization organization(const Plan &plan = {});
    Key key(const Organization &organization, const std::vector<std::string> &more = {});
    // Registers `token`.
    Key key_with_token(const Organization &organization, const std::string &token);
    // Returns its id.
    std::string provider(const Organization &organization, const std::vector<std::string> &more = {});

    // Every record, in pages.
    [[nodiscard]] std::vector<Json> applications(const Organization &organization) const;
    [[nodiscard]] std::int64_t count(const Organization &organization) const;

    // Every token that was given out.
    [[nodiscard]] const std::set<std::string> &tokens() const { return tokens_; }

  private:
    int organizations_ = 0;
    std::set<std::string> tokens_;
};

// A new, empty store of store_kind(); what it needs of files is in `directory`, which the worker user may write.
std::unique_ptr<Store> make_store(const std::string &directory);

// Path of the appctl under test.
std::string appctl_path();

// The ids of an organization's records in a file of a SQLite store that nobody writes.
std::set<std::string> ids_in_file(const std::string &file, const Organization &organization);

}  // namespace appcreate::test
