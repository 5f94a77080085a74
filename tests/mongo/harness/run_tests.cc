#include "harness/run_tests.h"

#include <gtest/gtest.h>

namespace appcreate::test {

int run_tests() {
    const int status = RUN_ALL_TESTS();
    const auto &tests = *::testing::UnitTest::GetInstance();
    const bool nothing_ran = tests.test_to_run_count() > 0 && tests.skipped_test_count() == tests.test_to_run_count();
    return status == 0 && nothing_ran ? kSkipped : status;
}

}  // namespace appcreate::test
