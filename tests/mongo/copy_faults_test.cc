// Copies that meet faults of the network, conflicts and limits of the database; and sharding.
#include <gtest/gtest.h>

#include <mutex>

#include "harness/copies.h"
#include "harness/presets.h"
#include "harness/replica_set.h"

namespace appcreate::test {
namespace {

class CopyFaults : public MongoCopyTest {
  protected:
    void SetUp() override {
        MongoCopyTest::SetUp();
        if (IsSkipped()) return;
        tenant_ = first().make_tenant(40);
        std::vector<Order> orders = same_names(30);
        for (int i = 0; i < 5; ++i) orders.push_back(order("Kept", "key-" + std::to_string(i)));
        answers_ = first().create_all(tenant_, orders);
        expect_created(answers_);
        ProviderSpec spec;
        spec.org = tenant_.organization;
        spec.name = "Store";
        spec.provider = "s3";
        spec.is_default = true;
        first().store().provider_create(spec, [](std::string_view) { return true; });
        proxy_ = make_proxy();
        target_ = std::make_unique<CoreGateway>(uri(*proxy_));
    }
    const Tenant &tenant() { return tenant_; }
    const std::vector<Answer> &answers() { return answers_; }
    FaultProxy &proxy() { return *proxy_; }
    // The MongoDB store behind the proxy.
    CoreGateway &target() { return *target_; }

    void expect_whole() {
        EXPECT_EQ(shown(admin()), shown(first()));
        ASSERT_EQ(places(tenant()).size(), 35U);
        EXPECT_LE(places(tenant()).back(), 40);
        for (std::size_t i = 30; i < answers().size(); ++i) {
            const Answer again = admin().create(tenant(), order("Kept", "key-" + std::to_string(i - 30)));
            EXPECT_TRUE(again.is_replay) << again;
            EXPECT_EQ(again.body, answers()[i].body);
        }
        expect_sound();
    }

  private:
    Tenant tenant_;
    std::vector<Answer> answers_;
    std::unique_ptr<FaultProxy> proxy_;
    std::unique_ptr<CoreGateway> target_;
};

// Guards: asking again. What went in is met again.
TEST_F(CopyFaults, AReplyThatIsLostIsAskedForAgain) {
    const auto inserted = proxy().lose_reply("insert", "applications");
    const auto updated = proxy().lose_reply("update", "applications");
    const auto keys = proxy().lose_reply("insert", "apiKeys");
    copy(first(), target());
    EXPECT_EQ(proxy().hits(inserted), 1);
    EXPECT_EQ(proxy().hits(updated), 1);
    EXPECT_EQ(proxy().hits(keys), 1);
    expect_whole();
}

TEST_F(CopyFaults, ARequestThatIsLostIsSentAgain) {
    const auto cut = proxy().cut_request("insert", "applications");
    const auto read = proxy().cut_request("find", "storageProviders");
    copy(first(), target());
    EXPECT_EQ(proxy().hits(cut), 1);
    EXPECT_EQ(proxy().hits(read), 1);
    expect_whole();
}

// Guards: that only duplicates count as "it is there".
TEST_F(CopyFaults, WhatNoMajorityHasIsNotThere) {
    const auto failed = proxy().add({.command = "insert",
                                     .collection = "applications",
                                     .side = Side::kReply,
                                     .fault = Fault::kChange,
                                     .change = write_concern_failed});
    copy(first(), target());
    EXPECT_EQ(proxy().hits(failed), 1);
    const std::vector<std::string> sent = proxy().commands();
    EXPECT_GE(std::count(sent.begin(), sent.end(), "find applications"), 4)
        << "before the insert, after its failure, and for the requests";
    expect_whole();
}

TEST_F(CopyFaults, APartOfAPage) {
    proxy().add(
        {.command = "insert", .collection = "applications", .fault = Fault::kChange, .change = first_documents(7)});
    proxy().lose_reply("insert", "applications");
    copy(first(), target());
    expect_whole();
}

TEST_F(CopyFaults, AnotherMemberTakesOver) {
    ReplicaSet set(server().port());
    CoreGateway gateway(set.uri({}, database()));
    int calls = 0;
    const auto copied = copy_store(first().store(), gateway.store(), [&](std::uint64_t, std::uint64_t) {
        if (++calls == 2) set.elect(1);
        return true;
    });
    EXPECT_TRUE(copied.has_value());
    EXPECT_GE(set.member(1).count("insert"), 1);
    expect_whole();
}

TEST_F(CopyFaults, AServerThatCannotBeReachedIsSaidAtOnce) {
    CoreGateway nowhere("mongodb://127.0.0.1:1/apps", 2'000);
    EXPECT_NE(refusal(first(), nowhere).find("127.0.0.1"), std::string::npos);
    EXPECT_NE(refusal(nowhere, second()).find("127.0.0.1"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(path("second.db"))) << "a target is made for a source that there is";
}

class CopyConflicts : public CopyFaults {
  protected:
    void SetUp() override {
        CopyFaults::SetUp();
        if (!IsSkipped()) copy(first(), admin());
    }
    void expect_refused(const std::string &message) {
        const std::string said = refusal(first(), admin());
        EXPECT_TRUE(said.starts_with(std::to_string(AC_EEXISTS) + " store \"")) << said;
        EXPECT_NE(said.find(message), std::string::npos) << said;
    }
    std::string query(const std::string &statement) {
        std::string out = sql("first.db", statement);
        return out.substr(0, out.find('\n'));
    }
};

TEST_F(CopyConflicts, Organizations) {
    update("organizations", tenant().organization, R"({"$set":{"maxBillingBuildRetentionDays":{"$numberLong":"7"}}})");
    expect_refused("the organization " + tenant().organization +
                   " is there with another number of build retention days");
    update("organizations", tenant().organization,
           R"({"$set":{"maxBillingBuildRetentionDays":{"$numberLong":"0"},"defaultStorageProvider":{"$oid":")" +
               tenant().organization + R"("}}})");
    expect_refused("another default storage provider");
}

