// A cluster that a name server has to name ("mongodb+srv"), a server that it has to find, and name servers that do not.
#include <gtest/gtest.h>

#include "auth/token.h"
#include "base/values.h"
#include "harness/core_gateway.h"
#include "harness/fault_proxy.h"
#include "harness/name_server.h"
#include "harness/server.h"
#include "harness/socket.h"

namespace appcreate::test {
namespace {

constexpr const char *kUri = "mongodb+srv://cluster.test.example/apps?tls=false";

Tenant stranger() {
    Tenant tenant;
    tenant.organization = ObjectId::make().hex();
    std::copy(tenant.organization.begin(), tenant.organization.end(), tenant.key.organization);
    tenant.key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    return tenant;
}

std::string why_not_ready(CoreGateway &gateway) {
    try {
        gateway.store().warm();
    } catch (const Failure &failure) {
        return failure.what();
    }
    return "it is ready";
}

// A request that lasted for its whole time would be a minute each.
TEST(Resolver, AClusterThatNobodyKnowsIsAskedForOnceInAWhileAndNobodyWaits) {
    if (!is_inside()) return;
    NameServer names;
    names.set(NameServer::Mood::kNothing);
    const std::int64_t start = monotonic_ns();
    CoreGateway gateway(kUri, 60'000);
    EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
    const int once = names.questions();
    EXPECT_GE(once, 1);
    EXPECT_LE(once, 8);
    // For as long as many look-ups take.
    const Tenant nobody = stranger();
    for (int i = 0; i < 50 || monotonic_ns() - start < 500'000'000; ++i) {
        EXPECT_REFUSED(gateway.create(nobody), AC_CODE_DATABASE);
    }
    EXPECT_LE(names.questions(), once * (1 + (monotonic_ns() - start) / 1'000'000'000));
    ASSERT_EQ(gateway.complaints().size(), 1U);
    EXPECT_NE(gateway.complaints().front().find("cluster.test.example"), std::string::npos);
}

TEST(Resolver, AClusterThatBecomesKnownIsFoundWithoutAReload) {
    if (!is_inside()) return;
    NameServer names;
    names.set(NameServer::Mood::kNothing);
    CoreGateway gateway(kUri, 2'000);
    EXPECT_EQ(why_not_ready(gateway).find("No suitable servers"), std::string::npos);
    names.set(NameServer::Mood::kOne);
    EXPECT_TRUE(eventually([&] { return why_not_ready(gateway).find("No suitable servers") != std::string::npos; }))
        << "the server that it names refuses";
}

// The resolver itself would be patient for two minutes and more.
TEST(Resolver, ASilentNameServerHoldsNeitherRequestsNorTheEndOfTheProcess) {
    if (!is_inside()) return;
    const NameServer names;
    const std::int64_t start = monotonic_ns();
    {
        CoreGateway gateway(kUri, 1'000, true);
        for (int i = 0; i < 20; ++i) EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
        EXPECT_NE(why_not_ready(gateway).find("its name server does not answer"), std::string::npos);
        ASSERT_EQ(gateway.complaints().size(), 1U);
        EXPECT_LE(names.questions(), 3);
    }
    EXPECT_LT(monotonic_ns() - start, 60'000'000'000);
}

// libmongoc's threads that watch a server look its name up too, and are waited for when its clients go.
TEST(Resolver, ASilentNameServerHoldsNoEndOfAStoreWhoseServerHasAName) {
    if (!is_inside()) return;
    const NameServer names;
    const std::int64_t start = monotonic_ns();
    {
        CoreGateway gateway("mongodb://db.test.example/apps", 1'000, true);
        EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
        EXPECT_GT(names.questions(), 0);
    }
    EXPECT_LT(monotonic_ns() - start, 60'000'000'000);
}

// A plain name is looked up for each connection, by whoever needs it.
TEST(Resolver, ASilentNameServerHoldsNobodyWhoNeedsAConnection) {
    if (!is_inside()) return;
    NEEDS_MONGO_SERVER();
    NameServer names;
    names.set(NameServer::Mood::kOne);
    FaultProxy proxy(shared_server().port());
    const std::string uri = "mongodb://db.test.example:" + std::to_string(proxy.port()) + "/" + unique_name("t");
    std::int64_t start = 0;
    {
        CoreGateway gateway(uri, 4'000);
        gateway.store().init();
        const Tenant tenant = gateway.make_tenant();
        EXPECT_CREATED(gateway.create(tenant));
        const auto look_up = [&gateway] {
            ac_lookup lookup{};
            try {
                gateway.store().find_keys({&lookup, 1}, monotonic_ns() + 3'000'000'000);
            } catch (const Failure &) {
                return false;
            }
            return true;
        };
        EXPECT_TRUE(look_up());
        // The connection that there is has to be in use, or it is taken.
        const auto held = proxy.hold_request("find", "apiKeys");
        auto first = std::async(std::launch::async, look_up);
        ASSERT_TRUE(proxy.wait_hits(held));
        names.set(NameServer::Mood::kSilent);
        const int before = names.questions();
        start = monotonic_ns();
        EXPECT_FALSE(look_up());
        EXPECT_GT(names.questions(), before) << "it needed another one";
        proxy.release(held);
        first.get();
    }
    EXPECT_LT(monotonic_ns() - start, 60'000'000'000) << "the resolver's own patience is more than two minutes";
}

}  // namespace
}  // namespace appcreate::test
