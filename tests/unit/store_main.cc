// The program of the store suite.
#include <gtest/gtest.h>
#include <mongoc/mongoc.h>
#include <signal.h>

#include "harness/run_tests.h"

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    mongoc_init();
    ::testing::InitGoogleTest(&argc, argv);
    return appcreate::test::run_tests();
}