TEST_F(CopyConflicts, SlugsOfOrganizations) {
    const std::string slug = query("SELECT slug FROM organizations");
    update("organizations", tenant().organization, R"({"$set":{"slug":"moved"}})");
    OrganizationSpec spec;
    spec.name = "Other";
    spec.slug = slug;
    admin().store().org_create(spec, [](std::string_view) { return true; });
    sql("first.db", "UPDATE organizations SET id = x'0000000000000000000000aa'");
    expect_refused("the slug \"" + slug + "\" of the organization 0000000000000000000000aa belongs to");
}

TEST_F(CopyConflicts, Providers) {
    const std::string id = query("SELECT lower(hex(id)) FROM providers");
    update("storageProviders", id, R"({"$set":{"config":{"a":1}}})");
    expect_refused("the storage provider " + id + " is there with another config");
    admin().store().provider_delete(tenant().organization, *ObjectId::parse(id));
    copy(first(), admin());
    EXPECT_EQ(shown(admin()), shown(first()));
}

TEST_F(CopyConflicts, Keys) {
    const std::string id = query("SELECT lower(hex(id)) FROM keys");
    update("apiKeys", id, R"({"$set":{"revoked":true}})");
    expect_refused("the key " + id + " is revoked there only");
    sql("first.db", "UPDATE keys SET id = x'0000000000000000000000aa'");
    expect_refused("the token of the key 0000000000000000000000aa belongs to the key " + id);
}

TEST_F(CopyConflicts, Records) {
    const std::string id = answers()[3].id;
    update("applications", id, R"({"$set":{"metadata":{"changed":true}}})");
    expect_refused("the application " + id + " is there with another record");
    update("applications", id, R"({"$set":{"metadata":{}}})");
    EXPECT_EQ(refusal(first(), admin()), "");
}

TEST_F(CopyConflicts, SlugsOfApplications) {
    const Answer there = admin().create(tenant(), order("Somebody else's"));
    ASSERT_EQ(there.status, 200);
    const Answer here = first().create(tenant(), order("Somebody else's"));
    expect_refused("the slug \"somebody-elses\" of the application " + here.id + " belongs to the application " +
                   there.id);
}

