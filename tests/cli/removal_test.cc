// appctl org delete, app delete.
#include <algorithm>

#include "creates.h"
#include "harness.h"

namespace appcreate::test {
namespace {

class Removal : public AppctlTest {
  protected:
    void SetUp() override { make_organization(); }
    void expect_sound() const { EXPECT_EQ(appctl({"--json", "check"}).out, "[]\n"); }
};

TEST_F(Removal, AnApplicationGoesWithItsRequest) {
    const Order order = {R"({"name":"First App"})", "key-of-the-first"};
    const Answer made = create(uri_, "acme", {order})[0];
    ASSERT_EQ(made.status, 200);
    static_cast<void>(create_applications({"Second App"}));
    const std::string record = appctl({"--json", "app", "show", "--org", "acme", "first-app"}).out;
    const Outcome removed = appctl({"--json", "app", "delete", "--org", "acme", "first-app"});
    EXPECT_EQ(removed.status, 0) << removed.err;
    EXPECT_EQ(removed.out, record);
    expect_failure(1, {"app", "show", "--org", "acme", "first-app"}, "first-app");
    expect_failure(1, {"app", "delete", "--org", "acme", "first-app"}, "first-app");
    EXPECT_EQ(json({"app", "count", "--org", "acme"}).integer("/count"), 1);
    expect_sound();
    // The same request makes another application, and never repeats an answer about one that is gone.
    const Answer again = create(uri_, "acme", {order})[0];
    EXPECT_EQ(again.status, 200);
    EXPECT_FALSE(again.is_replay);
    EXPECT_NO_THROW(Json::parse(again.body));
    EXPECT_NE(again.body, made.body);
    expect_sound();
}

TEST_F(Removal, ARequestNeverAnswersWithAnotherApplication) {
    // The last row's number is given out again.
    const Order order = {R"({"name":"Secret"})", "key-of-the-secret"};
    ASSERT_EQ(create(uri_, "acme", {order})[0].status, 200);
    ASSERT_EQ(appctl({"app", "delete", "--org", "acme", "secret"}).status, 0);
    static_cast<void>(create_applications({"Public"}));
    const Answer again = create(uri_, "acme", {order})[0];
    EXPECT_FALSE(again.is_replay) << again.body;
    EXPECT_NE(again.body.find("\"secret\""), std::string::npos) << again.body;
}

TEST_F(Removal, ItsPlaceIsFree) {
    EXPECT_EQ(appctl({"org", "set", "acme", "--limit", "2"}).status, 0);
    static_cast<void>(create_applications({"One", "Two"}));
    EXPECT_EQ(create(uri_, "acme", {{R"({"name":"Three"})"}})[0].code, 5017);
    EXPECT_EQ(appctl({"app", "delete", "--org", "acme", "one"}).status, 0);
    EXPECT_EQ(create(uri_, "acme", {{R"({"name":"Three"})"}})[0].status, 200);
    EXPECT_EQ(create(uri_, "acme", {{R"({"name":"Four"})"}})[0].code, 5017);
    expect_sound();
}

TEST_F(Removal, AnotherOrganizationsApplicationStays) {
    static_cast<void>(create_applications({"One"}));
    EXPECT_EQ(appctl({"org", "create", "--name", "B", "--slug", "bee"}).status, 0);
    expect_failure(1, {"app", "delete", "--org", "bee", "one"}, "one");
    EXPECT_EQ(json({"app", "count", "--org", "acme"}).integer("/count"), 1);
}

TEST_F(Removal, AnEmptyOrganizationGoesWithAllThatItHas) {
    const std::string id = json({"org", "show", "acme"}).string("/id");
    EXPECT_EQ(appctl({"key", "create", "--org", "acme", "--owner", kOwner}).status, 0);
    EXPECT_EQ(
        appctl({"provider", "create", "--org", "acme", "--name", "n", "--provider", "s3", "--region", "", "--default"})
            .status,
        0);
    const Outcome removed = appctl({"--json", "org", "delete", "acme"});
    EXPECT_EQ(removed.out, R"({"id":")" + id + R"(","deleted":true,"applications":0})" + "\n") << removed.err;
    expect_failure(1, {"org", "show", "acme"}, "acme");
    expect_failure(1, {"org", "delete", "acme"}, "acme");
    EXPECT_EQ(json({"org", "list"}).size(), 0U);
    expect_sound();
    // What had the same slug has nothing of it.
    make_organization();
    EXPECT_EQ(json({"key", "list", "--org", "acme"}).size(), 0U);
    EXPECT_EQ(json({"provider", "list", "--org", "acme"}).size(), 0U);
}

TEST_F(Removal, OneWithApplicationsStays) {
    static_cast<void>(create_applications({"One"}));
    expect_failure(1, {"org", "delete", "acme"}, "has 1 application; ");
    const std::string backup = file("before.db");
    expect_failure(2, {"org", "delete", "acme", "--force"}, "--backup FILE");
    expect_failure(2, {"org", "delete", "acme", "--backup", backup}, "--force");
    const Json org = json({"org", "show", "acme"});
    EXPECT_TRUE(org.boolean("/enabled"));
    EXPECT_EQ(org.integer("/applications"), 1);
    EXPECT_FALSE(std::filesystem::exists(backup));
}

TEST_F(Removal, OneWithApplicationsGoesAfterABackup) {
    std::vector<Order> orders;
    for (int i = 0; i < 2500; ++i) orders.push_back({R"({"name":"App"})", i % 100 == 0 ? "k" + std::to_string(i) : ""});
    for (const Answer &answer : create(uri_, "acme", orders)) ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(appctl({"org", "create", "--name", "B", "--slug", "bee"}).status, 0);
    for (const Answer &answer : create(uri_, "bee", {{R"({"name":"Stays"})", "stays"}})) ASSERT_EQ(answer.status, 200);
    const std::string backup = file("before.db");
    // A file that is there is no backup of now.
    write_file("before.db", "theirs");
    EXPECT_EQ(appctl({"org", "delete", "acme", "--force", "--backup", backup}).status, 1);
    EXPECT_EQ(json({"app", "count", "--org", "acme"}).integer("/count"), 2500);
    EXPECT_TRUE(json({"org", "show", "acme"}).boolean("/enabled"));
    std::filesystem::remove(backup);

    EXPECT_EQ(json({"org", "delete", "acme", "--force", "--backup", backup}).integer("/applications"), 2500);
    expect_failure(1, {"org", "show", "acme"}, "acme");
    expect_sound();
    EXPECT_EQ(json({"app", "count", "--org", "bee"}).integer("/count"), 1);
    EXPECT_TRUE(create(uri_, "bee", {{R"({"name":"Stays"})", "stays"}})[0].is_replay);
    uri_ = "sqlite:" + backup;
    EXPECT_EQ(json({"app", "count", "--org", "acme"}).integer("/count"), 2500);
    // Nothing was created behind the backup: it was disabled before.
    EXPECT_FALSE(json({"org", "show", "acme"}).boolean("/enabled"));
}

TEST_F(Removal, OneThatWasDisabledStaysSoWhenItsBackupFails) {
    static_cast<void>(create_applications({"One"}));
    EXPECT_EQ(appctl({"org", "disable", "acme"}).status, 0);
    write_file("before.db", "theirs");
    EXPECT_EQ(appctl({"org", "delete", "acme", "--force", "--backup", file("before.db")}).status, 1);
    EXPECT_FALSE(json({"org", "show", "acme"}).boolean("/enabled"));
}

}  // namespace
}  // namespace appcreate::test
