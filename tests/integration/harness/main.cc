#include <gtest/gtest.h>
#include <signal.h>

#include "http.h"

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    appcreate::harness::http_start();
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
