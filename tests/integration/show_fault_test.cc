// Reads where the store does not answer (docs/api.md, "Reading").
#include "harness/answers.h"
#include "harness/fault_suite.h"

namespace appcreate::test {
namespace {

class ShowFault : public FaultSuite {
  protected:
    void start_with_reader(const std::string &more = {}) {
        GatewayOptions with_reads = options();
        with_reads.server += R"(
            location ~ ^/v1/organizations/(?<shown>[^/]+)/apps(?:/[^/]+)?\z {
                app_create $shown; app_create_show on; )" +
                             more + "\n}\n";
        make(with_reads);
        const Key reader = gateway().store().key(gateway().organization(), {"--permission", kList});
        token_ = reader.token;
        gateway().start();
        warm();
        for (int i = 0; i < 20 * GetParam(); ++i) EXPECT_EQ(gateway().client().send(read()).status, 200);
    }
    Request read(const std::string &rest = "/app-f") {
        Request request = gateway().request("");
        request.method = "GET";
        request.has_body = false;
        request.path += rest;
        set_header(request.headers, "Authorization", "Bearer " + token_);
        return request;
    }
    void expect_reads() {
        Response last;
        EXPECT_TRUE(eventually([&] {
            for (int i = 0; i < 10 * GetParam(); ++i) {
                last = gateway().client().send(read());
                if (last.status != 200) return false;
            }
            return true;
        })) << last.body;
    }

    static constexpr const char *kList = "mad.application.management.list";
    std::string token_;
};
INSTANTIATE_TEST_SUITE_P(Workers, ShowFault, kWorkers, workers_name);

// SQLite's readers wait for no writer; a server that is stopped answers nobody.
TEST_P(ShowFault, StoreThatWritesNothing) {
    NEEDS_LOCK();
    start_with_reader();
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 2; ++i) {
            const Response response = gateway().client().send(read());
            if (store_kind() == StoreKind::sqlite) {
                expect_created(response);
            } else {
                expect_database_error(response);
            }
            EXPECT_EQ(gateway().static_file(), "static\n");
        }
    }
    expect_reads();
    expect_few_lines();
}

TEST_P(ShowFault, ClientThatLeavesIsLetGo) {
    NEEDS_LOCK();
    start_with_reader();
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 10; ++i) gateway().client().abandon(read(""), 20);
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
    expect_reads();
    expect_few_lines();
}

class ShowQueue : public ShowFault {};
INSTANTIATE_TEST_SUITE_P(Workers, ShowQueue, ::testing::Values(1), workers_name);

TEST_P(ShowQueue, ReadsBeyondTheQueueAreBusy) {
    NEEDS_LOCK();
    if (store_kind() == StoreKind::sqlite) GTEST_SKIP() << "nothing that can be locked keeps SQLite's readers waiting";
    // Both wait for as long as the lock is held.
    start_with_reader("app_create_queue 2; app_create_timeout 20s;");
    {
        const auto lock = gateway().store().lock();
        RawConnection first(gateway().port(Protocol::http1));
        RawConnection second(gateway().port(Protocol::http1));
        first.send(http1_bytes(read()));
        second.send(http1_bytes(read("")));
        EXPECT_EQ(gateway().static_file(), "static\n");
        expect_busy(gateway().client().send(read()));
    }
    expect_reads();
}

}  // namespace
}  // namespace appcreate::test
