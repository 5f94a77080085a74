// Runs appctl on a store in a directory of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <jansson.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace clitest {

struct Result {
    int status = -1;  // exit code; 128 + n: killed by signal n
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string input = {};
    std::vector<std::string> environment = {};
    bool closed_output = false;    // nobody reads standard output
    bool full_output = false;      // standard output is a full device
    bool terminal_errors = false;  // standard error is a terminal
};

// Runs a program of its own; PATH is not searched.
Result run(const std::vector<std::string> &command, const RunOptions &options = {});

struct JsonFree {
    void operator()(json_t *value) const noexcept { json_decref(value); }
};

// A JSON document out of what was printed.
class Json {
  public:
    Json() = default;
    // Fails the test when the text is not one JSON document.
    explicit Json(const std::string &text);
    [[nodiscard]] json_t *raw() const noexcept { return value_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return json_array_size(raw()); }
    [[nodiscard]] Json at(std::size_t index) const;
    // Members; each fails the test when there is none of that type.
    [[nodiscard]] std::string text(const char *key) const;
    [[nodiscard]] long long number(const char *key) const;
    [[nodiscard]] bool boolean(const char *key) const;
    [[nodiscard]] bool is_null(const char *key) const { return json_is_null(json_object_get(raw(), key)); }
    [[nodiscard]] std::vector<std::string> texts(const char *key) const;
    [[nodiscard]] std::vector<std::string> keys() const;

  private:
    explicit Json(json_t *borrowed) : value_(json_incref(borrowed)) {}
    std::unique_ptr<json_t, JsonFree> value_;
};

class AppctlTest : public ::testing::Test {
  protected:
    AppctlTest();
    ~AppctlTest() override;

    // appctl --store URI ARGUMENTS…
    [[nodiscard]] Result appctl(const std::vector<std::string> &arguments, const RunOptions &options = {}) const;
    // The same with --json; it must exit with 0 and say nothing on stderr.
    [[nodiscard]] Json json(const std::vector<std::string> &arguments, const RunOptions &options = {}) const;
    // It must exit with `status`, print nothing, and say `message` on stderr.
    void expect_failure(int status, const std::vector<std::string> &arguments, std::string_view message,
                        const RunOptions &options = {}) const;

    // init, and an organization "acme".
    void make_organization();
    // Creates applications with these names through the C ABI; returns the answers' bodies.
    [[nodiscard]] std::vector<std::string> create_applications(const std::vector<std::string> &names) const;
    void write_file(const std::string &name, std::string_view content) const;
    [[nodiscard]] std::string file(const std::string &name) const { return (dir_ / name).string(); }

    std::filesystem::path dir_;
    std::string path_;  // of the store's file
    std::string uri_;
};

inline constexpr const char *kOwner = "507f1f77bcf86cd799439011";
inline constexpr const char *kNobody = "507f1f77bcf86cd799439099";

}  // namespace clitest
