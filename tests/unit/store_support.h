// What the store suite is written with. The suite knows no kind of store: a KindUnderTest makes one to test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"
#include "support/creates.h"
#include "support/json.h"

namespace appcreate::test {

// One store, empty and initialised, as long as it lives.
class StoreUnderTest {
  public:
    StoreUnderTest() = default;
    StoreUnderTest(const StoreUnderTest &) = delete;
    StoreUnderTest &operator=(const StoreUnderTest &) = delete;
    virtual ~StoreUnderTest() = default;
    // Another handle on it: another gateway. Each call's handle may be used in another process.
    virtual std::unique_ptr<Store> open() = 0;
    // One that keeps the store in shape beside: a gateway's worker.
    virtual std::unique_ptr<Store> serve() = 0;
    // Makes every kept Idempotency-Key look older than a day.
    virtual void expire_requests() = 0;
    // Waits until what killed processes left to others is done.
    virtual void wait_for_others() {}
};

// A kind, and what kinds may do differently (docs/stores.md); everything else is asserted of all alike.
struct KindUnderTest {
    const char *name;
    std::string (*unavailable)();  // empty when it can be had here; otherwise why not
    std::unique_ptr<StoreUnderTest> (*make)();
    // A handle that has read an organization with its plan and providers goes on with them for so long.
    std::chrono::milliseconds plan_age{0};
    // What a batch would create is looked at after what it creates, not in the order of the batch.
    bool validates_last = false;
    // In a freeze a kept answer is repeated.
    bool replays_in_freeze = true;
    // Another process may write what is pending, and takes what of it has come when it looks.
    bool is_combined = false;
    friend std::ostream &operator<<(std::ostream &out, const KindUnderTest &kind) { return out << kind.name; }
};
std::vector<KindUnderTest> store_kinds();

// Creates that are ready for the store.
std::unique_ptr<Create> make_create(const ac_key &key, const Order &order = {});
std::unique_ptr<Create> named(const ac_key &key, std::string_view name);
std::vector<std::unique_ptr<Create>> named(const ac_key &key, std::string_view name, std::size_t n);

// A host's pending list of the core's own creates.
class Pending : public HostQueue {
  public:
    using HostQueue::HostQueue;
    void add(Create *create) { HostQueue::add(reinterpret_cast<ac_create *>(create)); }
    void add(const std::vector<std::unique_ptr<Create>> &creates) {
        for (const auto &create : creates) add(create.get());
    }
    [[nodiscard]] Source source() { return Source(HostQueue::source()); }
    [[nodiscard]] Source telling_source() { return Source(HostQueue::telling_source()); }
};

Deadline in_ms(std::int64_t ms);

// Gives them to the store, in one call, in batches of at most `max`.
void write_all(Store &store, const std::vector<std::unique_ptr<Create>> &creates, std::size_t max = kBatchCreates);
void write_one(Store &store, Create &create);

// ---- what came of it
std::string answer_body(const Create &create);
int code_of(const Create &create);
std::string slug_of(const Create &create);
std::string id_of(const Create &create);

// ---- administration
struct Org {
    std::string id, slug;
    ac_key key{};
    std::string token;
};
// With a key that may create.
Org make_org(Store &store, std::string_view slug = "acme", std::optional<std::int64_t> limit = std::nullopt);
// A key's record as a look-up finds it.
ac_lookup find_key(Store &store, std::string_view token);
std::vector<std::string> rows(const std::function<void(const RowSink &)> &list);
std::string row(const std::function<void(const RowSink &)> &show);
std::vector<std::string> list_apps(Store &store, const std::string &org);
void set_limit(Store &store, const std::string &org, std::optional<std::int64_t> limit);
ac_status status_of(const std::function<void()> &function);
std::string message_of(const std::function<void()> &function);

// Every record of the organization is there once, its slugs all differ, the count equals the records, and the store's
// own check finds nothing. Returns the records' ids.
std::vector<std::string> expect_sound(Store &store, const std::string &org);

// Skips, with the reason, what this machine has no store for.
class StoreTest : public testing::TestWithParam<KindUnderTest> {
  protected:
    void SetUp() final;
    // What a suite makes in its store before every test.
    virtual void prepare() {}
    // After a change of a plan that store_ has used: lets store_ know of it now.
    void know_change();

    std::unique_ptr<StoreUnderTest> under_test_;
    std::unique_ptr<Store> store_;
};

inline std::string name_of_kind(const testing::TestParamInfo<KindUnderTest> &kind) { return kind.param.name; }

#define INSTANTIATE_STORES(SUITE) INSTANTIATE_TEST_SUITE_P(Kinds, SUITE, testing::ValuesIn(store_kinds()), name_of_kind)

}  // namespace appcreate::test
