// One commit for the creates of several processes, and what becomes of them when one of these fails or dies.
#include "sqlite_combined.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <set>

#include "request/parcel.h"
#include "sqlite/serve/exchange_memory.h"

namespace appcreate::test {
namespace {

class SqliteCombined : public testing::Test {
  protected:
    void SetUp() override {
        store_ = under_test_.open();
        org_ = make_org(*store_);
    }
    [[nodiscard]] sqlite::ExchangeMemory &memory() {
        return *static_cast<sqlite::ExchangeMemory *>(under_test_.exchange.get());
    }
    std::size_t count(sqlite::SlotState state) {
        return static_cast<std::size_t>(
            std::count_if(memory().words.begin(), memory().words.end(),
                          [&](const auto &word) { return sqlite::SlotWord(word.load()).state() == state; }));
    }
    bool is_posted(std::size_t n) {
        return eventually([&] { return count(sqlite::SlotState::kPosted) == n; });
    }
    // A process that is in the middle of a transaction of `options` and goes on with `work` once something was posted.
    Child combine_in_child(const StoreOptions &options, const std::function<void()> &work = {}) {
        int ready[2];
        EXPECT_EQ(pipe(ready), 0);
        Child child([&] {
            const std::unique_ptr<Store> store = open_store(options);
            Pending host;
            bool is_told = false;
            host.on_take = [&] {
                if (!std::exchange(is_told, true)) {
                    (void)!write(ready[1], "x", 1);
                    while (count(sqlite::SlotState::kPosted) == 0) usleep(1000);
                    if (work) work();
                }
            };
            const std::unique_ptr<Create> own = named(org_.key, "Own");
            host.add(own.get());
            store->write(host.telling_source(), in_ms(20'000));
            return own->answer().status == 200 ? 0 : 1;
        });
        close(ready[1]);
        char byte = 0;
        EXPECT_EQ(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return child;
    }
    CombinedUnderTest under_test_;
    std::unique_ptr<Store> store_;
    Org org_;
};

TEST_F(SqliteCombined, OneTransactionIsForBothProcesses) {
    Child child = combine_in_child(under_test_.options());
    const std::unique_ptr<Create> create = named(org_.key, "Posted");
    write_one(*store_, *create);
    EXPECT_EQ(create->answer().status, 200);
    EXPECT_EQ(create->facts().batch, 2U);
    EXPECT_NO_THROW(Json::parse(row([&](const RowSink &sink) { store_->app_show(org_.slug, id_of(*create), sink); })));
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2U);
}

TEST_F(SqliteCombined, EachKindOfAnswerComesBack) {
    const std::unique_ptr<Create> keyed = make_create(org_.key, {R"({"name":"Keyed"})", "k", false});
    write_one(*store_, *keyed);
    Child child = combine_in_child(under_test_.options());
    std::vector<std::unique_ptr<Create>> creates;
    creates.push_back(make_create(org_.key, {R"({"name":"Keyed"})", "k", false}));
    creates.push_back(make_create(org_.key, {R"({"name":"Other"})", "k", false}));
    creates.push_back(make_create(org_.key, {R"({"name":"Look"})", "", true}));
    creates.push_back(make_create(
        org_.key, {R"({"name":"P","configuration":{"storageProvider":"507f1f77bcf86cd799439014"}})", "", false}));
    write_all(*store_, creates);
    EXPECT_EQ(answer_body(*creates[0]), answer_body(*keyed));
    EXPECT_EQ(creates[0]->answer().flags, AC_ANSWER_REPLAYED);
    EXPECT_EQ(code_of(*creates[1]), AC_CODE_KEY_REUSED);
    EXPECT_EQ(slug_of(*creates[2]), "look");
    EXPECT_EQ(creates[2]->answer().status, 200);
    EXPECT_EQ(code_of(*creates[3]), AC_CODE_PROVIDER);
    for (const auto &create : creates) EXPECT_EQ(create->facts().batch, 5U);
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2U);
}

TEST_F(SqliteCombined, OneThatIsKilledBeforeItsCommitLosesNothing) {
    Child child = combine_in_child(under_test_.options(), [] { kill(getpid(), SIGKILL); });
    const std::unique_ptr<Create> create = named(org_.key, "Posted");
    write_one(*store_, *create);
    EXPECT_EQ(create->answer().status, 200);
    EXPECT_TRUE(WIFSIGNALED(child.wait()));
    EXPECT_EQ(expect_sound(*store_, org_.slug), std::vector{id_of(*create)});
}

TEST_F(SqliteCombined, OneThatIsKilledAfterItsCommitCreatesNothingTwice) {
    StoreOptions options = under_test_.options();
    options.batch = {[](void *, std::size_t) { kill(getpid(), SIGKILL); }, nullptr};
    Child child = combine_in_child(options);
    const std::unique_ptr<Create> create = named(org_.key, "Posted");
    write_one(*store_, *create);
    EXPECT_EQ(create->answer().status, 200);
    EXPECT_TRUE(WIFSIGNALED(child.wait()));
    const std::vector<std::string> stored = expect_sound(*store_, org_.slug);
    EXPECT_EQ(stored.size(), 2U);  // the child's own too, of which nobody was told
    EXPECT_EQ(std::count(stored.begin(), stored.end(), id_of(*create)), 1);
    EXPECT_EQ(slug_of(*create), "posted");
    EXPECT_NE(answer_body(*create).find(R"("slug":"posted")"), std::string::npos);
}

// Who was killed may have left it in the file's memory only: it is committed once more before it is answered.
TEST_F(SqliteCombined, WhatIsFoundStoredIsCommittedAnew) {
    const std::unique_ptr<Create> first = make_create(org_.key, {R"({"name":"Once"})", "k", false});
    ASSERT_TRUE(first->choose_id());
    std::vector<std::byte> bytes(4096);
    const std::size_t size = Parcel::pack(*first, bytes);
    write_one(*store_, *first);
    const std::unique_ptr<Create> again = Parcel::unpack(std::span(bytes).first(size));
    again->became_uncertain();
    Stranger stranger(under_test_.file.path());
    const std::int64_t before = stranger.number("PRAGMA data_version");
    write_one(*store_, *again);
    EXPECT_NE(stranger.number("PRAGMA data_version"), before);
    EXPECT_EQ(answer_body(*again), answer_body(*first));
    EXPECT_EQ(again->answer().flags, 0);  // its first answer, not a repeated one
    EXPECT_EQ(expect_sound(*store_, org_.slug), std::vector{id_of(*first)});
}

TEST_F(SqliteCombined, OneWhoseStoreFailsSpoilsNobodys) {
    StoreOptions options = under_test_.options();
    options.uri.path += ".gone";
    options.timeout_ms = 100;
    const std::unique_ptr<Store> broken = open_store(options);
    Pending host;
    std::atomic<bool> is_over = false;
    std::size_t created_by_us = 0;
    std::size_t refused = 0;
    std::thread other([&] {
        while (!is_over || refused == 0) {
            const std::unique_ptr<Create> own = named(org_.key, "Own");
            host.add(own.get());
            broken->write(host.telling_source(), in_ms(100));
            // What it posted is created, what it tried by itself is not.
            if (own->answer().status == 200) {
                ++created_by_us;
            } else {
                EXPECT_EQ(code_of(*own), AC_CODE_DATABASE);
                ++refused;
            }
        }
    });
    for (int i = 0; i < 200; i++) {
        const std::unique_ptr<Create> create = named(org_.key, "Mine");
        write_one(*store_, *create);
        EXPECT_EQ(create->answer().status, 200);
    }
    is_over = true;
    other.join();
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 200U + created_by_us);
}

TEST_F(SqliteCombined, ALargeOneWaitsForTheTurn) {
    Child child = combine_in_child(under_test_.options());
    std::vector<std::unique_ptr<Create>> creates;
    creates.push_back(
        make_create(org_.key, {R"({"name":"Large","metadata":{"a":")" + std::string(9000, 'x') + R"("}})", "", false}));
    creates.push_back(named(org_.key, "Small"));
    write_all(*store_, creates);
    for (const auto &create : creates) EXPECT_EQ(create->answer().status, 200);
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 3U);
}

TEST_F(SqliteCombined, WhoHasWaitedTooLongWritesByItself) {
    Child child = combine_in_child(under_test_.options(), [this] {
        while (count(sqlite::SlotState::kPosted) != 0) usleep(1000);
    });
    under_test_.patience_ms = 1;
    const std::unique_ptr<Store> hasty = under_test_.open();
    const std::unique_ptr<Create> create = named(org_.key, "Alone");
    write_one(*hasty, *create);
    EXPECT_EQ(create->answer().status, 200);
    EXPECT_EQ(create->facts().batch, 1U);
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 2U);
}

