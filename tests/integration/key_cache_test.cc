// Authenticated keys, shared by workers (docs/directives.md, "app_create_key_cache"; docs/architecture.md,
// "Key cache and look-ups").
#include <chrono>
#include <ctime>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

std::string in_two_seconds() {
    const std::time_t time = std::time(nullptr) + 2;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

// A cache that forgets nothing by time, and one that forgets soon.
template <bool kLong>
class CacheSuite : public OverWorkers<CacheSuite<kLong>> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.key_cache = kLong ? "app_create_key_cache zone=keys:32k valid=1h invalid=1h;"
                                  : "app_create_key_cache zone=keys:32k valid=1s invalid=1s;";
        options.location = "add_header X-Cache $app_create_cache always;";
        return options;
    }

  protected:
    Response create(const Key &key) {
        return client_.send(Gateway::request(this->gateway().organization(), key, R"({"name":"K"})"));
    }

  private:
    Client client_ = this->gateway().client();
};
using KeyCacheLong = CacheSuite<true>;
using KeyCacheShort = CacheSuite<false>;
INSTANTIATE_TEST_SUITE_P(Workers, KeyCacheLong, kWorkers, workers_name);
INSTANTIATE_TEST_SUITE_P(Workers, KeyCacheShort, kWorkers, workers_name);

TEST_P(KeyCacheLong, IsFilledByOneWorkerForAll) {
    const Key key = gateway().store().key(gateway().organization());
    EXPECT_EQ(create(key).header("X-Cache"), "MISS");
    for (int i = 0; i < 20; ++i) {
        // A new connection may come to another worker.
        Client client = gateway().client();
        EXPECT_EQ(client.send(Gateway::request(gateway().organization(), key, R"({"name":"K"})")).header("X-Cache"),
                  "HIT");
    }
}

TEST_P(KeyCacheLong, IsKeptByAReload) {
    const Key key = gateway().store().key(gateway().organization());
    EXPECT_EQ(create(key).header("X-Cache"), "MISS");
    gateway().nginx().reload();
    Client client = gateway().client();
    EXPECT_EQ(client.send(Gateway::request(gateway().organization(), key, R"({"name":"K"})")).header("X-Cache"), "HIT");
}

TEST_P(KeyCacheLong, UnknownTokensDoNotEvictKeys) {
    const Key key = gateway().store().key(gateway().organization());
    expect_created(create(key));
    for (int i = 0; i < 3000; ++i) {
        EXPECT_EQ(create({"", "unknown-token-number-" + std::to_string(i), ""}).status, 401);
    }
    EXPECT_EQ(create(key).header("X-Cache"), "HIT");
}

TEST_P(KeyCacheLong, MoreKeysThanItHoldsAllWork) {
    std::vector<Key> keys;
    for (int i = 0; i < 150; ++i) {
        keys.push_back(gateway().store().key(gateway().organization()));
    }
    for (int round = 0; round < 2; ++round) {
        for (const Key &key : keys) {
            expect_created(create(key));
        }
    }
}

TEST_P(KeyCacheLong, ExpiryCountsAlsoWhileCached) {
    const Key key = gateway().store().key(gateway().organization(), {"--expires", in_two_seconds()});
    create(key);
    EXPECT_TRUE(eventually([&] { return create(key).status == 401; }));
    expect_unauthorized(create(key));
}

// Each on connections of its own, so that every worker answers some.
bool all_answer(Gateway &gateway, const Request &request, int status) {
    for (int i = 0; i < 20; ++i) {
        if (gateway.client().send(request).status != status) return false;
    }
    return true;
}

// Its time would be an hour.
TEST_P(KeyCacheLong, RevokedKeyStopsAtOnceInAllWorkers) {
    const Key key = gateway().store().key(gateway().organization());
    const Key other = gateway().store().key(gateway().organization());
    // Nothing of it reaches the store, which therefore tells of no change by the way.
    const Request request = Gateway::request(gateway().organization(), key, "{}");
    ASSERT_TRUE(all_answer(gateway(), request, 400));
    ASSERT_TRUE(all_answer(gateway(), Gateway::request(gateway().organization(), other, "{}"), 400));
    gateway().store().tell({"key", "revoke", key.id});
    EXPECT_TRUE(eventually([&] { return all_answer(gateway(), request, 401); }));
    gateway().nginx().reload();
    EXPECT_TRUE(all_answer(gateway(), request, 401));
    // The others were asked for once more, and are cached again.
    EXPECT_EQ(create(other).status, 200);
    EXPECT_EQ(create(other).header("X-Cache"), "HIT");
}

TEST_P(KeyCacheLong, RotatedKeyStopsAtOnceInAllWorkers) {
    const Key key = gateway().store().key(gateway().organization());
    const Request request = Gateway::request(gateway().organization(), key, "{}");
    ASSERT_TRUE(all_answer(gateway(), request, 400));
    gateway().store().tell({"key", "rotate", key.id, "--overlap", "0"});
    EXPECT_TRUE(eventually([&] { return all_answer(gateway(), request, 401); }));
}

TEST_P(KeyCacheLong, OrganizationIsDisabledAtOnceInAllWorkers) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const Request request = Gateway::request(org, key, "{}");
    ASSERT_TRUE(all_answer(gateway(), request, 400));
    gateway().store().tell({"org", "disable", org.id});
    EXPECT_TRUE(eventually([&] { return all_answer(gateway(), request, 404); }));
}

