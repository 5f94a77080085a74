// Two SQLite stores beside the MongoDB store of a test, for copies in every direction.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "copy/copy.h"
#include "harness/store_test.h"
#include "support/files.h"
#include "support/sqlite_file.h"

namespace appcreate::test {

class MongoCopyTest : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        first_ = std::make_unique<CoreGateway>("sqlite:" + path("first.db"));
        second_ = std::make_unique<CoreGateway>("sqlite:" + path("second.db"));
        first().store().init();
    }
    // SQLite stores; the second one is not made yet. admin() is the MongoDB store.
    CoreGateway &first() { return *first_; }
    CoreGateway &second() { return *second_; }
    [[nodiscard]] std::string path(const char *name) const { return directory_.file(name); }

    static Contents copy(CoreGateway &from, CoreGateway &to) {
        const auto copied = copy_store(from.store(), to.store(), {});
        EXPECT_TRUE(copied.has_value());
        return copied.value_or(Contents{});
    }
    // What the failure of a copy says, with its status in front.
    static std::string refusal(CoreGateway &from, CoreGateway &to) {
        try {
            copy(from, to);
        } catch (const Failure &failure) {
            return std::to_string(failure.status()) + " " + failure.what();
        }
        return {};
    }
    // Everything that administration shows of a store, but for the days on which keys were used: those are a store's
    // own.
    static std::string shown(CoreGateway &gateway) {
        std::string out;
        std::vector<std::string> organizations;
        const RowSink add = [&out](std::string_view row) {
            out.append(row).append("\n");
            return true;
        };
        gateway.store().org_list([&](std::string_view row) {
            organizations.emplace_back(row.substr(7, 24));
            return add(row);
        });
        for (const std::string &organization : organizations) {
            gateway.store().provider_list(organization, add);
            gateway.store().key_list(organization, [&](std::string_view row) {
                const std::size_t day = row.find(R"("lastUsed":)");
                return add(std::string(row.substr(0, day)).append(row.substr(row.find(R"("name":)", day))));
            });
            gateway.store().app_list(organization, std::nullopt, 0, add);
        }
        return out;
    }
    // What it does not show too: hashes of tokens, kept requests, times.
    [[nodiscard]] std::string dump(const char *name) const {
        std::string out;
        for (const char *query :
             {"SELECT hex(id), slug, name, enabled, application_limit, applications, build_retention_days,"
              " builds_per_publication, created_at FROM organizations ORDER BY id",
              "SELECT hex(id), name, region, config, provider, created_at FROM providers ORDER BY id",
              "SELECT hex(digest), hex(id), hex(owner), role, permissions, revoked, expires_at, created_at FROM keys"
              " ORDER BY id",
              "SELECT hex(id), slug, created_at, typeof(data), data FROM applications ORDER BY id",
              "SELECT hex(request), hex(fingerprint), expires_at, hex(id) FROM idempotency i"
              " JOIN applications a ON a.rowid = i.application ORDER BY request"}) {
            out += sql(name, query) + "\n";
        }
        return out;
    }
    std::string sql(const char *name, const std::string &statements) const {
        return SqliteFile(path(name), SqliteFile::Mode::create).rows(statements);
    }
    Bson document(const std::string &id) {
        return std::move(direct().find("applications", bson(R"({"_id":{"$oid":")" + id + "\"}}")).at(0));
    }
    Bson organization(const Tenant &tenant) {
        return std::move(
            direct().find("organizations", bson(R"({"_id":{"$oid":")" + tenant.organization + "\"}}")).at(0));
    }
    void update(const char *collection, const std::string &id, const std::string &change) {
        const Result result =
            direct().command(bson(R"({"update":")" + std::string(collection) + R"(","updates":[{"q":{"_id":{"$oid":")" +
                                  id + R"("}},"u":)" + change + "}]}"));
        ASSERT_TRUE(result.ok) << result.message;
        EXPECT_EQ(integer_at(result.reply.get(), "n"), 1);
    }
    void remove(const std::string &application) {
        const Result result = direct().command(
            bson(R"({"delete":"applications","deletes":[{"limit":1,"q":{"_id":{"$oid":")" + application + "\"}}}]}"));
        ASSERT_TRUE(result.ok) << result.message;
        EXPECT_EQ(integer_at(result.reply.get(), "n"), 1);
    }
    // Numbers among the places of its applications, in order.
    std::vector<std::int64_t> places(const Tenant &tenant) {
        std::vector<std::int64_t> out;
        for (const Bson &one :
             direct().find("applications", bson(R"({"organization":{"$oid":")" + tenant.organization + "\"}}"))) {
            if (const auto place = integer_at(one.get(), "place")) out.push_back(*place);
        }
        std::sort(out.begin(), out.end());
        return out;
    }

  private:
    TempDir directory_;
    std::unique_ptr<CoreGateway> first_;
    std::unique_ptr<CoreGateway> second_;
};

inline std::vector<Order> same_names(std::size_t n) { return std::vector<Order>(n, order("Same name")); }

inline void expect_created(const std::vector<Answer> &answers) {
    for (const Answer &answer : answers) EXPECT_CREATED(answer);
}

}  // namespace appcreate::test