TEST_F(SqliteCombined, AnAbandonedOneIsNotCreated) {
    Child child = combine_in_child(under_test_.options(), [] { kill(getpid(), SIGSTOP); });
    Pending host;
    const std::unique_ptr<Create> gone = named(org_.key, "Gone");
    gone->deadline = in_ms(20'000);
    host.add(gone.get());
    std::thread writer([&] { store_->write(host.telling_source(), in_ms(20'000)); });
    child.wait_for_stop();
    gone->abandon();
    store_->notify();
    writer.join();
    EXPECT_EQ(host.done_count(), 1U);
    EXPECT_EQ(code_of(*gone), AC_CODE_DATABASE);
    child.signal(SIGCONT);
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);
}

TEST_F(SqliteCombined, AHostThatEndsWaitsForNobodyWhoHasNotBegun) {
    Child child = combine_in_child(under_test_.options(), [] { kill(getpid(), SIGSTOP); });
    Pending host;
    const std::unique_ptr<Create> create = named(org_.key, "Late");
    host.add(create.get());
    std::thread writer([&] { store_->write(host.telling_source(), in_ms(20'000)); });
    child.wait_for_stop();
    host.end();
    store_->notify();
    writer.join();
    EXPECT_EQ(code_of(*create), AC_CODE_DATABASE);
    child.signal(SIGCONT);
    EXPECT_EQ(child.wait(), 0);
}

TEST_F(SqliteCombined, OneThatIsStoppedHoldsNobodyBeyondTheDeadline) {
    Child child = combine_in_child(under_test_.options(), [] { kill(getpid(), SIGSTOP); });
    const std::unique_ptr<Store> hasty = open_store(under_test_.options(300));
    const std::unique_ptr<Create> create = named(org_.key, "Late");
    create->deadline = in_ms(600);
    Pending host;
    host.add(create.get());
    hasty->write(host.telling_source(), in_ms(300));
    child.wait_for_stop();
    EXPECT_EQ(code_of(*create), AC_CODE_DATABASE);
    child.signal(SIGCONT);
    EXPECT_EQ(child.wait(), 0);
    EXPECT_EQ(expect_sound(*store_, org_.slug).size(), 1U);
}

// Processes that create, and are killed at any moment, one after the other.
TEST_F(SqliteCombined, NothingAcknowledgedIsLostWhoeverIsKilled) {
    constexpr std::size_t kIdSize = 24;
    constexpr int kChildren = 4;
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const auto start = [&] {
        return std::make_unique<Child>([&]() -> int {
            close(ends[0]);
            const std::unique_ptr<Store> store = under_test_.open();
            for (;;) {
                Pending pending;
                pending.on_done = [&](std::span<ac_create *const> done) {
                    for (const ac_create *create : done) {
                        const auto &one = *reinterpret_cast<const Create *>(create);
                        if (one.answer().status != 200) _exit(3);
                        const std::string id = id_of(one);
                        if (write(ends[1], id.data(), kIdSize) != kIdSize) _exit(1);
                    }
                };
                const auto creates = named(org_.key, "App", 5);
                pending.add(creates);
                store->write(pending.source(), in_ms(20'000));
            }
        });
    };
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < kChildren; i++) children.push_back(start());
    std::set<std::string> acknowledged;
    std::size_t told = 0;
    const auto listen = [&](std::size_t n) {
        std::array<char, kIdSize> id;
        for (std::size_t i = 0; i < n; i++) {
            if (read(ends[0], id.data(), kIdSize) != kIdSize) return;
            acknowledged.insert(std::string(id.data(), kIdSize));
            ++told;
        }
    };
    std::mt19937 random(15);  // NOLINT(cert-msc32-c,cert-msc51-cpp) the same each time
    for (int round = 0; round < 40; round++) {
        listen(random() % 60);
        std::unique_ptr<Child> &victim = children[random() % kChildren];
        victim->kill();
        victim = start();
    }
    listen(200);
    for (const auto &child : children) EXPECT_EQ(child->kill(), kKilled);
    close(ends[1]);
    listen(SIZE_MAX);
    close(ends[0]);
    EXPECT_EQ(acknowledged.size(), told);  // no record was acknowledged to two
    const std::vector<std::string> stored = expect_sound(*store_, org_.slug);
    EXPECT_TRUE(std::includes(stored.begin(), stored.end(), acknowledged.begin(), acknowledged.end()));
}

}  // namespace
}  // namespace appcreate::test
