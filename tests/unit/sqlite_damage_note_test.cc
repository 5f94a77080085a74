// What was seen to be damaged is known beyond the life of who saw it.
#include <filesystem>
#include <fstream>
#include <functional>

#include "sqlite_replaced.h"

namespace appcreate::test {
namespace {

class SqliteDamageNote : public SqliteReplaced {
  protected:
    // Neither creates nor look-ups read what is damaged.
    void see_damage() {
        create_many(20);
        saved_file_ = backup();
        become_idle();
        stop();
        damage("providers_organization");
        start();
        EXPECT_EQ(create_many(2), 2) << "nobody has seen it";
        before_it_is_seen_();
        EXPECT_NE(status_of([&] { read(*first_); }), AC_OK);
        EXPECT_EQ(create_many(2), 0);
    }
    std::function<void()> before_it_is_seen_ = [] {};
    static bool any(std::string_view) { return true; }
    void read(Store &store) const { store.provider_list(org_.slug, any); }
    void expect_served() {
        acknowledged_ = saved_;
        expect_recovery();
        EXPECT_EQ(status_of([&] { read(*first_); }), AC_OK);
        EXPECT_EQ(status_of([&] { read(*second_); }), AC_OK);
        EXPECT_FALSE(fs::exists(note_));
        expect_nothing_lost();
    }

    const std::string note_ = path_ + ".damaged";
    std::string saved_file_;
};

TEST_F(SqliteDamageNote, IsKnownAfterARestart) {
    see_damage();
    EXPECT_TRUE(fs::exists(note_));
    restart();
    EXPECT_EQ(create_many(4), 0);
    restart();
    EXPECT_EQ(create_many(4), 0);
    // A tool reads what can be read, and changes nothing.
    EXPECT_EQ(status_of([&] { tool()->org_list(any); }), AC_OK);
    EXPECT_EQ(status_of([&] { tool()->org_set(org_.slug, {}, any); }), AC_EUNAVAILABLE);
    {
        const auto one = tool();
        EXPECT_EQ(status_of([&] { one->org_list(any); }), AC_OK);
        EXPECT_EQ(status_of([&] { one->org_set(org_.slug, {}, any); }), AC_EUNAVAILABLE) << "also after it has read";
    }
    EXPECT_EQ(status_of([&] { tool()->init(); }), AC_EUNAVAILABLE);
    EXPECT_TRUE(fs::exists(note_));
    fs::rename(saved_file_, path_);
    expect_served();
    restart();
    expect_recovery();
}

TEST_F(SqliteDamageNote, SaysNothingOfAnotherFile) {
    see_damage();
    stop();
    fs::rename(saved_file_, path_);
    sqlite::init_turn(turn_.data());
    start();
    expect_served();
}

TEST_F(SqliteDamageNote, GoesWhenTheFileWasWrittenAnewAndIsWhole) {
    see_damage();
    stop();
    copy_file(saved_file_, path_);
    sqlite::init_turn(turn_.data());
    start();
    expect_served();
}

TEST_F(SqliteDamageNote, GoesAfterARestore) {
    see_damage();
    restart();
    EXPECT_TRUE(tool()->restore(saved_file_, true, {}));
    expect_served();
}

// The disk was full, or the process ended: nobody knows of which file it was to be.
TEST_F(SqliteDamageNote, NotWrittenToItsEndItLetsTheFileBeLookedThrough) {
    create_many(4);
    saved_ = acknowledged_;
    stop();
    std::fclose(std::fopen(note_.c_str(), "w"));
    start();
    expect_served();
    become_idle();
    saved_file_ = backup();
    stop();
    damage("providers_organization");
    std::fclose(std::fopen(note_.c_str(), "w"));
    start();
    EXPECT_EQ(create_many(4), 0);
    fs::rename(saved_file_, path_);
    expect_served();
}

// Two programs while one is replaced by the other, and two masters: they share no memory.
TEST_F(SqliteDamageNote, StopsThoseOfAnotherTurn) {
    alignas(64) std::array<unsigned char, AC_TURN_SIZE> turn{};
    sqlite::init_turn(turn.data());
    StoreOptions options = under_test_.options(3000);
    options.turn = turn.data();
    options.maintain = true;
    const auto other = open_store(options);
    before_it_is_seen_ = [&] { EXPECT_EQ(create(*other), AC_CODE_OK); };
    see_damage();
    EXPECT_EQ(create(*other), AC_CODE_DATABASE);
    fs::rename(saved_file_, path_);
    acknowledged_ = saved_;
    EXPECT_TRUE(eventually([&] { return create(*other) == AC_CODE_OK; }));
    expect_recovery();
    expect_nothing_lost();
}

// What cannot be written now is in the memory of those who serve, and is written later.
TEST_F(SqliteDamageNote, IsWrittenWhenItCanBe) {
    before_it_is_seen_ = [this] { fs::create_directory(note_); };
    see_damage();
    EXPECT_EQ(create_many(4), 0);
    fs::remove(note_);
    EXPECT_TRUE(eventually([&] {
        create(*first_);
        return fs::is_regular_file(note_);
    }));
    restart();
    EXPECT_EQ(create_many(4), 0);
}

// Who looks a file through finds the damage before it has a connection; it may be killed as soon as it has said so.
TEST_F(SqliteDamageNote, IsWrittenBeforeTheFirstLookUpIsRefused) {
    create_many(20);
    become_idle_for_good();
    second_.reset();
    ASSERT_EQ(create(*first_), AC_CODE_OK);
    damage("providers_organization");
    for (const char *side : {"-wal", "-shm"}) fs::remove(path_ + side);
    while (status_of([&] { find_key(*first_, org_.token); }) == AC_OK) {
    }
    EXPECT_TRUE(fs::exists(note_));
}

// Not only a second later: until then a host could come back that knows nothing of it.
TEST_F(SqliteDamageNote, IsWrittenOfOneFileRightAfterAnother) {
    see_damage();
    const std::string other = under_test_.directory.path() + "/other.db";
    fs::copy_file(path_, other);
    fs::rename(other, path_);
    ASSERT_TRUE(eventually([&] { return create(*first_) == AC_CODE_OK; })) << "nobody has seen it";
    EXPECT_NE(status_of([&] { read(*first_); }), AC_OK);
    EXPECT_TRUE(fs::exists(note_));
    restart();
    EXPECT_EQ(create_many(4), 0);
}

}  // namespace
}  // namespace appcreate::test
