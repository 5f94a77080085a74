// appctl backup and restore while nginx serves under full load.
#include <algorithm>
#include <set>

#include "harness/answers.h"
#include "harness/load.h"
#include "harness/suite.h"
#include "support/sqlite_file.h"

namespace appcreate::test {
namespace {

class Backup : public OwnGateway, public ::testing::WithParamInterface<int> {
  protected:
    void SetUp() override { SQLITE_ALONE("MongoDB has tools of its own"); }
    void start() {
        GatewayOptions options;
        options.workers = GetParam();
        make(options).start();
        file_ = gateway().directory() + "/backup.db";
    }
    [[nodiscard]] std::string path() { return gateway().directory() + "/store/apps.db"; }
    std::set<std::string> ids_in(const std::string &file) { return ids_in_file(file, gateway().organization()); }
    void backup() { gateway().store().tell({"backup", file_}); }

    std::string file_;
};
INSTANTIATE_TEST_SUITE_P(Workers, Backup, kWorkers, workers_name);

bool includes(const std::set<std::string> &all, const std::vector<std::string> &some) {
    return std::all_of(some.begin(), some.end(), [&](const std::string &id) { return all.contains(id); });
}

TEST_P(Backup, EndsUnderFullLoadAndHasWhatWasAcknowledgedBefore) {
    start();
    Load load(gateway(), gateway().organization(), gateway().key(), 8, Load::Policy::until_answered);
    ASSERT_TRUE(load.advance(200));
    const std::vector<std::string> before = load.acknowledged();
    backup();
    ASSERT_TRUE(load.advance(50));
    load.stop();
    EXPECT_EQ(load.surprises(), std::vector<std::string>{});
    EXPECT_EQ(load.unavailable(), 0U) << "a backup holds nobody up";
    EXPECT_TRUE(includes(ids_in(file_), before));
    expect_exactly(gateway(), gateway().organization(), load.acknowledged());
}

TEST_P(Backup, RestoredUnderFullLoadNothingAcknowledgedIsLost) {
    start();
    Load load(gateway(), gateway().organization(), gateway().key(), 8, Load::Policy::until_answered);
    ASSERT_TRUE(load.advance(100));
    backup();
    const std::set<std::string> backed_up = ids_in(file_);
    ASSERT_TRUE(load.advance(100));
    gateway().provoke("another program holds its lock");
    gateway().store().tell({"restore", file_});
    ASSERT_TRUE(load.advance(100)) << "the workers that were there go on";
    load.stop();
    EXPECT_EQ(load.surprises(), std::vector<std::string>{});

    const std::set<std::string> kept = ids_in(path() + ".before-restore");
    std::set<std::string> now;
    for (const Json &record : gateway().store().applications(gateway().organization())) {
        now.insert(record.string("/id"));
    }
    for (const std::string &id : backed_up) EXPECT_TRUE(now.contains(id)) << id;
    std::size_t after = 0;
    for (const std::string &id : load.acknowledged()) {
        EXPECT_TRUE(kept.contains(id) || now.contains(id)) << id << " was acknowledged and is nowhere";
        after += now.contains(id) && !kept.contains(id) ? 1U : 0U;
    }
    EXPECT_GE(after, 50U);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
    EXPECT_EQ(gateway().stop(), 0);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

TEST_P(Backup, RestoreMendsAStoreThatIsGone) {
    start();
    Client client = gateway().client();
    expect_created(client.send(gateway().request(R"({"name":"One"})")));
    backup();
    gateway().provoke(path());
    for (const char *side : {"", "-wal", "-shm"}) {
        const std::string name = path() + side;
        EXPECT_EQ(run({"/bin/rm", "-f", name}).status, 0);
    }
    gateway().store().tell({"restore", file_});
    EXPECT_TRUE(eventually([&] { return client.send(gateway().request(R"({"name":"Two"})")).status == 200; }));
    EXPECT_EQ(gateway().store().count(gateway().organization()), 2);
    EXPECT_EQ(gateway().store().appctl({"check"}).status, 0);
}

}  // namespace
}  // namespace appcreate::test