TEST_P(KeyCacheShort, RevokedKeyStopsAfterValid) {
    const Key key = gateway().store().key(gateway().organization());
    expect_created(create(key));
    gateway().store().tell({"key", "revoke", key.id});
    EXPECT_TRUE(eventually([&] { return create(key).status == 401; }));
    expect_unauthorized(create(key));
}

TEST_P(KeyCacheShort, ChangesOfTheOrganizationAreSeen) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const Request request = Gateway::request(org, key, R"({"name":"K"})");
    expect_created(gateway().client().send(request));
    gateway().store().tell({"org", "disable", org.id});
    // On MongoDB each worker knows an organization by itself, for a second.
    const auto known_to_all = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
    EXPECT_TRUE(eventually([&] {
        const bool is_refused = gateway().client().send(request).status == 404;
        return is_refused && std::chrono::steady_clock::now() > known_to_all;
    }));
    for (int i = 0; i < 10; ++i) expect_not_found(gateway().client().send(request));
    gateway().store().tell({"org", "enable", org.id});
    EXPECT_TRUE(eventually([&] { return gateway().client().send(request).status == 200; }));
}

TEST_P(KeyCacheShort, TokenRegisteredLaterIsSeen) {
    const std::string token = "a-token-that-is-registered-later-" + std::to_string(GetParam());
    expect_unauthorized(create({"", token, ""}));
    const Key key = gateway().store().key_with_token(gateway().organization(), token);
    EXPECT_TRUE(eventually([&] { return create(key).status == 200; }));
}

class KeyCacheInUse : public OverWorkers<KeyCacheInUse> {
  public:
    static constexpr std::chrono::seconds kValid{2};
    static GatewayOptions options() {
        GatewayOptions options;
        options.key_cache = "app_create_key_cache zone=keys:1m valid=2s;";
        options.location = "add_header X-Cache $app_create_cache always;";
        return options;
    }
};
INSTANTIATE_TEST_SUITE_P(Workers, KeyCacheInUse, kWorkers, workers_name);

// Its time would be over for everybody at once: it is asked for again before, by one, while the others go on.
TEST_P(KeyCacheInUse, IsRefreshedBeforeItsTimeIsOver) {
    Client client = gateway().client();
    const auto cache = [&] { return client.send(gateway().request("{}")).header("X-Cache"); };
    EXPECT_EQ(cache(), "MISS");
    // A machine that stands still for half a second may miss the time to ask: then once more from there.
    EXPECT_TRUE(eventually(
        [&] {
            const auto looked_up = std::chrono::steady_clock::now();
            while (std::chrono::steady_clock::now() < looked_up + kValid + std::chrono::milliseconds(100)) {
                if (cache() != "HIT") {
                    return false;
                }
            }
            return true;
        },
        std::chrono::seconds(30)))
        << "it expires though it is in use";
}

TEST_P(KeyCacheInUse, RevokedOneStopsAllTheSame) {
    const Key key = gateway().store().key(gateway().organization());
    const Request request = Gateway::request(gateway().organization(), key, "{}");
    Client client = gateway().client();
    expect_pointers(client.send(request), {"/name"});
    gateway().store().tell({"key", "revoke", key.id});
    EXPECT_TRUE(eventually([&] { return client.send(request).status == 401; }));
    for (int i = 0; i < 20; ++i) {
        expect_unauthorized(gateway().client().send(request));
    }
}

class KeyCacheStores : public SharedGateway<KeyCacheStores> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1h;";
        directory_ = std::make_unique<TempDir>();
        other_ = make_store(worker_directory(directory_->path() + "/store"));
        options.server = "location = /other { app_create_store " + other_->uri() + "; app_create org-1; }";
        return options;
    }
    static void prepare(Gateway &gateway) {
        other_->init();
        organization_ = other_->organization();
        key_ = other_->key(organization_);
        gateway.forbid(key_.token);
    }

  protected:
    static void TearDownTestSuite() {
        SharedGateway::TearDownTestSuite();
        other_.reset();
        directory_.reset();
    }
    Response at_first(const Key &key) {
        Request request = Gateway::request(gateway().organization(), key, R"({"name":"T"})");
        request.path = "/v1/organizations/org-1/apps";
        return gateway().client().send(request);
    }
    Response at_other(const Key &key) {
        Request request = gateway().request(R"({"name":"T"})");
        request.path = "/other";
        set_header(request.headers, "Authorization", "Bearer " + key.token);
        return gateway().client().send(request);
    }

    static inline std::unique_ptr<TempDir> directory_;
    static inline std::unique_ptr<Store> other_;
    static inline Organization organization_;
    static inline Key key_;
};

TEST_F(KeyCacheStores, KeyOfOneStoreIsNothingForTheOther) {
    for (int round = 0; round < 2; ++round) {
        expect_created(at_first(gateway().key()));
        expect_unauthorized(at_other(gateway().key()));
        expect_created(at_other(key_));
        expect_unauthorized(at_first(key_));
    }
    EXPECT_EQ(gateway().store().count(gateway().organization()), 2);
    EXPECT_EQ(other_->count(organization_), 2);
}

class KeyCacheAbsent : public SharedGateway<KeyCacheAbsent> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.key_cache = "";
        options.location = "add_header X-Cache $app_create_cache always;";
        return options;
    }
};

TEST_F(KeyCacheAbsent, MeansAZoneOfItsOwn) {
    EXPECT_EQ(gateway().client().send(gateway().request("{}")).header("X-Cache"), "MISS");
    EXPECT_EQ(gateway().client().send(gateway().request("{}")).header("X-Cache"), "HIT");
}

}  // namespace
}  // namespace appcreate::test
