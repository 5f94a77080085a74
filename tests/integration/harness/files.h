// Files, users and ports that a test needs for itself.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace appcreate::harness {

// A directory under /tmp that any user may read; removed with everything in it, unless APP_CREATE_TEST_KEEP is set.
class TempDir {
  public:
    TempDir();
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    ~TempDir();
    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    std::string path_;
};

// What is there, from `offset` on; empty when the file cannot be read.
std::string read_file(const std::string &path, std::size_t offset = 0);
void write_file(const std::string &path, std::string_view content);
std::size_t file_size(const std::string &path);

// Who nginx's workers run as: another user when the test is root, itself otherwise.
struct WorkerUser {
    bool switched = false;
    std::string name;
    std::string group;
    uid_t uid = 0;
    gid_t gid = 0;
};
const WorkerUser &worker_user();

// A directory that the worker user may write.
std::string worker_directory(const std::string &path);

// A TCP port of 127.0.0.1 that is free and stays this process's until it ends.
int free_port();

std::string environment_or(const char *name, const std::string &otherwise);

// Every `from` in `text` becomes `to`.
std::string replace_all(std::string text, std::string_view from, std::string_view to);

}  // namespace appcreate::harness
