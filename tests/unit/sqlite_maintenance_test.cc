// Checkpoints and sweeps: the log shrinks, nothing is lost, only what expired goes.
#include <sqlite3.h>

#include <thread>

#include "kinds.h"
#include "sqlite/create/idempotency.h"
#include "sqlite/sqlite_store.h"
#include "sqlite_support.h"
#include "support/shared_memory.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kFrame = 4096 + 24;
constexpr sqlite::WalLimits kSmall{32, 64, 512, 64};

class SqliteMaintenance : public testing::Test {
  protected:
    std::unique_ptr<Store> open(bool maintain, sqlite::WalLimits limits = kSmall) {
        StoreOptions options = under_test_.options();
        options.maintain = maintain;
        return std::make_unique<sqlite::SqliteStore>(options, limits);
    }
    [[nodiscard]] std::int64_t log_size() const { return file_size(under_test_.path() + "-wal"); }
    // How many records the file holds without its log; -1 when the copy met a checkpoint.
    [[nodiscard]] std::int64_t records_in_file_alone() const {
        const std::string copy = under_test_.directory.path() + "/alone.db";
        copy_file(under_test_.path(), copy);
        try {
            return Stranger(copy).number("SELECT count(*) FROM applications");
        } catch (const std::runtime_error &) {
            return -1;
        }
    }

    SqliteUnderTest under_test_;
};

TEST_F(SqliteMaintenance, LogShrinksUnderLoadAndNothingIsLost) {
    const auto store = open(true);
    const Org org = make_org(*store);
    std::size_t made = 0;
    std::int64_t longest = 0;
    for (int i = 0; i < 100; ++i) {
        const auto creates = named(org.key, "App " + std::to_string(i % 7), 40);
        write_all(*store, creates);
        made += creates.size();
        longest = std::max(longest, log_size());
    }
    // Writing all of it would have taken several times that.
    EXPECT_LT(longest, 3 * 512 * kFrame);
    EXPECT_EQ(expect_sound(*store, org.slug).size(), made);
    EXPECT_TRUE(eventually([&] { return records_in_file_alone() == static_cast<std::int64_t>(made); }));
}

TEST_F(SqliteMaintenance, IdleSecondEmptiesTheLog) {
    const auto store = open(true, {});
    const Org org = make_org(*store);
    write_all(*store, named(org.key, "App", 30));
    EXPECT_TRUE(eventually([&] { return records_in_file_alone() == 30; }));
    write_all(*store, named(org.key, "App", 5));
    EXPECT_TRUE(eventually([&] { return records_in_file_alone() == 35; }));
}

TEST_F(SqliteMaintenance, WithoutTheThreadWritersCheckpoint) {
    const auto store = open(false);
    const Org org = make_org(*store);
    for (int i = 0; i < 60; ++i) write_all(*store, named(org.key, "App", 40));
    EXPECT_LT(log_size(), 500 * kFrame);
    EXPECT_GT(records_in_file_alone(), 2000);
    EXPECT_EQ(expect_sound(*store, org.slug).size(), 2400U);
}

TEST_F(SqliteMaintenance, ReaderThatStaysOnlyDelaysIt) {
    const auto store = open(true);
    const Org org = make_org(*store);
    Stranger reader(under_test_.path());
    reader.execute("BEGIN");
    EXPECT_EQ(reader.number("SELECT count(*) FROM applications"), 0);
    for (int i = 0; i < 40; ++i) write_all(*store, named(org.key, "App", 40));
    EXPECT_EQ(reader.number("SELECT count(*) FROM applications"), 0);
    reader.execute("ROLLBACK");
    EXPECT_TRUE(eventually([&] { return records_in_file_alone() == 1600; }));
    EXPECT_TRUE(under_test_.log.lines().empty());
}

TEST_F(SqliteMaintenance, TwoStoresOfOneTurnTakeTurns) {
    alignas(64) static unsigned char memory[AC_TURN_SIZE];
    sqlite::init_turn(memory);
    StoreOptions options = under_test_.options();
    options.turn = memory;
    options.maintain = true;
    const auto first = std::make_unique<sqlite::SqliteStore>(options, kSmall);
    const auto second = std::make_unique<sqlite::SqliteStore>(options, kSmall);
    const Org org = make_org(*first);
    {
        std::vector<std::jthread> threads;
        for (Store *store : {static_cast<Store *>(first.get()), static_cast<Store *>(second.get())}) {
            threads.emplace_back([&, store] {
                for (int i = 0; i < 30; ++i) write_all(*store, named(org.key, "App", 20), 10);
            });
        }
    }
    EXPECT_EQ(expect_sound(*first, org.slug).size(), 1200U);
    EXPECT_TRUE(eventually([&] { return records_in_file_alone() == 1200; }));
}

