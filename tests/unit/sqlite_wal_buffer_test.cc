// The log as the file system sees it: gathered writes, and nothing of a commit missing once it is one.
#include "sqlite/file/wal_buffer.h"

#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "sqlite/file/connection.h"
#include "sqlite/file/statement.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

using sqlite::Connection;
using sqlite::Transaction;
using sqlite::Use;

constexpr std::int64_t kFrame = 4096 + 24;

// Calls of write() and pwrite() that this process has made.
std::int64_t write_calls() {
    std::ifstream io("/proc/self/io");
    for (std::string word; io >> word;) {
        if (word == "syscw:") {
            std::int64_t calls = 0;
            io >> calls;
            return calls;
        }
    }
    return -1;
}

class SqliteWalBuffer : public testing::Test {
  protected:
    SqliteWalBuffer() {
        Stranger stranger(path_);
        stranger.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(n INTEGER PRIMARY KEY, data BLOB)");
        connection_ = std::make_unique<Connection>(path_, Use::kWrite, monotonic_ns() + 20'000'000'000);
        connection_->apply_pragmas();
    }

    void insert(int rows, int bytes = 3000) {
        connection_->exec(("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " +
                           std::to_string(rows) + ") INSERT INTO t(data) SELECT randomblob(" + std::to_string(bytes) +
                           ") FROM c")
                              .c_str());
    }
    // What another connection finds, and whether the file is whole.
    std::int64_t count_of_others() {
        Stranger stranger(path_);
        EXPECT_EQ(stranger.number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
        return stranger.number("SELECT count(*) FROM t");
    }

    TempDir directory_;
    const std::string path_ = directory_.path() + "/file.db";
    std::unique_ptr<Connection> connection_;
};

TEST_F(SqliteWalBuffer, OthersSeeACommit) {
    for (int i = 1; i <= 5; ++i) {
        Transaction transaction(*connection_, Transaction::Kind::kWrite);
        insert(7);
        transaction.commit();
        EXPECT_EQ(count_of_others(), 7 * i);
    }
}

TEST_F(SqliteWalBuffer, WritesManyPagesByFewCalls) {
    const std::int64_t log_before = file_size(path_ + "-wal");
    Transaction transaction(*connection_, Transaction::Kind::kWrite);
    insert(200);
    const std::int64_t before = write_calls();
    transaction.commit();
    const std::int64_t calls = write_calls() - before;
    const std::int64_t pages = (file_size(path_ + "-wal") - log_before) / kFrame;
    ASSERT_GT(pages, 200);
    EXPECT_LE(calls, pages / 20);
}

// A cache of two pages: the transaction's pages go to the log before it ends, and come back from there.
TEST_F(SqliteWalBuffer, PagesOfALargeTransactionAreReadBack) {
    connection_->exec("PRAGMA cache_size=2");
    Transaction transaction(*connection_, Transaction::Kind::kWrite);
    insert(300);
    connection_->exec("UPDATE t SET data = zeroblob(3000) WHERE n % 2 = 0");
    EXPECT_EQ(connection_->query_integer("SELECT count(*) FROM t WHERE data = zeroblob(3000)"), 150);
    EXPECT_EQ(count_of_others(), 0);
    transaction.commit();
    EXPECT_EQ(count_of_others(), 300);
}

TEST_F(SqliteWalBuffer, WhatWasRolledBackLeavesNothing) {
    connection_->exec("PRAGMA cache_size=2");
    {
        Transaction rolled_back(*connection_, Transaction::Kind::kWrite);
        insert(300);
    }
    EXPECT_EQ(count_of_others(), 0);
    Transaction transaction(*connection_, Transaction::Kind::kWrite);
    insert(3);
    transaction.commit();
    EXPECT_EQ(count_of_others(), 3);
}

// A limit on the file's size stands for a full disk: the commit fails, nothing of it stays, and the next one works.
TEST_F(SqliteWalBuffer, CommitThatCannotBeWrittenFails) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    {
        Transaction transaction(*connection_, Transaction::Kind::kWrite);
        insert(100);
        const auto limit = static_cast<rlim_t>(file_size(path_ + "-wal") + 10 * kFrame);
        const rlimit low{limit, before.rlim_max};
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
        EXPECT_THROW(transaction.commit(), sqlite::Error);
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    }
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(count_of_others(), 0);
    Transaction transaction(*connection_, Transaction::Kind::kWrite);
    insert(2);
    transaction.commit();
    EXPECT_EQ(count_of_others(), 2);
}

}  // namespace
}  // namespace appcreate::test
