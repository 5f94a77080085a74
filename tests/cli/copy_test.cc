// appctl copy: everything arrives as it was, however often it is interrupted.
#include <sqlite3.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "copies.h"

namespace appcreate::test {
namespace {

class Copy : public CopyTest {
  protected:
    void expect_sound() const {
        const Outcome result = run({APPCTL, "--store", target_, "check"});
        EXPECT_EQ(result.out, "every promise holds\n") << result.err;
    }
};

// Takes the write lock of a file in a moment when nobody has it.
class Lock {
  public:
    explicit Lock(const std::string &path) {
        EXPECT_EQ(sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    }
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;
    ~Lock() { sqlite3_close(db_); }
    void take() {
        while (sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK) std::this_thread::yield();
    }
    void give_up() { EXPECT_EQ(sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK); }

  private:
    sqlite3 *db_ = nullptr;
};

TEST_F(Copy, NamesOfKeysGoAlong) {
    make_organization();
    const std::string id =
        json({"key", "create", "--org", "acme", "--owner", kOwner, "--name", "build server"}).string("/id");
    EXPECT_EQ(appctl({"key", "create", "--org", "acme", "--owner", kOwner}).status, 0);
    expect_copied();
    expect_copied();
    uri_ = target_;
    EXPECT_EQ(json({"key", "show", id}).string("/name"), "build server");
    // The other one has none, whichever comes first.
    const Json keys = json({"key", "list", "--org", "acme"});
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_NE(keys.is_null("/0/name"), keys.is_null("/1/name"));
}

TEST_F(Copy, EverythingIsTheSame) {
    fill();
    expect_copied();
    expect_same();
    expect_sound();
    EXPECT_EQ(query(target_path_, "SELECT count(*) FROM idempotency"), "2");
}

TEST_F(Copy, AnEmptyStore) {
    EXPECT_EQ(appctl({"init"}).status, 0);
    const Outcome result = copy();
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "organizations: 0\nproviders:     0\nkeys:          0\napplications:  0\n");
    expect_sound();
}

TEST_F(Copy, RepeatedItChangesNothingAndBringsWhatIsNew) {
    fill();
    expect_copied();
    expect_copied();
    expect_same();
    EXPECT_EQ(appctl({"org", "create", "--name", "Late", "--slug", "late"}).status, 0);
    EXPECT_EQ(
        appctl({"provider", "create", "--org", "full", "--name", "L", "--provider", "s3", "--region", "x", "--default"})
            .status,
        0);
    EXPECT_EQ(create(uri_, "acme", {{R"({"name":"Late"})", "late"}}).at(0).status, 200);
    expect_copied();
    expect_same();
    expect_sound();
}

TEST_F(Copy, BothWaysAndBackToTheFirst) {
    fill();
    expect_copied();
    EXPECT_EQ(create(target_, "acme", {{R"({"name":"Made there"})"}}).at(0).status, 200);
    std::swap(uri_, target_);
    std::swap(path_, target_path_);
    expect_copied();
    expect_same();
    expect_sound();
}

TEST_F(Copy, TheOtherStoreGoesOnWhereTheFirstEnded) {
    fill();
    const Answer first = create(uri_, "acme", {kept_order()}).at(0);
    expect_copied();
    const Answer again = create(target_, "acme", {kept_order()}).at(0);
    EXPECT_EQ(again.status, 200);
    EXPECT_TRUE(again.is_replay);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(create(target_, "acme", {{R"({"name":"Other"})", "\"retry-1\""}}).at(0).code, 5002);
    // Limits and numbers of slugs.
    EXPECT_EQ(create(target_, "full", {{R"({"name":"Fourth"})"}}).at(0).code, 5017);
    EXPECT_EQ(create(target_, "over", {{R"({"name":"Fourth"})"}}).at(0).code, 5017);
    const Answer named = create(target_, "acme", {{R"({"name":"Odd"})"}}).at(0);
    EXPECT_NE(named.body.find(R"("slug":"odd-8")"), std::string::npos) << named.body;
    // And the default provider.
    EXPECT_NE(named.body.find(R"("provider":"gcs")"), std::string::npos) << named.body;
    expect_sound();
}

TEST_F(Copy, WhatHasExpiredIsLeftBehindAndMakesRoom) {
    fill();
    expect_copied();
    // A day later the same key made another application in the first store; the second still has the old one.
    const std::string other = "(SELECT rowid FROM applications WHERE slug = 'large')";
    execute(target_path_, "UPDATE idempotency SET expires_at = 1, application = " + other +
                              " WHERE application = (SELECT rowid FROM applications WHERE slug = 'kept')");
    expect_copied();
    expect_same();
    execute(path_, "UPDATE idempotency SET expires_at = 1");
    std::filesystem::remove(target_path_);
    std::filesystem::remove(target_path_ + "-wal");
    std::filesystem::remove(target_path_ + "-shm");
    expect_copied();
    EXPECT_EQ(query(target_path_, "SELECT count(*) FROM idempotency"), "0");
}

TEST_F(Copy, KilledInTheMiddleItGoesOn) {
    make_organization();
    EXPECT_EQ(appctl({"key", "create", "--org", "acme", "--owner", kOwner}).status, 0);
    const Order large = {R"({"name":"Large","metadata":{"x":")" + std::string(1'000'000, 'x') + R"("}})"};
    constexpr int kBatches = 6;
    for (int i = 0; i < kBatches; ++i) {
        for (const Answer &answer : create(uri_, "acme", std::vector<Order>(10, large))) EXPECT_EQ(answer.status, 200);
    }
    EXPECT_EQ(run({APPCTL, "--store", target_, "init"}).status, 0);
    Lock lock(target_path_);
    lock.take();
    const pid_t running = start({APPCTL, "copy", "--from", uri_, "--to", target_}, Streams{});
    lock.give_up();
    int there = 0;
    while (there == 0) there = std::stoi(query(target_path_, "SELECT count(*) FROM applications"));
    // It cannot end now, nor be in a transaction of its own.
    lock.take();
    there = std::stoi(query(target_path_, "SELECT count(*) FROM applications"));
    ASSERT_LT(there, 10 * kBatches);
    ::kill(running, SIGKILL);
    EXPECT_EQ(reap(running), 128 + SIGKILL) << "it has ended by itself";
    lock.give_up();
    EXPECT_EQ(query(target_path_, "SELECT applications FROM organizations"), std::to_string(there));
    EXPECT_EQ(query(target_path_, "SELECT count(*) FROM keys"), "0") << "nobody may create there yet";
    expect_copied();
    expect_same();
    expect_sound();
}

TEST_F(Copy, KilledAtAnyMomentItGoesOn) {
    fill();
    const std::vector<Order> many(1500, {R"({"name":"Many"})"});
    for (const Answer &answer : create(uri_, "acme", many)) EXPECT_EQ(answer.status, 200);
    for (int ms = 0; ms < 60; ms += 3) {
        const pid_t copy = start({APPCTL, "copy", "--from", uri_, "--to", target_}, Streams{});
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
        ::kill(copy, SIGKILL);
        reap(copy);
    }
    expect_copied();
    expect_same();
    expect_sound();
}

TEST_F(Copy, ATerminalSeesABar) {
    fill();
    const Outcome seen = copy({"--json"}, {.terminal_errors = true});
    EXPECT_EQ(seen.status, 0);
    EXPECT_NO_THROW(Json::parse(seen.out));
    EXPECT_TRUE(seen.err.starts_with("\rcopying [........................................]   0% 0/")) << seen.err;
    EXPECT_NE(seen.err.find("\rcopying [########################################] 100% "), std::string::npos);
    EXPECT_TRUE(seen.err.ends_with("\r\n")) << seen.err;
    EXPECT_EQ(copy().err, "") << "and nothing else does";
}

TEST_F(Copy, ABarLeavesItsLineToTheError) {
    fill();
    expect_copied();
    execute(target_path_, "UPDATE organizations SET name = 'Other' WHERE slug = 'acme'");
    const Outcome result = copy({}, {.terminal_errors = true});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("\r\nappctl: "), std::string::npos) << result.err;
}

}  // namespace
}  // namespace appcreate::test
