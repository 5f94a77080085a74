// What one gateway is to the store, with the core and without nginx: a Store of its own, keys, and batches of creates.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app_create.h"
#include "request/create.h"
#include "store/store.h"
#include "support/creates.h"
#include "support/host_log.h"

namespace appcreate::test {

::testing::AssertionResult is_created(const Answer &answer);
::testing::AssertionResult is_refused(const Answer &answer, int code);

Order order(std::string_view name, std::string idempotency_key = {});

// An organization and a key of it.
struct Tenant {
    std::string organization;  // 24 hexadecimal digits
    ac_key key{};
};

// What workers of one host share for an SQLite file; must outlive their gateways.
struct HostMemory {
    void *turn = nullptr;
    void *exchange = nullptr;
};

class CoreGateway {
  public:
    // The store gives each step a quarter: long enough for a busy machine. For tests that wait until a store's time is
    // up there is MongoStoreTest::hasty_ms().
    static constexpr std::int64_t kTimeoutMs = 30'000;

    // `maintain`: with the thread that checkpoints and sweeps.
    explicit CoreGateway(const std::string &uri, std::int64_t timeout_ms = kTimeoutMs, bool maintain = false,
                         const HostMemory &shared = {});
    // Shows its log when the test failed.
    ~CoreGateway();

    Store &store() noexcept { return *store_; }
    // Makes them through this gateway, on an initialized store.
    Tenant make_tenant(std::optional<std::int64_t> limit = std::nullopt);
    void set_limit(const Tenant &tenant, std::int64_t limit);

    Answer create(const Tenant &tenant, const Order &what = {});
    // All of one ac_store_write: one batch as long as they fit.
    std::vector<Answer> create_all(const Tenant &tenant, const std::vector<Order> &what);
    std::vector<Answer> create_all(const std::vector<std::pair<Tenant, Order>> &what);
    std::future<Answer> start(const Tenant &tenant, const Order &what = {});

    // What it said so far, or since the last clear; error and warn only.
    [[nodiscard]] std::vector<std::string> complaints() const { return log_.complaints(); }
    [[nodiscard]] std::vector<std::string> log() const { return log_.lines(); }
    void clear_log() { log_.clear(); }

  private:
    const std::int64_t timeout_ms_;
    HostLog log_;
    std::unique_ptr<Store> store_;
};

std::string unique_name(std::string_view prefix);

}  // namespace appcreate::test

// Statuses and codes as a test names them. The answer is asked for once, whatever it is.
#define EXPECT_CREATED(answer) EXPECT_TRUE(::appcreate::test::is_created(answer))
#define EXPECT_REFUSED(answer, expected) EXPECT_TRUE(::appcreate::test::is_refused(answer, expected))
