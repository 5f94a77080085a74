// What tests of backups and restores share: a store with an organization, and a file to copy it to.
#pragma once

#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kinds.h"
#include "sqlite_support.h"

namespace appcreate::test {

class SqliteCopies : public testing::Test {
  protected:
    [[nodiscard]] const std::string &directory() const { return under_test_.directory.path(); }
    void create(Store &store, std::size_t n) const {
        const auto creates = named(org_.key, "App", n);
        write_all(store, creates);
        for (const auto &create : creates) EXPECT_EQ(code_of(*create), AC_CODE_OK);
    }
    // The ids of the organization's applications in another store file.
    [[nodiscard]] std::vector<std::string> apps_of(const std::string &path) const {
        return ids(*open_store(options_of(path)), org_);
    }
    static std::vector<std::string> ids(Store &store, const Org &org) {
        std::vector<std::string> out;
        for (const std::string &record : list_apps(store, org.slug)) {
            out.push_back(Json::parse(record).string("/id"));
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    // What lies beside file_ under names that begin with its own.
    [[nodiscard]] std::vector<std::string> side_files() const {
        std::vector<std::string> out;
        for (const auto &entry : std::filesystem::directory_iterator(directory())) {
            const std::string name = entry.path().string();
            if (name.starts_with(file_) && name != file_) out.push_back(name);
        }
        return out;
    }

    SqliteUnderTest under_test_;
    std::unique_ptr<Store> store_ = under_test_.open();
    const Org org_ = make_org(*store_);
    const std::string path_ = under_test_.path();
    const std::string file_ = directory() + "/backup.db";
};

// A file system of some hundred KiB, where the test may mount one.
class SmallDisk {
  public:
    explicit SmallDisk(const char *size = "256k") {
        mounted_ = is_root() && mount("none", path().c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) == 0;
    }
    SmallDisk(const SmallDisk &) = delete;
    SmallDisk &operator=(const SmallDisk &) = delete;
    ~SmallDisk() {
        if (mounted_) umount2(path().c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] const std::string &path() const { return directory_.path(); }

  private:
    TempDir directory_;
    bool mounted_ = false;
};

}  // namespace appcreate::test
