#include "suite.h"

namespace appcreate::harness {

namespace {

constexpr std::size_t kLogShown = 6000;

}  // namespace

void check_logs(Gateway &gateway) {
    for (const std::string &line : gateway.bad_log_lines()) {
        ADD_FAILURE() << "in nginx's log: " << line;
    }
    if (::testing::Test::HasFailure()) {
        const std::string log = gateway.log_of_test();
        std::cout << "---- error log of this test\n"
                  << (log.size() > kLogShown ? "…" + log.substr(log.size() - kLogShown) : log) << "----\n";
    }
}

void stop_and_check(Gateway &gateway) {
    if (gateway.nginx().is_running()) {
        EXPECT_EQ(gateway.stop(), 0) << "exit status of nginx's master";
    }
    check_logs(gateway);
}

Gateway &OwnGateway::make(const GatewayOptions &options) {
    gateway_ = std::make_unique<Gateway>(options);
    return *gateway_;
}

void OwnGateway::TearDown() {
    if (gateway_) {
        stop_and_check(*gateway_);
    }
}

std::string mode_name(const ::testing::TestParamInfo<Mode> &info) {
    return std::string(name_of(info.param.protocol)) + "_" + std::to_string(info.param.workers) +
           (info.param.workers == 1 ? "_worker" : "_workers");
}

std::string workers_name(const ::testing::TestParamInfo<int> &info) { return std::to_string(info.param); }

}  // namespace appcreate::harness
