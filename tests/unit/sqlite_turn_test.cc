// The turn to write: over threads, over processes, and after the death of who held it.
#include "kinds.h"
#include "sqlite/serve/turn.h"

#include <unistd.h>

#include <array>
#include <thread>

#include "sqlite_support.h"
#include "support/shared_memory.h"

namespace appcreate::test {
namespace {

using sqlite::Turn;

class TurnMemory : public SharedMemory {
  public:
    TurnMemory() : SharedMemory(AC_TURN_SIZE) { sqlite::init_turn(get()); }
};

ac_status try_turn(Turn &turn) {
    return status_of([&] { const Turn::Guard guard(turn, in_ms(20)); });
}

TEST(SqliteTurn, IsHeldByOneThread) {
    Turn turn(nullptr);
    {
        const Turn::Guard guard(turn, in_ms(1000));
        ac_status status = AC_OK;
        std::thread([&] { status = try_turn(turn); }).join();
        EXPECT_EQ(status, AC_ETIMEOUT);
    }
    std::thread([&] { EXPECT_EQ(try_turn(turn), AC_OK); }).join();
}

TEST(SqliteTurn, DeadlineThatPassedTakesAFreeTurn) {
    Turn turn(nullptr);
    EXPECT_EQ(status_of([&] { const Turn::Guard guard(turn, 0); }), AC_OK);
}

TEST(SqliteTurn, IsSharedWithOtherProcesses) {
    const TurnMemory memory;
    Turn turn(memory.get());
    const Turn::Guard guard(turn, in_ms(1000));
    EXPECT_TRUE(in_child([&] {
        Turn theirs(memory.get());
        return try_turn(theirs) == AC_ETIMEOUT;
    }));
}

TEST(SqliteTurn, OutlivesTheProcessThatHeldIt) {
    const TurnMemory memory;
    for (int i = 0; i < 3; ++i) {
        Child child([&] {
            Turn turn(memory.get());
            const Turn::Guard guard(turn, in_ms(1000));
            const Turn::Election election(turn);
            _exit(election.won() ? 0 : 1);  // with both of them held
            return 1;
        });
        ASSERT_EQ(child.wait(), 0);
        Turn turn(memory.get());
        EXPECT_EQ(try_turn(turn), AC_OK);
        EXPECT_EQ(try_turn(turn), AC_OK);
        EXPECT_TRUE(Turn::Election(turn).won());
        EXPECT_TRUE(Turn::Election(turn).won());
    }
}

TEST(SqliteTurn, OneCheckpointerAtATime) {
    const TurnMemory memory;
    Turn turn(memory.get());
    const Turn::Election mine(turn);
    EXPECT_TRUE(mine.won());
    EXPECT_TRUE(in_child([&] {
        Turn theirs(memory.get());
        return !Turn::Election(theirs).won();
    }));
}

TEST(SqliteTurn, KnowsHowMuchOfTheLogIsPending) {
    Turn turn(nullptr);
    turn.committed(100);
    EXPECT_EQ(turn.pending(), 100U);
    turn.checkpointed(60);
    EXPECT_EQ(turn.pending(), 40U);
    turn.committed(110);
    EXPECT_EQ(turn.pending(), 50U);
    // The log starts again.
    turn.committed(5);
    EXPECT_EQ(turn.pending(), 5U);
    EXPECT_EQ(turn.commits(), 3U);
    turn.restarted();
    EXPECT_EQ(turn.pending(), 0U);
}

// Memory that was never made a turn, or was spoilt: only fairness is lost.
TEST(SqliteTurn, WritingGoesOnWithoutAWorkingTurn) {
    SqliteUnderTest under_test;
    alignas(64) std::array<unsigned char, AC_TURN_SIZE> spoilt;
    spoilt.fill(0xff);
    StoreOptions options = under_test.options();
    options.turn = spoilt.data();
    const auto store = open_store(options);
    const Org org = make_org(*store);
    const auto create = named(org.key, "App");
    write_one(*store, *create);
    EXPECT_EQ(code_of(*create), AC_CODE_OK);
}

TEST(SqliteTurn, StoresOfOneFileShareIt) {
    SqliteUnderTest under_test;
    const TurnMemory memory;
    StoreOptions options = under_test.options(50);
    options.turn = memory.get();
    const auto store = open_store(options);
    const Org org = make_org(*store);
    Turn turn(memory.get());
    const auto create = named(org.key, "App");
    Pending pending;
    pending.add(create.get());
    {
        const Turn::Guard guard(turn, in_ms(1000));
        ac_status status = AC_OK;
        std::thread([&] { status = status_of([&] { store->write(pending.source(), in_ms(50)); }); }).join();
        EXPECT_EQ(status, AC_ETIMEOUT);
    }
    EXPECT_EQ(pending.done_count(), 0U) << "nothing was taken";
    store->write(pending.source(), in_ms(20'000));
    EXPECT_EQ(code_of(*create), AC_CODE_OK);
}

// The lock comes first: what arrives while it is waited for is in the batch.
TEST(SqliteTurn, TakesAfterTheLockIsHeld) {
    SqliteUnderTest under_test;
    const auto store = under_test.open();
    const Org org = make_org(*store);
    const auto create = named(org.key, "App");
    Pending pending;
    bool was_locked = false;
    pending.add(create.get());
    pending.on_take = [&] {
        sqlite3 *db = nullptr;
        ASSERT_EQ(sqlite3_open(under_test.path().c_str(), &db), SQLITE_OK);
        was_locked = was_locked || sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_BUSY;
        sqlite3_close(db);
    };
    store->write(pending.source(), in_ms(20'000));
    EXPECT_TRUE(was_locked);
}

}  // namespace
}  // namespace appcreate::test