TEST_F(CopyConflicts, RequestsThatMadeSomethingElse) {
    const Answer there = admin().create(tenant(), order("There", "retry"));
    const Answer here = first().create(tenant(), order("Here", "retry"));
    ASSERT_EQ(here.status, 200);
    expect_refused("the Idempotency-Key that made the application " + here.id + " has made the application " +
                   there.id);
}

// Guards: making room for a request that was used again after a day.
TEST_F(CopyConflicts, RequestsThatHaveExpired) {
    update("applications", answers()[30].id, R"({"$set":{"keptUntil":{"$date":{"$numberLong":"1000"}}}})");
    sql("first.db",
        "UPDATE idempotency SET expires_at = 1 WHERE application ="
        " (SELECT rowid FROM applications WHERE lower(hex(id)) = '" +
            answers()[30].id + "')");
    const Answer again = first().create(tenant(), order("Kept", "key-0"));
    ASSERT_EQ(again.status, 200);
    EXPECT_FALSE(again.is_replay);
    copy(first(), admin());
    EXPECT_EQ(shown(admin()), shown(first()));
    EXPECT_EQ(admin().create(tenant(), order("Kept", "key-0")).body, again.body);
    expect_sound();
}

TEST_F(CopyConflicts, NumbersThatDiffer) {
    EXPECT_CREATED(admin().create(tenant(), order("Made there")));
    const std::string said = refusal(first(), admin());
    EXPECT_TRUE(said.starts_with(std::to_string(AC_ECHECK) + " the organization ")) << said;
    EXPECT_NE(said.find("has 35 applications in store"), std::string::npos) << said;
}

class CopyLimits : public MongoCopyTest {};

// A member alone, with the type of its value.
std::string member(const bson_iter_t &at) {
    Bson out(bson_new());
    bson_append_iter(out.get(), nullptr, -1, &at);
    char *text = bson_as_canonical_extended_json(out.get(), nullptr);
    std::string canonical(text);
    bson_free(text);
    return canonical;
}

TEST_F(CopyLimits, ARecordThatNoDocumentHolds) {
    const Tenant tenant = first().make_tenant();
    std::string numbers = "1";
    for (int i = 0; i < 1'500'000; ++i) numbers += ",1";
    const Answer large = first().create(tenant, {R"({"name":"Large","metadata":{"n":[)" + numbers + "]}}"});
    ASSERT_EQ(large.status, 200) << large;
    const std::string said = refusal(first(), admin());
    EXPECT_NE(said.find("the application " + large.id + " is larger than a document can be"), std::string::npos)
        << said;
}

TEST_F(CopyLimits, AnAnswerThatDoesNotFitBesideItsRecord) {
    const Tenant tenant = first().make_tenant();
    const Answer large = first().create(
        tenant, {R"({"name":"Large","metadata":{"x":")" + std::string(9'000'000, 'x') + R"("}})", "key"});
    ASSERT_EQ(large.status, 200) << large;
    const std::string said = refusal(first(), admin());
    EXPECT_NE(said.find("the application " + large.id), std::string::npos) << said;
    EXPECT_NE(said.find("repeat the copy after 20"), std::string::npos) << said;
    sql("first.db", "UPDATE idempotency SET expires_at = 1");
    EXPECT_EQ(refusal(first(), admin()), "");
    EXPECT_EQ(shown(admin()), shown(first()));
}

// Guards: comparing what would come back before it goes in. Numbers that neither BSON nor the API has, of another
// program.
TEST_F(CopyLimits, WhatWouldNotComeBackTheSame) {
    const Tenant tenant = first().make_tenant();
    const Answer made = first().create(tenant, {R"({"name":"Exact","metadata":{"r":1.5}})"});
    ASSERT_EQ(made.status, 200) << made;
    ProviderSpec spec;
    spec.org = tenant.organization;
    spec.name = "Store";
    spec.provider = "s3";
    spec.config = R"({"r":1.5})";
    first().store().provider_create(spec, [](std::string_view) { return true; });
    for (const std::string number : {"9223372036854775808", "1e999", "1e-999"}) {
        sql("first.db", "UPDATE providers SET config = '{\"r\":" + number + "}'");
        const std::string config = refusal(first(), admin());
        EXPECT_TRUE(config.starts_with(std::to_string(AC_ECHECK) + " the storage provider ")) << number << config;
    }
    sql("first.db", "DELETE FROM providers");
    for (const std::string number : {"9223372036854775808", "1e999", "1e-999"}) {
        sql("first.db", "UPDATE applications SET data = replace('" + made.body + "', '1.5', '" + number + "')");
        const std::string record = refusal(first(), admin());
        EXPECT_TRUE(record.starts_with(std::to_string(AC_ECHECK) + " the application " + made.id)) << number << record;
    }
    EXPECT_EQ(direct().count("applications"), 0);
}

