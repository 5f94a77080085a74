#include "suite.h"

namespace appcreate::test {

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

std::vector<Mode> modes() {
    // With MongoDB the few that differ most: what a store does has nothing to do with how a request came, and all of
    // them would cost some two minutes more.
    if (store_kind() == StoreKind::mongodb) {
        return {{Protocol::http1, 2}, {Protocol::tls_h2, 1}};
    }
    return {{Protocol::http1, 1},
            {Protocol::http1, 2},
            {Protocol::h2c, 2},
            {Protocol::tls_http1, 2},
            {Protocol::tls_h2, 1}};
}

std::vector<int> worker_counts() {
    // One is like two that do not meet at the store.
    if (store_kind() == StoreKind::mongodb) {
        return {2};
    }
    return {1, 2};
}

std::string mode_name(const ::testing::TestParamInfo<Mode> &info) {
    return std::string(name_of(info.param.protocol)) + "_" + std::to_string(info.param.workers) +
           (info.param.workers == 1 ? "_worker" : "_workers");
}

std::string workers_name(const ::testing::TestParamInfo<int> &info) { return std::to_string(info.param); }

}  // namespace appcreate::test
