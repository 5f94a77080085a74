// A store that does not answer, of whatever kind (docs/api.md, "Errors").
#include "harness/answers.h"
#include "harness/fault_suite.h"

namespace appcreate::test {
namespace {

class StoreFault : public FaultSuite {};
INSTANTIATE_TEST_SUITE_P(Workers, StoreFault, kWorkers, workers_name);

TEST_P(StoreFault, LockedByAnotherProgram) {
    NEEDS_LOCK();
    start();
    warm();
    {
        const auto lock = gateway().store().lock();
        expect_fault(2);
    }
    expect_recovery();
    expect_few_lines();
}

TEST_P(StoreFault, LockedForLessThanTheTimeoutIsOnlySlow) {
    NEEDS_LOCK();
    start();
    warm();
    {
        const auto lock = gateway().store().lock();
        RawConnection connection(gateway().port(Protocol::http1));
        connection.send(http1_bytes(gateway().request(R"({"name":"Waits"})")));
        EXPECT_EQ(gateway().static_file(), "static\n");
        EXPECT_TRUE(connection.is_silent());
    }
    expect_recovery();
}

// Nothing is known of a key then, so nobody is told that it is wrong.
TEST_P(StoreFault, LookUpThatRunsOutOfTime) {
    NEEDS_LOCK();
    make(options());
    Request of_nobody = gateway().request(R"({"name":"F"})");
    set_header(of_nobody.headers, "Authorization", "Bearer unknown");
    {
        const auto lock = gateway().store().lock_out();
        gateway().start();
        expect_fault(2);
        expect_database_error(gateway().client().send(of_nobody));
    }
    expect_recovery();
    expect_unauthorized(gateway().client().send(of_nobody));
    expect_few_lines();
}

}  // namespace
}  // namespace appcreate::test
