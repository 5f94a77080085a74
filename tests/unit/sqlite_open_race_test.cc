// Names that come to stand for other files while SQLite opens them: what is open must be what the names are compared
// with from then on.
#include <sqlite3.h>

#include <functional>
#include <string>
#include <utility>

#include "sqlite_replaced.h"

namespace appcreate::test {
namespace {

// The default VFS, which calls `opened` once, when the database has been opened.
class OpeningVfs {
  public:
    OpeningVfs(std::string database, std::function<void()> then) {
        inner = sqlite3_vfs_find(nullptr);
        path = std::move(database);
        opened = std::move(then);
        vfs = *inner;
        vfs.zName = "opening";
        vfs.xOpen = open;
        vfs.pNext = nullptr;
        sqlite3_vfs_register(&vfs, 1);
    }
    OpeningVfs(const OpeningVfs &) = delete;
    OpeningVfs &operator=(const OpeningVfs &) = delete;
    // Connections that were opened by it go on with it.
    ~OpeningVfs() {
        sqlite3_vfs_unregister(&vfs);
        sqlite3_vfs_register(inner, 1);
    }

  private:
    static int open(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *out) {
        const int result = inner->xOpen(inner, name, file, flags, out);
        if (result == SQLITE_OK && name != nullptr && path == name && opened) std::exchange(opened, nullptr)();
        return result;
    }

    static inline sqlite3_vfs vfs;
    static inline sqlite3_vfs *inner = nullptr;
    static inline std::string path;
    static inline std::function<void()> opened;
};

class SqliteOpenRace : public SqliteReplaced {
  protected:
    // How many applications those who serve see.
    std::size_t served() { return list_apps(*first_, org_.slug).size(); }
};

// A backup was put there at that moment: creates would go to the file that was there before, and be lost with it.
TEST_F(SqliteOpenRace, FileThatIsReplacedWhileItIsOpenedIsOpenedAnew) {
    create_many(6);
    const std::string saved = backup();
    create_many(6);
    stop();
    start();
    bool replaced = false;
    const OpeningVfs vfs(path_, [&] {
        fs::rename(path_, path_ + ".away");
        fs::rename(saved, path_);
        replaced = true;
    });
    EXPECT_EQ(served(), saved_);
    EXPECT_TRUE(replaced);
    acknowledged_ = saved_;
    expect_recovery();
    expect_nothing_lost();
    EXPECT_EQ(list_apps(*tool(), org_.slug).size(), acknowledged_);
}

}  // namespace
}  // namespace appcreate::test
