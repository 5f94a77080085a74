#include <gtest/gtest.h>
#include <mongoc/mongoc.h>
#include <signal.h>

#include <iostream>

#include "harness/run_tests.h"
#include "http.h"
#include "store.h"

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    appcreate::test::http_start();
    mongoc_init();
    ::testing::InitGoogleTest(&argc, argv);
    if (const std::string why = appcreate::test::why_no_store(); !why.empty()) {
        std::cout << "skipped: " << why << "\n";
        return appcreate::test::kSkipped;
    }
    return appcreate::test::run_tests();
}
