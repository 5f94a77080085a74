// A host whose files are replaced, deleted, emptied or copied over.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kinds.h"
#include "sqlite/serve/turn.h"
#include "sqlite_support.h"

namespace appcreate::test {

namespace fs = std::filesystem;

// One host with two workers: they share a turn, and each has its own store.
class SqliteReplaced : public testing::Test {
  protected:
    SqliteReplaced() {
        sqlite::init_turn(turn_.data());
        under_test_.open();
        first_ = worker();
        second_ = worker();
        org_ = make_org(*first_);
    }

    std::unique_ptr<Store> worker(bool maintains = true) {
        StoreOptions options = under_test_.options(3000);
        options.turn = turn_.data();
        options.maintain = maintains;
        return open_store(options);
    }
    // A stop of all, and one worker that checkpoints nothing by itself and has the file open.
    void restart_without_upkeep() {
        become_idle();
        stop();
        first_ = worker(false);
        ASSERT_EQ(create(*first_), AC_CODE_OK);
    }
    // As a program that is not the gateway's: appctl.
    std::unique_ptr<Store> tool() { return open_store(under_test_.options(5000)); }

    int create(Store &store, std::string_view name = "App") {
        const auto made = named(org_.key, name);
        Pending pending;
        pending.add(made.get());
        store.write(pending.source(), in_ms(3000));
        const int code = code_of(*made);
        if (code == AC_CODE_OK) ++acknowledged_;
        return code;
    }
    // Both workers, one after the other; returns how many were acknowledged.
    int create_many(int n) {
        const std::size_t before = acknowledged_;
        for (int i = 0; i < n; ++i) create(i % 2 == 0 ? *first_ : *second_);
        return static_cast<int>(acknowledged_ - before);
    }
    void expect_recovery() {
        EXPECT_TRUE(eventually([&] { return create(*first_) == AC_CODE_OK && create(*second_) == AC_CODE_OK; }));
    }
    // All that was acknowledged, once, and the file is sound.
    void expect_nothing_lost() {
        const auto store = tool();
        const std::vector<std::string> records = expect_sound(*store, org_.slug);
        EXPECT_GE(records.size(), acknowledged_);
        EXPECT_TRUE(store->check(false, [](std::string_view row) {
            ADD_FAILURE() << row;
            return true;
        }));
    }
    [[nodiscard]] bool has_line(const std::string &text) {
        const auto all = under_test_.log.lines();
        return std::any_of(all.begin(), all.end(),
                           [&](const std::string &line) { return line.find(text) != std::string::npos; });
    }
    // The backup, in the place of what was destroyed.
    void expect_served_anew(const std::string &saved) {
        fs::rename(saved, path_);
        acknowledged_ = saved_;
        expect_recovery();
        expect_nothing_lost();
    }
    // What lies there is served, and nothing of the log that lay beside it, which is kept.
    void expect_served_without_the_log() {
        expect_recovery();
        EXPECT_TRUE(has_line("belongs to another file"));
        EXPECT_GT(file_size(path_ + "-wal.replaced"), 0);
        expect_nothing_lost();
        EXPECT_EQ(list_apps(*tool(), org_.slug).size(), acknowledged_);
    }
    void stop() {
        first_.reset();
        second_.reset();
    }
    void start() {
        first_ = worker();
        second_ = worker();
    }
    // A clean stop of all, and a start: no memory is left of what they told each other.
    void restart() {
        stop();
        sqlite::init_turn(turn_.data());
        start();
    }
    // As a power cut or `kill -9` leaves the files: a copy of all three, which nobody has open.
    void crash() {
        const std::string away = under_test_.directory.path() + "/crashed";
        fs::create_directory(away);
        for (const char *side : {"", "-wal"}) fs::copy_file(path_ + side, away + "/apps.db" + side);
        stop();
        for (const char *side : {"", "-wal", "-shm"}) fs::remove(path_ + side);
        for (const char *side : {"", "-wal"}) fs::rename(away + "/apps.db" + side, path_ + side);
    }
    std::string backup() {
        std::string to = under_test_.directory.path() + "/backup.db";
        Stranger(path_).execute("VACUUM INTO '" + to + "'");
        saved_ = acknowledged_;
        return to;
    }
    // Page for page, as `appctl backup` copies; lies in the same directory, so that it can be moved.
    std::string page_copy() {
        std::string to = under_test_.directory.path() + "/pages.db";
        EXPECT_TRUE(tool()->backup(to, true, {}));
        saved_ = acknowledged_;
        return to;
    }
    void become_idle() {
        ASSERT_TRUE(eventually([&] { return file_size(path_ + "-wal") == 0; }));
        // One worker's thread has emptied it; the other's, which wanted to, may be at it still.
        sqlite::Turn turn(turn_.data());
        ASSERT_TRUE(eventually([&] { return sqlite::Turn::Election(turn).won(); }));
    }
    // What is created from here on stays in the log: no worker brings it into the file, at whatever moment.
    void become_idle_for_good() {
        become_idle();
        host_ = std::make_unique<sqlite::Turn>(turn_.data());
        ASSERT_TRUE(eventually([&] {
            upkeep_ = std::make_unique<sqlite::Turn::Election>(*host_);
            return upkeep_->won();
        }));
    }
    // The first page of a table or index is overwritten.
    void damage(const std::string &name) {
        const std::int64_t root =
            Stranger(path_).number("SELECT rootpage FROM sqlite_schema WHERE name = '" + name + "'");
        std::FILE *file = std::fopen(path_.c_str(), "r+b");
        ASSERT_NE(file, nullptr);
        ASSERT_EQ(std::fseek(file, (root - 1) * 4096, SEEK_SET), 0);
        const std::string junk(4096, '\xee');
        ASSERT_EQ(std::fwrite(junk.data(), 1, junk.size(), file), junk.size());
        std::fclose(file);
    }
    // It fails where a file would become longer than that, as on a full disk.
    void checkpoint_with_room_for(std::int64_t bytes) {
        const auto before = std::signal(SIGXFSZ, SIG_IGN);
        struct rlimit limit {};
        ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
        const struct rlimit low { static_cast<rlim_t>(bytes), limit.rlim_max };
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
        Stranger stranger(path_);
        stranger.number("SELECT 1 FROM sqlite_schema LIMIT 1");  // opens the log
        EXPECT_NE(sqlite3_wal_checkpoint_v2(stranger.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr),
                  SQLITE_OK);
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
        std::signal(SIGXFSZ, before);
    }
    std::int64_t records_in_file_alone() {
        const std::string copy = under_test_.directory.path() + "/alone.db";
        copy_file(path_, copy);
        return Stranger(copy).number("SELECT count(*) FROM applications");
    }

    alignas(64) std::array<unsigned char, AC_TURN_SIZE> turn_{};
    SqliteUnderTest under_test_;
    const std::string path_ = under_test_.path();
    std::unique_ptr<Store> first_, second_;
    Org org_;
    std::unique_ptr<sqlite::Turn> host_;
    std::unique_ptr<sqlite::Turn::Election> upkeep_;
    std::size_t acknowledged_ = 0;
    std::size_t saved_ = 0;  // acknowledged when the backup was made
};

}  // namespace appcreate::test
