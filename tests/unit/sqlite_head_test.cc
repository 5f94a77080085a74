// What is said of a store by the first bytes of its file: the right word for each kind of file, never that a file is
// damaged which SQLite can use, and nothing that changes a file.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "sqlite/file/head.h"
#include "sqlite_support.h"

namespace appcreate::test {
namespace {

using sqlite::Head;
using sqlite::head_of;

class SqliteHead : public testing::Test {
  protected:
    // A store at rest.
    std::string make_store() {
        SqliteUnderTest store;
        store.open()->init();
        return read_file(store.path());
    }
    Head head_of_content(const std::string &content) const {
        write_file(path_, content);
        return head_of(path_);
    }
    // Does SQLite find a table in it, and could it write?
    bool is_used_by_sqlite(const std::string &content) const {
        write_file(path_, content);
        try {
            SqliteFile file(path_);
            file.execute("BEGIN IMMEDIATE; COMMIT");
            return file.number("SELECT count(*) FROM sqlite_schema") > 0;
        } catch (const std::exception &) {
            return false;
        }
    }

    TempDir directory_;
    const std::string path_ = directory_.file("apps.db");
};

TEST_F(SqliteHead, EachKindOfFile) {
    const std::string store = make_store();
    EXPECT_EQ(head_of(path_), Head::kUnreadable);
    EXPECT_EQ(head_of(directory_.path()), Head::kUnreadable);
    EXPECT_EQ(head_of_content(store), Head::kStore);
    EXPECT_EQ(head_of_content(""), Head::kBlank);
    EXPECT_EQ(head_of_content("SQLite format 3"), Head::kNoDatabase);
    EXPECT_EQ(head_of_content("some text\n"), Head::kNoDatabase);
    EXPECT_EQ(head_of_content(std::string(store.size(), '\0')), Head::kNoDatabase);
    EXPECT_EQ(head_of_content(store.substr(0, 50)), Head::kDamaged);
    EXPECT_EQ(head_of_content(store.substr(0, store.size() - 4096)), Head::kDamaged);
    EXPECT_EQ(head_of_content(store.substr(0, 16) + std::string(4080, '\0') + store.substr(4096)), Head::kDamaged);

    std::filesystem::remove(path_);
    SqliteFile(path_, SqliteFile::Mode::create).execute("VACUUM");
    EXPECT_EQ(head_of(path_), Head::kBlank);
    SqliteFile(path_).execute("CREATE TABLE theirs(x)");
    EXPECT_EQ(head_of(path_), Head::kForeign);
}

TEST_F(SqliteHead, PagesOfEverySizeThatSqliteKnows) {
    for (int size = 512; size <= 65536; size *= 2) {
        const std::string path = directory_.file(std::to_string(size));
        SqliteFile(path, SqliteFile::Mode::create)
            .execute("PRAGMA page_size=" + std::to_string(size) +
                     "; PRAGMA application_id=" + std::to_string(0x61637274) + "; CREATE TABLE t(x)");
        EXPECT_EQ(head_of(path), Head::kStore) << size;
    }
}

// The schema, or the number of pages, may be in the WAL.
TEST_F(SqliteHead, AWalDecidesWhatTheFileIs) {
    {
        Stranger file(path_);
        file.execute("PRAGMA journal_mode=WAL; CREATE TABLE theirs(x)");
        EXPECT_EQ(head_of(path_), Head::kUnknown);
        // The WAL lies beside what a link leads to.
        const std::string link = directory_.file("link.db");
        std::filesystem::create_symlink(path_, link);
        EXPECT_EQ(head_of(link), Head::kUnknown);
    }
    const std::string wal = read_file(path_ + "-wal");
    ASSERT_FALSE(wal.empty());
    write_file(path_, "not a database, whatever its log is");
    EXPECT_EQ(head_of(path_), Head::kNoDatabase);
    write_file(path_, "");
    EXPECT_EQ(head_of(path_), Head::kUnknown);
    EXPECT_EQ(read_file(path_ + "-wal"), wal);
}

TEST_F(SqliteHead, NothingIsCalledDamagedThatSqliteUses) {
    const std::string store = make_store();
    int damaged = 0;
    for (std::size_t at = 0; at < 105; ++at) {
        for (const std::uint8_t change : {0x01, 0x04, 0xff}) {
            std::string content = store;
            content[at] = static_cast<char>(static_cast<std::uint8_t>(content[at]) ^ change);
            const Head head = head_of_content(content);
            EXPECT_EQ(read_file(path_), content);
            ASSERT_NE(head, Head::kUnknown) << "a WAL was left";
            if (head == Head::kStore || head == Head::kForeign) continue;
            ++damaged;
            EXPECT_FALSE(is_used_by_sqlite(content)) << "byte " << at << " by " << int{change};
        }
    }
    // The first 16 bytes at the least.
    EXPECT_GE(damaged, 16 * 3);
}

}  // namespace
}  // namespace appcreate::test
