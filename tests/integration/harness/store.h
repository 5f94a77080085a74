// The store behind the gateway under test, prepared by the real appctl as an operator would do it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "json.h"
#include "process.h"

namespace appcreate::harness {

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

// What every kind of store can do; tests that need more than this name their kind.
class Store {
  public:
    Store() = default;
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;
    virtual ~Store() = default;

    [[nodiscard]] virtual std::string uri() const = 0;
    virtual std::unique_ptr<StoreLock> lock() = 0;

    [[nodiscard]] Outcome appctl(std::vector<std::string> arguments, const std::string &input = {}) const;
    // With --json; throws when it fails.
    [[nodiscard]] Json ask(std::vector<std::string> arguments, const std::string &input = {}) const;
    // Throws when it fails.
    void tell(const std::vector<std::string> &arguments) const;

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

// A new, empty store of the kind that APP_CREATE_TEST_STORE names (sqlite when absent); what it needs of files is in
// `directory`, which the worker user may write.
std::unique_ptr<Store> make_store(const std::string &directory);

// Path of the appctl under test.
std::string appctl_path();

}  // namespace appcreate::harness
