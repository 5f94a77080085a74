// The cut-over to another store (docs/cut-over.md), and freezes over HTTP.
#include "harness/answers.h"
#include "harness/load.h"
#include "harness/metrics.h"
#include "harness/mongo_store.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

// Beside the gateway's store.
class FileBeside : public Store {
  public:
    explicit FileBeside(const Gateway &gateway) : path_(gateway.directory() + "/store/new.db") {}
    [[nodiscard]] std::string uri() const override { return "sqlite:" + path_; }
    std::unique_ptr<StoreLock> lock() override { return lock_sqlite(path_); }
    std::unique_ptr<StoreLock> lock_out() override { return lock_sqlite(path_); }

  private:
    const std::string path_;
};

// Ends a freeze, whatever else fails: clients repeat until they are answered.
class Thaw {
  public:
    explicit Thaw(const Store &store) : store_(store) {}
    Thaw(const Thaw &) = delete;
    Thaw &operator=(const Thaw &) = delete;
    ~Thaw() { static_cast<void>(store_.appctl({"thaw"})); }

  private:
    const Store &store_;
};

// MongoDB, from whichever kind; another file where there is no MongoDB.
std::unique_ptr<Store> make_target(const Gateway &gateway) {
    if (store_kind() == StoreKind::sqlite && !why_no_mongo_store().empty())
        return std::make_unique<FileBeside>(gateway);
    return make_mongo_store();
}

class CutOver : public OwnGateway, public ::testing::WithParamInterface<int> {
  protected:
    static GatewayOptions options() {
        GatewayOptions options;
        options.workers = GetParam();
        options.server = kWatching;
        return options;
    }
    Outcome copy_to(const Store &target) {
        return run({appctl_path(), "copy", "--from", gateway().store().uri(), "--to", target.uri()});
    }
    Response create(const std::string &query = {}) {
        Request request = gateway().request(R"({"name":"One"})");
        request.path += query;
        return gateway().client().send(request);
    }
    [[nodiscard]] double frozen_gauge() { return metrics_of(gateway()).sum("app_create_store_frozen"); }
};
INSTANTIATE_TEST_SUITE_P(Workers, CutOver, kWorkers, workers_name);

TEST_P(CutOver, LosesNoCreateUnderLoad) {
    GatewayOptions serving = options();
    make(serving).start();
    const auto target = make_target(gateway());
    const Organization &organization = gateway().organization();
    // Most of it, while nginx serves.
    Load before(gateway(), organization, gateway().key(), 8, Load::Policy::until_answered);
    ASSERT_TRUE(before.advance(100));
    before.stop();
    EXPECT_EQ(copy_to(*target).status, 0);

    Load load(gateway(), organization, gateway().store().key(organization), 8, Load::Policy::until_answered);
    const Thaw thaw(gateway().store());
    ASSERT_TRUE(load.advance(100));
    gateway().store().tell({"freeze", "--retry-after", "1"});
    const Outcome rest = copy_to(*target);
    ASSERT_EQ(rest.status, 0) << rest.err;
    const std::int64_t copied = target->count(organization);
    EXPECT_EQ(target->appctl({"check"}).out, "every promise holds\n");

    serving.store = target->uri();
    gateway().reload_with(serving);
    EXPECT_TRUE(load.advance(100));
    load.stop();
    EXPECT_EQ(load.surprises(), std::vector<std::string>{});
    EXPECT_GT(load.unavailable(), 0U);
    std::vector<std::string> acknowledged = before.acknowledged();
    for (const std::string &id : load.acknowledged()) acknowledged.push_back(id);
    expect_exactly(*target, organization, acknowledged);
    // What came late to the old one, if anything did, nobody was told of.
    if (store_kind() == StoreKind::sqlite) {
        EXPECT_EQ(gateway().store().count(organization), copied);
    }
}

TEST_P(CutOver, AFreezeIsAnsweredAndSeen) {
    make(options()).start();
    expect_created(create());
    EXPECT_EQ(frozen_gauge(), 0);
    gateway().store().tell({"freeze", "--retry-after", "77"});
    const Response refused = create();
    expect_error(refused, 503, 1006, "Server busy");
    EXPECT_EQ(refused.header("Retry-After"), "77");
    EXPECT_EQ(create("?validateOnly=true").status, 200);
    EXPECT_TRUE(eventually([&] { return frozen_gauge() == 1; }));
    const Response ready = get(gateway(), "/ready");
    EXPECT_EQ(ready.status, 200) << "there is nowhere else to send creates";
    EXPECT_EQ(Json::parse(ready.body).at("/stores/0/frozen").text(), "true");

    gateway().store().tell({"thaw"});
    EXPECT_TRUE(eventually([&] { return create().status == 200; }));
    EXPECT_TRUE(eventually([&] { return frozen_gauge() == 0; }));
    EXPECT_EQ(Json::parse(get(gateway(), "/ready").body).at("/stores/0/frozen").text(), "false");
}

TEST_P(CutOver, AnOrganizationIsFrozenAlone) {
    make(options()).start();
    const Organization other = gateway().store().organization();
    const Key key = gateway().store().key(other);
    const auto create_other = [&] {
        return gateway().client().send(Gateway::request(other, key, R"({"name":"Two"})"));
    };
    expect_created(create());
    expect_created(create_other());
    gateway().store().tell({"freeze", other.slug});
    const Response refused = create_other();
    expect_error(refused, 503, 1006, "Server busy");
    EXPECT_EQ(refused.header("Retry-After"), "30");
    expect_created(create());
    EXPECT_EQ(frozen_gauge(), 0);
    gateway().store().tell({"thaw", other.slug});
    EXPECT_TRUE(eventually([&] { return create_other().status == 200; }));
}

}  // namespace
}  // namespace appcreate::test
