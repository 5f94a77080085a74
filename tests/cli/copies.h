// A store full of odd rows, and a look at everything that a copy carries.
#pragma once

#include <string>
#include <vector>

#include "creates.h"
#include "harness.h"

namespace appcreate::test {

class CopyTest : public AppctlTest {
  protected:
    CopyTest() : target_path_(file("copy.db")), target_("sqlite:" + target_path_) {}

    // Organizations, providers, keys and applications of every kind, some with Idempotency-Keys, in the store uri_.
    void fill();
    // appctl copy --from uri_ --to target_
    [[nodiscard]] Outcome copy(const std::vector<std::string> &more = {}, const RunOptions &options = {}) const;
    // It must do it and say nothing but its numbers.
    void expect_copied() const;
    // It must exit with 1 and say all of `messages`.
    void expect_refused(const std::vector<std::string> &messages) const;
    // Every row of a SQLite store less what is the file's own affair; two stores are the same when these are.
    [[nodiscard]] static std::string dump(const std::string &path);
    void expect_same() const { EXPECT_EQ(dump(path_), dump(target_path_)); }
    // The one value of a query.
    [[nodiscard]] static std::string query(const std::string &path, const std::string &sql);
    static void execute(const std::string &path, const std::string &sql);

    std::string target_path_;
    std::string target_;
};

// What a client sent with an Idempotency-Key in fill().
Order kept_order();

}  // namespace appcreate::test
