// What tests of a failing store share: 503/3002, the rest is served, and all is well again without a reload.
#pragma once

#include <string>

#include "suite.h"

namespace appcreate::test {

class FaultSuite : public OwnGateway, public ::testing::WithParamInterface<int> {
  protected:
    // Of a server whose keys stay known, so that the fault meets the creates.
    static GatewayOptions options();
    void start() { make(options()).start(); }
    Response create();
    // Every worker has served.
    void warm();
    void expect_fault(int requests = 10);
    void expect_recovery();
    // Lines for a change of state, not for each request; one of them says `what`, one the remedy.
    void expect_few_lines(const std::string &what, const std::string &remedy);
    void expect_few_lines();
};

}  // namespace appcreate::test
