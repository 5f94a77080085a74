// Users and ports that a test needs for itself; files are in tests/support.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "support/files.h"
#include "support/wait.h"

namespace appcreate::test {

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

}  // namespace appcreate::test
