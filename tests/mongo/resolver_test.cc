// A cluster that a name server has to name ("mongodb+srv"), and name servers that do not.
#include <gtest/gtest.h>

#include "harness/gateway.h"
#include "harness/name_server.h"
#include "token.h"
#include "values.h"

namespace appcreate::mongotest {
namespace {

constexpr const char *kUri = "mongodb+srv://cluster.test.example/apps?tls=false";

Tenant stranger() {
    Tenant tenant;
    tenant.organization = ObjectId::make().hex();
    std::copy(tenant.organization.begin(), tenant.organization.end(), tenant.key.organization);
    tenant.key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    return tenant;
}

std::string why_not_ready(Gateway &gateway) {
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
    Gateway gateway(kUri, 60'000);
    EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
    const int once = names.questions();
    EXPECT_GE(once, 1);
    EXPECT_LE(once, 8);
    for (int i = 0; i < 50; ++i) EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
    EXPECT_LE(names.questions(), once * (1 + (monotonic_ns() - start) / 1'000'000'000));
    ASSERT_EQ(gateway.complaints().size(), 1U);
    EXPECT_NE(gateway.complaints().front().find("cluster.test.example"), std::string::npos);
}

TEST(Resolver, AClusterThatBecomesKnownIsFoundWithoutAReload) {
    if (!is_inside()) return;
    NameServer names;
    names.set(NameServer::Mood::kNothing);
    Gateway gateway(kUri, 2'000);
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
        Gateway gateway(kUri, 1'000, true);
        for (int i = 0; i < 20; ++i) EXPECT_REFUSED(gateway.create(stranger()), AC_CODE_DATABASE);
        EXPECT_NE(why_not_ready(gateway).find("its name server does not answer"), std::string::npos);
        ASSERT_EQ(gateway.complaints().size(), 1U);
        EXPECT_LE(names.questions(), 3);
    }
    EXPECT_LT(monotonic_ns() - start, 60'000'000'000);
}

}  // namespace
}  // namespace appcreate::mongotest