TEST_F(SqliteMaintenance, ClosesAtOnceWhileItWorks) {
    for (int i = 0; i < 10; ++i) {
        const auto store = open(true);
        store->init();
        const Org org = make_org(*store, "org-" + std::to_string(i));
        write_all(*store, named(org.key, "App", 200), 20);
    }
    const auto store = open(false);
    EXPECT_TRUE(store->check(false, [](std::string_view) { return true; }));
}

TEST_F(SqliteMaintenance, StoreThatIsNotUsedIsLeftAlone) {
    const std::string path = under_test_.directory.path() + "/none.db";
    StoreOptions options = options_of(path, &under_test_.log);
    options.maintain = true;
    const auto store = open_store(options);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    EXPECT_EQ(file_size(path), -1);
    EXPECT_TRUE(under_test_.log.lines().empty());
}

// ---- expired requests

class SqliteSweep : public SqliteMaintenance {
  protected:
    void send(Store &store, const Org &org, int from, int to) {
        std::vector<std::unique_ptr<Create>> creates;
        for (int i = from; i < to; ++i) {
            creates.push_back(make_create(org.key, {R"({"name":"App"})", "k" + std::to_string(i), false}));
        }
        write_all(store, creates);
    }
    [[nodiscard]] std::int64_t kept() const {
        return Stranger(under_test_.path()).number("SELECT count(*) FROM idempotency");
    }
};