// What an older version spelled in another way says the same: it arrives, value for value.
TEST_F(CopyLimits, AnotherSpellingOfARealArrives) {
    const Tenant tenant = first().make_tenant();
    const Answer made = first().create(tenant, {R"({"name":"Exact","metadata":{"r":1.5}})"});
    ASSERT_EQ(made.status, 200) << made;
    ProviderSpec spec;
    spec.org = tenant.organization;
    spec.name = "Store";
    spec.provider = "s3";
    spec.config = R"({"r":1.5})";
    first().store().provider_create(spec, [](std::string_view) { return true; });
    const std::string today = shown(first());
    sql("first.db",
        "UPDATE applications SET data = replace(data, '\"r\":1.5', '\"r\":1.5E0');"
        " UPDATE providers SET config = '{\"r\": 1.5E0}'");
    EXPECT_EQ(refusal(first(), admin()), "");
    EXPECT_EQ(shown(admin()), today);
}

// Guards: JSON that would say something else than the database. Another program's values, anywhere in a record.
TEST_F(CopyLimits, WhatJsonDoesNotHaveIsNamed) {
    const Tenant tenant = admin().make_tenant();
    const Answer made = admin().create(tenant, order("Typed"));
    struct {
        const char *value, *says;
    } const cases[] = {
        {R"({"$numberDouble":"NaN"})", "no number"},
        {R"({"$numberDouble":"-Infinity"})", "no number"},
        {R"({"$binary":{"base64":"AAEC","subType":"00"}})", "binary"},
        {R"({"$regularExpression":{"pattern":"a","options":""}})", "regex"},
        {R"({"$timestamp":{"t":1,"i":2}})", "timestamp"},
        {R"({"$numberDecimal":"1.5"})", "decimal"},
        {R"({"$minKey":1})", "minKey"},
        {R"({"$date":{"$numberLong":"999999999999999"}})", "date"},
    };
    for (const auto &one : cases) {
        for (const char *place : {R"({"$set":{"theirs":%}})", R"({"$set":{"metadata":{"a":[{"b":%}]}}})"}) {
            std::string change = place;
            change.replace(change.find('%'), 1, one.value);
            update("applications", made.id, change);
            const std::string said = refusal(admin(), second());
            EXPECT_TRUE(said.starts_with(std::to_string(AC_ECHECK) + " the application " + made.id)) << said;
            EXPECT_NE(said.find(one.says), std::string::npos) << said;
            EXPECT_EQ(second().store().app_count(tenant.organization), 0U);
            update("applications", made.id, R"({"$unset":{"theirs":""},"$set":{"metadata":{}}})");
        }
    }
    copy(admin(), second());
    EXPECT_EQ(shown(second()), shown(admin()));
}

TEST_F(CopyLimits, AProviderThatJsonDoesNotHaveIsNamed) {
    const Tenant tenant = admin().make_tenant();
    ProviderSpec spec;
    spec.org = tenant.organization;
    spec.name = "Store";
    spec.provider = "s3";
    spec.id = ObjectId::make();
    admin().store().provider_create(spec, [](std::string_view) { return true; });
    update("storageProviders", spec.id->hex(), R"({"$set":{"config":{"a":{"$numberDouble":"Infinity"}}}})");
    const std::string said = refusal(admin(), second());
    EXPECT_TRUE(said.starts_with(std::to_string(AC_ECHECK) + " the storage provider " + spec.id->hex())) << said;
}

