// Runs appctl on a store in a directory of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/files.h"
#include "support/json.h"
#include "support/process.h"
#include "support/wait.h"

namespace appcreate::test {

class AppctlTest : public ::testing::Test {
  protected:
    // appctl --store URI ARGUMENTS…
    [[nodiscard]] Outcome appctl(const std::vector<std::string> &arguments, const RunOptions &options = {}) const;
    // The same with --json; it must exit with 0 and say nothing on stderr.
    [[nodiscard]] Json json(const std::vector<std::string> &arguments, const RunOptions &options = {}) const;
    // It must exit with `status`, print nothing, and say `message` on stderr.
    void expect_failure(int status, const std::vector<std::string> &arguments, std::string_view message,
                        const RunOptions &options = {}) const;

    // init, and an organization "acme".
    void make_organization();
    // Creates applications with these names through the C ABI; returns the answers' bodies.
    [[nodiscard]] std::vector<std::string> create_applications(const std::vector<std::string> &names) const;
    void write_file(const std::string &name, std::string_view content) const { test::write_file(file(name), content); }
    [[nodiscard]] std::string file(std::string_view name) const { return directory_.file(name); }

    const TempDir directory_;
    const std::filesystem::path dir_ = directory_.path();
    std::string path_ = file("apps.db");  // of the store's file
    std::string uri_ = "sqlite:" + path_;
};

inline constexpr const char *kOwner = "507f1f77bcf86cd799439011";
inline constexpr const char *kNobody = "507f1f77bcf86cd799439099";

}  // namespace appcreate::test
