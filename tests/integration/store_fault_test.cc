// A store that does not answer, of whatever kind (contract, "Errors").
#include "harness/answers.h"
#include "harness/fault_suite.h"

namespace appcreate::harness {
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

}  // namespace
}  // namespace appcreate::harness