// Guards: types that JSON does not have, in members that other programs put there.
TEST_F(CopyLimits, BetweenDatabasesTypesStay) {
    const Tenant tenant = admin().make_tenant(5);
    const Answer made = admin().create(tenant, order("Typed", "key"));
    update("applications", made.id,
           R"({"$set":{"lastBuildProcessedDate":{"$date":{"$numberLong":"1700000000000"}},
               "theirs":{"when":{"$date":{"$numberLong":"1"}},"id":{"$oid":"507f1f77bcf86cd799439011"},"n":7,
                         "none":{"$numberDouble":"NaN"},"b":{"$binary":{"base64":"AAEC","subType":"00"}}}}})");
    MongoClient other(server().uri(), database() + "-2");
    CoreGateway target(server().uri({}, database() + "-2"));
    copy(admin(), target);
    const Bson here = document(made.id);
    const Bson there = std::move(other.find("applications").at(0));
    for (const char *key : {"lastBuildProcessedDate", "theirs", "createdAt", "organization", "request", "keptUntil"}) {
        bson_iter_t a;
        bson_iter_t b;
        ASSERT_TRUE(bson_iter_init_find(&a, here.get(), key)) << key;
        ASSERT_TRUE(bson_iter_init_find(&b, there.get(), key)) << key;
        EXPECT_EQ(member(a), member(b)) << key;
    }
    EXPECT_EQ(target.create(tenant, order("Typed", "key")).body, made.body);
    EXPECT_EQ(shown(target), shown(admin()));
}

class Sharding : public MongoStoreTest {
  protected:
    // What the server would have been asked, in extended JSON.
    FaultProxy::RuleId answer(FaultProxy &proxy, const char *command, Bson reply) {
        return proxy.add({.command = command,
                          .fault = Fault::kAnswer,
                          .change = [this, said = std::make_shared<Bson>(std::move(reply))](const Bson &asked) {
                              const std::lock_guard lock(mutex_);
                              asked_.push_back(json(asked.get()));
                              return copy(said->get());
                          }});
    }
    std::vector<std::string> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> asked_;
};

TEST_F(Sharding, TheCommandsAreSentToAMongos) {
    const auto proxy = make_proxy();
    pose_as_mongos(*proxy);
    const auto enabled = answer(*proxy, "enableSharding", std::move(Reply::ok().document));
    const auto sharded = answer(*proxy, "shardCollection", std::move(Reply::ok().document));
    CoreGateway gateway(uri(*proxy));
    gateway.store().shard();
    EXPECT_EQ(proxy->hits(enabled), 1);
    EXPECT_EQ(proxy->hits(sharded), 1);
    const std::vector<std::string> commands = asked();
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_NE(commands[0].find("\"enableSharding\" : \"" + database() + "\""), std::string::npos) << commands[0];
    EXPECT_NE(commands[0].find("\"$db\" : \"admin\""), std::string::npos) << commands[0];
    EXPECT_NE(commands[1].find("\"shardCollection\" : \"" + database() + ".applications\""), std::string::npos)
        << commands[1];
    EXPECT_NE(commands[1].find("\"key\" : { \"organization\" : 1 }"), std::string::npos) << commands[1];
}

std::string refusal_of_shard(CoreGateway &gateway) {
    try {
        gateway.store().shard();
    } catch (const Failure &failure) {
        return failure.what();
    }
    return {};
}

TEST_F(Sharding, AServerThatIsNoMongosSaysSo) {
    EXPECT_NE(refusal_of_shard(admin()).find("name the mongos of a sharded cluster"), std::string::npos)
        << refusal_of_shard(admin());
}

TEST_F(Sharding, AUserWhoMayNotSaysSo) {
    const auto proxy = make_proxy();
    answer(*proxy, "enableSharding", std::move(Reply::error(13, "Unauthorized", "not authorized on admin").document));
    CoreGateway gateway(uri(*proxy));
    EXPECT_NE(refusal_of_shard(gateway).find("clusterManager"), std::string::npos);
}

}  // namespace
}  // namespace appcreate::test
