// How a test program ends.
#pragma once

namespace appcreate::test {

inline constexpr int kSkipped = 77;  // what ctest takes for skipped

// RUN_ALL_TESTS(), but kSkipped when every test that was asked for was skipped: a program that tested nothing must not
// count as one that passed.
int run_tests();

}  // namespace appcreate::test
