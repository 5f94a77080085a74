// The turns to write, in memory that workers share and that a master keeps for as long as it lives.
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class Turn : public OwnGateway {
  protected:
    void SetUp() override { SQLITE_ALONE("other stores need no turn"); }
    static GatewayOptions with_stores(int stores, const std::string &name) {
        GatewayOptions options;
        for (int i = 0; i < stores; ++i) {
            const std::string one = name + "-" + std::to_string(i);
            options.server += "location = /" + one + " { app_create org-1; app_create_store sqlite:@dir@/store/" + one +
                              std::string(60, 'x') + ".db; }\n";
        }
        return options;
    }
};

TEST_F(Turn, OnesOfStoresThatAreGoneAreForgotten) {
    Gateway &server = make(with_stores(100, "first"));
    server.start();
    for (int i = 0; i < 5; ++i) {
        server.reload_with(with_stores(100, "reload-" + std::to_string(i)));
        // A worker of the last configuration may use its turns to its end.
        EXPECT_TRUE(eventually([&] { return children_of(server.nginx().master(), "worker process").size() == 1; }));
    }
    // The turns, and what is far larger: the memory for common commits.
    for (const char *part : {"no shared turn", "no shared memory"}) {
        EXPECT_TRUE(lines_with(server.log_of_test(), part).empty()) << part;
    }
}

TEST_F(Turn, ThereIsOneForEachOfManyStores) {
    const Outcome test = make(with_stores(1000, "many")).nginx().test();
    EXPECT_EQ(test.status, 0);
    for (const char *part : {"no shared turn", "no shared memory"}) {
        EXPECT_EQ(test.err.find(part), std::string::npos) << test.err;
    }
}

}  // namespace
}  // namespace appcreate::test
