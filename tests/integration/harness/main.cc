#include <gtest/gtest.h>
#include <mongoc/mongoc.h>
#include <signal.h>

#include <iostream>

#include "harness/run_tests.h"
#include "http.h"
#include "store.h"

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    appcreate::harness::http_start();
    mongoc_init();
    ::testing::InitGoogleTest(&argc, argv);
    if (const std::string why = appcreate::harness::why_no_store(); !why.empty()) {
        std::cout << "skipped: " << why << "\n";
        return appcreate::mongotest::kSkipped;
    }
    return appcreate::mongotest::run_tests();
}
