// Files that a test needs for itself. Everything throws std::runtime_error when it fails, unless it says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace appcreate::test {

// A directory under /tmp that any user may read; removed with everything in it, unless APP_CREATE_TEST_KEEP is set.
class TempDir {
  public:
    TempDir();
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    ~TempDir();
    [[nodiscard]] const std::string &path() const { return path_; }
    // The path of a file in it.
    [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

  private:
    std::string path_;
};

// From `offset` on; empty when the file cannot be read.
std::string read_file(const std::string &path, std::size_t offset = 0);
// Makes it, or replaces its content; the file stays the same one.
void write_file(const std::string &path, std::string_view content);
void copy_file(const std::string &from, const std::string &to);
// In bytes; -1 when there is none.
std::int64_t file_size(const std::string &path);

}  // namespace appcreate::test