TEST_F(SqliteSweep, StepsAreBoundedAndLeaveWhatIsValid) {
    const auto store = open(false);
    const Org org = make_org(*store);
    send(*store, org, 0, 250);
    under_test_.expire_requests();
    send(*store, org, 250, 260);
    const std::int64_t now = now_ms();
    const sqlite::Connection connection(under_test_.path(), sqlite::Use::kMaintain, in_ms(20'000));
    sqlite::RequestSweep sweep;
    EXPECT_TRUE(sweep.is_due(connection, now));
    EXPECT_TRUE(sweep.step(connection, now));
    EXPECT_EQ(kept(), 160);
    EXPECT_TRUE(sweep.step(connection, now));
    EXPECT_FALSE(sweep.step(connection, now));
    EXPECT_EQ(kept(), 10);
    EXPECT_FALSE(sweep.is_due(connection, now));
    EXPECT_FALSE(sweep.step(connection, now));
    EXPECT_EQ(kept(), 10);
    EXPECT_EQ(expect_sound(*store, org.slug).size(), 260U);
}

TEST_F(SqliteSweep, RowsStayInTheOrderOfTheirExpiry) {
    const auto store = open(false);
    const Org org = make_org(*store);
    send(*store, org, 0, 3);
    Stranger(under_test_.path()).execute("UPDATE idempotency SET expires_at = 1 WHERE rowid = 1");
    // The first is met by a create and kept anew, behind the others.
    send(*store, org, 0, 1);
    EXPECT_EQ(Stranger(under_test_.path()).number("SELECT min(rowid) FROM idempotency"), 2);
    EXPECT_EQ(kept(), 3);
}

// A clock that was ahead for a while: what it kept stays, and stops nobody else from going.
TEST_F(SqliteSweep, FarExpiriesArePassedOver) {
    const auto store = open(false);
    const Org org = make_org(*store);
    send(*store, org, 0, 250);
    const std::int64_t now = now_ms();
    const std::int64_t year = 365LL * 24 * 3600 * 1000;
    Stranger stranger(under_test_.path());
    stranger.execute("UPDATE idempotency SET expires_at = " + std::to_string(now + year) +
                     " + rowid WHERE rowid <= 150");
    stranger.execute("UPDATE idempotency SET expires_at = 1 WHERE rowid > 150 OR rowid = 77");
    send(*store, org, 250, 260);
    const sqlite::Connection connection(under_test_.path(), sqlite::Use::kMaintain, in_ms(20'000));
    sqlite::RequestSweep sweep;
    int steps = 1;
    for (; sweep.step(connection, now) && steps < 10; ++steps) {
    }
    EXPECT_LE(steps, 4);
    EXPECT_EQ(kept(), 149 + 10);
    EXPECT_FALSE(sweep.is_due(connection, now));

    // What expires behind those that were passed over is found from there on.
    stranger.execute("UPDATE idempotency SET expires_at = 1 WHERE rowid = 251");
    EXPECT_TRUE(sweep.is_due(connection, now));
    EXPECT_FALSE(sweep.step(connection, now));
    EXPECT_EQ(kept(), 149 + 9);

    // When the first of them has expired, it goes; the others stay.
    EXPECT_TRUE(sweep.is_due(connection, now + year + 1));
    sweep.step(connection, now + year + 1);
    EXPECT_EQ(stranger.number("SELECT count(*) FROM idempotency WHERE rowid = 1"), 0);
    EXPECT_EQ(stranger.number("SELECT count(*) FROM idempotency WHERE rowid BETWEEN 2 AND 150"), 148);
}

// The row that it stood at was removed, and its number given to another one.
TEST_F(SqliteSweep, BeginsAgainWhereItsRowIsGone) {
    const auto store = open(false);
    const Org org = make_org(*store);
    send(*store, org, 0, 3);
    const std::int64_t now = now_ms();
    Stranger stranger(under_test_.path());
    stranger.execute("UPDATE idempotency SET expires_at = " + std::to_string(2 * now));
    const sqlite::Connection connection(under_test_.path(), sqlite::Use::kMaintain, in_ms(20'000));
    sqlite::RequestSweep sweep;
    EXPECT_FALSE(sweep.step(connection, now));
    for (const char *change : {"DELETE FROM idempotency WHERE rowid = 3; UPDATE idempotency SET expires_at = 1",
                               "DELETE FROM idempotency"}) {
        stranger.execute(change);
        for (int i = 0; i < 3; ++i) sweep.step(connection, now);
        EXPECT_EQ(kept(), 0);
        send(*store, org, 0, 3);
        stranger.execute("UPDATE idempotency SET expires_at = 1 WHERE rowid < 3");
        for (int i = 0; i < 3; ++i) sweep.step(connection, now);
        EXPECT_EQ(kept(), 1);
        stranger.execute("UPDATE idempotency SET expires_at = " + std::to_string(2 * now));
        sweep.step(connection, now);
    }
    expect_sound(*store, org.slug);
}

TEST_F(SqliteSweep, ThreadRemovesThemBehindAFarExpiry) {
    const auto store = open(true);
    const Org org = make_org(*store);
    send(*store, org, 0, 100);
    under_test_.expire_requests();
    Stranger(under_test_.path()).execute("UPDATE idempotency SET expires_at = 9223372036854775807 WHERE rowid = 1");
    EXPECT_TRUE(eventually([&] { return kept() <= 1; }));
    EXPECT_EQ(kept(), 1);
}

TEST_F(SqliteSweep, ThreadRemovesThem) {
    const auto store = open(true);
    const Org org = make_org(*store);
    send(*store, org, 0, 256);
    under_test_.expire_requests();
    send(*store, org, 256, 260);
    EXPECT_TRUE(eventually([&] { return kept() == 4; }));
    EXPECT_EQ(expect_sound(*store, org.slug).size(), 260U);
}

class SqliteSweepAtEnd : public SqliteSweep {
  protected:
    SqliteSweepAtEnd() { sqlite::init_turn(memory_.get()); }
    // A store that is in use, whose thread has several ticks of work: requests that have expired.
    std::unique_ptr<Store> open_with_expired(int n) {
        StoreOptions options = under_test_.options();
        options.turn = memory_.get();
        options.maintain = true;
        auto store = std::make_unique<sqlite::SqliteStore>(options, sqlite::WalLimits{});
        write_all(*store, named(make_org(*store).key, "App", 1));
        Stranger(under_test_.path())
            .execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(n) +
                     ") INSERT INTO idempotency SELECT NULL, 1, CAST(printf('%032d', i) AS BLOB), "
                     "CAST(printf('%032d', i) AS BLOB), 1 FROM n");
        return store;
    }
    [[nodiscard]] sqlite::TurnMemory &turn() const { return *static_cast<sqlite::TurnMemory *>(memory_.get()); }

  private:
    const SharedMemory memory_{AC_TURN_SIZE};
};

TEST_F(SqliteSweepAtEnd, IsNotWaitedFor) {
    constexpr int kExpired = 200'000;
    auto store = open_with_expired(kExpired);
    EXPECT_TRUE(eventually([&] { return kept() < kExpired; }));
    store.reset();
    EXPECT_GT(kept(), 0) << "it was closed when all had been removed";
}

TEST_F(SqliteSweepAtEnd, DoesNotWaitForItsTurnForLong) {
    constexpr int kExpired = 50'000;
    auto store = open_with_expired(kExpired);
    EXPECT_TRUE(eventually([&] { return kept() < kExpired; }));
    sqlite::Turn another(&turn());
    const sqlite::Turn::Guard held(another, in_ms(20'000));
    ASSERT_TRUE(eventually([&] { return turn().waiting == 1; })) << "it wants its turn";
    const std::int64_t left = kept();
    store.reset();
    EXPECT_EQ(kept(), left);
}

}  // namespace
}  // namespace appcreate::test
