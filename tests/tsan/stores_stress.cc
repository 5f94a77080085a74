// Both stores under all the concurrency that a server brings, for ThreadSanitizer; ends with what must then hold.
//
//   stores_stress [--gtest_filter=…]
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "base/failure.h"
#include "harness/core_gateway.h"
#include "harness/fault_proxy.h"
#include "harness/server.h"
#include "support/files.h"
#include "support/shared_memory.h"
#include "support/wait.h"

namespace appcreate::test {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 3;  // of each of two gateways
// However fast the machine is: a fast one sees more interleavings.
constexpr auto kRunFor = 7'000ms;
constexpr int kLimitStep = 200;
constexpr int kLimit = 5 * kLimitStep;  // in the end
constexpr int kCuts = 4;
constexpr std::int64_t kTimeoutMs = 20'000;  // instrumented code is slow

struct Tally {
    std::atomic<int> created{0};
    std::atomic<int> limited{0};
    std::atomic<int> unknown{0};
    std::atomic<int> other{0};

    void add(const std::vector<Answer> &answers) {
        for (const Answer &answer : answers) {
            if (answer.status == 200) {
                if (!answer.is_replay) ++created;
            } else if (answer.code == AC_CODE_LIMIT) {
                ++limited;
            } else if (answer.code == AC_CODE_DATABASE) {
                ++unknown;
            } else {
                ++other;
            }
        }
    }
};

struct Ground {
    std::vector<std::unique_ptr<CoreGateway>> gateways;
    Tenant open;
    Tenant limited;
    Tally made;
    Tally made_limited;
};

Order named(int thread, int round, int i) {
    Order one = order("Name " + std::to_string(i % 3));
    if (i % 2 == 0) {
        one.idempotency_key = std::to_string(thread) + "-" + std::to_string(round) + "-" + std::to_string(i);
    }
    return one;
}

void create(Ground &ground, CoreGateway &gateway, int thread, const std::atomic<bool> &is_over) {
    for (int round = 0; round == 0 || !is_over; ++round) {
        std::vector<Order> batch;
        for (int i = 0; i < 6; ++i) batch.push_back(named(thread, round, i));
        ground.made.add(gateway.create_all(ground.open, batch));
        ground.made.add(gateway.create_all(ground.open, {batch.front()}));  // a replay
        ground.made_limited.add(gateway.create_all(ground.limited, std::vector<Order>(4, order("One"))));
    }
}

// What else a server and its operator do meanwhile.
void look(Ground &ground, CoreGateway &gateway, const std::atomic<bool> &is_over) {
    Order only = order("Only seen");
    only.validate_only = true;
    while (!is_over) {
        try {
            ac_lookup lookups[2]{};
            gateway.store().find_keys(lookups, monotonic_ns() + kTimeoutMs * 1'000'000);
            gateway.create(ground.open, only);
            gateway.store().app_count(ground.open.organization);
            gateway.store().org_show(ground.limited.organization, [](std::string_view) { return true; });
            gateway.store().app_list(ground.open.organization, std::nullopt, 20, [](std::string_view) { return true; });
        } catch (const Failure &) {
            // The connection was cut; the next round connects again.
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

// Whoever creates meets another limit again and again.
void raise_limit(Ground &ground) {
    for (int limit = kLimitStep; limit <= kLimit; limit += kLimitStep) {
        ground.gateways.front()->set_limit(ground.limited, limit);
        std::this_thread::sleep_for(kRunFor / 6);
    }
}

template <class Disturb>
void run(Ground &ground, Disturb disturb) {
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    int number = 0;
    for (const auto &gateway : ground.gateways) {
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, thread = number++] { create(ground, *gateway, thread, is_over); });
        }
        threads.emplace_back([&] { look(ground, *gateway, is_over); });
    }
    threads.emplace_back([&] { disturb(is_over); });
    raise_limit(ground);
    std::this_thread::sleep_for(kRunFor / 6);
    is_over = true;
    for (std::thread &one : threads) one.join();
}

// Until the organization is full.
void fill(Ground &ground) {
    const int limited_before = ground.made_limited.limited;
    while (ground.made_limited.limited == limited_before) {
        ground.made_limited.add(
            ground.gateways.front()->create_all(ground.limited, std::vector<Order>(50, order("Last"))));
        ASSERT_LE(ground.made_limited.created, kLimit);
    }
}

void expect_promises_kept(Ground &ground) {
    Store &store = ground.gateways.at(0)->store();
    const int in_open = static_cast<int>(store.app_count(ground.open.organization));
    const int in_limited = static_cast<int>(store.app_count(ground.limited.organization));
    EXPECT_GE(in_open, ground.made.created);
    EXPECT_LE(in_open, ground.made.created + ground.made.unknown);
    EXPECT_EQ(ground.made.other, 0);
    EXPECT_EQ(in_limited, kLimit);
    EXPECT_GE(in_limited, ground.made_limited.created);
    EXPECT_EQ(ground.made_limited.other, 0);
    std::string problems;
    EXPECT_TRUE(store.check(false, [&](std::string_view row) {
        problems += std::string(row) + "\n";
        return true;
    })) << problems;
}

void furnish(Ground &ground, const std::vector<std::string> &uris, const HostMemory &shared = {}) {
    for (const std::string &uri : uris) {
        ground.gateways.push_back(std::make_unique<CoreGateway>(uri, kTimeoutMs, true, shared));
    }
    CoreGateway &first = *ground.gateways.front();
    first.store().init();
    ground.open = first.make_tenant();
    ground.limited = first.make_tenant(0);
}

void stress_sqlite(const HostMemory &shared) {
    const TempDir directory;
    Ground ground;
    const std::string uri = "sqlite:" + directory.file("apps.db");
    furnish(ground, {uri, uri}, shared);
    run(ground, [](const std::atomic<bool> &) {});
    fill(ground);
    EXPECT_EQ(ground.made.unknown, 0);
    EXPECT_EQ(ground.made_limited.created, kLimit);
    expect_promises_kept(ground);
}

TEST(StoresStress, Sqlite) { stress_sqlite({}); }

// Both hand each other their creates.
TEST(StoresStress, SqliteWithOneCommit) {
    const SharedMemory turn(AC_TURN_SIZE);
    const SharedMemory exchange(AC_EXCHANGE_SIZE);
    ASSERT_EQ(ac_turn_init(turn.get()), AC_OK);
    ASSERT_EQ(ac_exchange_init(exchange.get()), AC_OK);
    stress_sqlite({turn.get(), exchange.get()});
}

TEST(StoresStress, MongoWithCuts) {
    NEEDS_MONGO_SERVER();
    const JavaServer server;
    FaultProxy proxy(server.port());
    Ground ground;
    furnish(ground, {server.uri(), proxy.uri()});
    std::vector<FaultProxy::RuleId> lost;
    run(ground, [&](const std::atomic<bool> &is_over) {
        // Each costs the gateway half a second, until libmongoc looks at the server again; so it has a few.
        for (int i = 0; i < kCuts && !is_over; ++i) {
            lost.push_back(proxy.lose_reply("insert"));
            proxy.cut_request("findAndModify");
            eventually([&] { return is_over || proxy.hits(lost.back()) > 0; });
            proxy.cut_all();
        }
    });
    EXPECT_GE(proxy.hits(lost.front()), 1) << "an outcome was lost";
    proxy.clear();
    fill(ground);
    expect_promises_kept(ground);
}

}  // namespace
}  // namespace appcreate::test
