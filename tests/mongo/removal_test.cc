// What is deleted is what was asked for, whatever comes in between.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "harness/store_test.h"
#include "support/files.h"
#include "support/process.h"

namespace appcreate::test {
namespace {

class RemovalTest : public MongoStoreTest {
  protected:
    void SetUp() override {
        MongoStoreTest::SetUp();
        if (IsSkipped()) return;
        proxy_ = make_proxy();
        gateway_ = std::make_unique<CoreGateway>(uri(*proxy_));
        tenant_ = admin().make_tenant();
    }
    [[nodiscard]] std::string organization() const {
        return R"("organization":{"$oid":")" + tenant_.organization + "\"}";
    }
    void rename(const Answer &answer, const std::string &slug) {
        ASSERT_TRUE(direct()
                        .command(bson(R"({"update":"applications","updates":[{"q":{"_id":{"$oid":")" + answer.id +
                                      R"("}},"u":{"$set":{"slug":")" + slug + R"("}}}]})"))
                        .ok);
    }
    // A create that was on its way for longer than the deletion waits.
    void arrive_late() {
        const std::string id = R"({"$oid":")" + ObjectId::make().hex() + R"("})";
        std::vector<Bson> documents;
        documents.push_back(bson(R"({"_id":)" + id + "," + organization() + R"(,"slug":"late","place":)" + id +
                                 R"(,"limitVersion":{"$numberLong":"1"},"request":)" + id + "}"));
        ASSERT_TRUE(direct().insert("applications", documents).ok);
    }
    std::future<std::uint64_t> start_deletion(bool with_applications) {
        return std::async(std::launch::async, [this, with_applications] {
            return gateway_->store().org_delete(tenant_.organization, with_applications);
        });
    }

    // "appctl org delete --force" with this backup must exit with `status`; returns all that it says.
    std::string delete_with(const std::filesystem::path &backup, int status) {
        const Outcome deleted = run({APPCTL, "--store", server().uri({}, database()), "org", "delete",
                                     tenant_.organization, "--force", "--backup", backup.string()});
        EXPECT_EQ(deleted.status, status) << deleted.err;
        return deleted.out + deleted.err;
    }

    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CoreGateway> gateway_;
    Tenant tenant_;
};

TEST_F(RemovalTest, WithoutLeaveNoApplicationGoesHoweverLateItCame) {
    const auto held = proxy_->hold_request("delete", "organizations");
    std::future<std::uint64_t> deletion = start_deletion(false);
    ASSERT_TRUE(proxy_->wait_hits(held));
    arrive_late();
    proxy_->release(held);
    EXPECT_EQ(deletion.get(), 0U);
    EXPECT_EQ(stored(tenant_), 1) << "it may have been acknowledged";
    std::string problems;
    EXPECT_FALSE(admin().store().check(false, [&](std::string_view row) {
        problems += row;
        return true;
    }));
    EXPECT_NE(problems.find("its organization does not exist"), std::string::npos) << problems;
}

TEST_F(RemovalTest, WithLeaveALateApplicationGoesToo) {
    EXPECT_CREATED(admin().create(tenant_));
    const auto held = proxy_->hold_request("delete", "organizations");
    std::future<std::uint64_t> deletion = start_deletion(true);
    ASSERT_TRUE(proxy_->wait_hits(held));
    arrive_late();
    proxy_->release(held);
    EXPECT_EQ(deletion.get(), 2U);
    expect_sound();
}

TEST_F(RemovalTest, TheApplicationThatGoesIsTheOneThatIsShown) {
    const Answer first = admin().create(tenant_, order("First"));
    const Answer second = admin().create(tenant_, order("Second"));
    EXPECT_CREATED(first);
    EXPECT_CREATED(second);
    const auto held = proxy_->hold_request("findAndModify", "applications");
    std::future<std::string> removed = std::async(std::launch::async, [this] {
        std::string record;
        gateway_->store().app_delete(tenant_.organization, "first", [&record](std::string_view row) {
            record = row;
            return true;
        });
        return record;
    });
    ASSERT_TRUE(proxy_->wait_hits(held));
    // Before it gets there, the slug belongs to the other one.
    rename(first, "renamed");
    rename(second, "first");
    proxy_->release(held);
    EXPECT_NE(removed.get().find(second.id), std::string::npos);
    EXPECT_TRUE(is_stored(first));
    EXPECT_FALSE(is_stored(second));
}

TEST_F(RemovalTest, WhatADumpMayLackIsNotDeleted) {
    EXPECT_CREATED(admin().create(tenant_));
    const TempDir directory;
    const std::filesystem::path dump = directory.file("dump");
    EXPECT_NE(delete_with(dump, 1).find("there is no backup"), std::string::npos);
    std::filesystem::create_directory(dump);
    write_file(dump / "applications.bson", "theirs");
    EXPECT_NE(delete_with(dump, 1).find("is enabled, so its dump may lack"), std::string::npos);
    OrganizationSpec disabled;
    disabled.enabled = false;
    admin().store().org_set(tenant_.organization, disabled, [](std::string_view) { return true; });
    const auto now = std::filesystem::file_time_type::clock::now();
    for (const auto &path : {dump / "applications.bson", dump}) {
        std::filesystem::last_write_time(path, now - std::chrono::hours(1));
    }
    EXPECT_NE(delete_with(dump, 1).find("is older than the application"), std::string::npos);
    EXPECT_EQ(stored(tenant_), 1);
    // A dump into a directory that was there.
    std::filesystem::last_write_time(dump / "applications.bson", now);
    EXPECT_NE(delete_with(dump, 0).find("applications: 1"), std::string::npos);
    EXPECT_EQ(stored(tenant_), 0);
}

}  // namespace
}  // namespace appcreate::test
