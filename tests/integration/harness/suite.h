// A test suite that shares its servers, and looks at their logs after every test.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway.h"

namespace appcreate::test {

// Ends every server with QUIT, which has to succeed.
void stop_and_check(Gateway &gateway);
// Fails for what the logs must not hold; shows the log of a test that failed.
void check_logs(Gateway &gateway);

/*
 * Suite is the test class itself. It says how its servers are configured:
 *   static GatewayOptions options();
 * and, if its store needs more than an organization and a key:
 *   static void prepare(Gateway &);
 * gateway(n) is the one with n workers; it is started when it is first asked for.
 */
template <class Suite>
class SharedGateway : public ::testing::Test {
  protected:
    static Gateway &gateway(int workers = 1) {
        auto one = gateways().find(workers);
        if (one == gateways().end()) {
            GatewayOptions options = Suite::options();
            options.workers = workers;
            auto made = std::make_unique<Gateway>(options);
            Suite::prepare(*made);
            made->start();
            one = gateways().emplace(workers, std::move(made)).first;
        }
        return *one->second;
    }
    static GatewayOptions options() { return {}; }
    static void prepare(Gateway &) {}

    static void TearDownTestSuite() {
        for (auto &[workers, one] : gateways()) {
            stop_and_check(*one);
        }
        gateways().clear();
    }
    void SetUp() override {
        for (auto &[workers, one] : gateways()) {
            one->begin_test();
        }
    }
    void TearDown() override {
        for (auto &[workers, one] : gateways()) {
            check_logs(*one);
        }
    }

  private:
    static std::map<int, std::unique_ptr<Gateway>> &gateways() {
        static std::map<int, std::unique_ptr<Gateway>> all;
        return all;
    }
};

// A server of its own for every test: for those that break or stop it.
class OwnGateway : public ::testing::Test {
  protected:
    Gateway &make(const GatewayOptions &options = {});
    Gateway &gateway() { return *gateway_; }
    void TearDown() override;

  private:
    std::unique_ptr<Gateway> gateway_;
};

// A way to ask, and how many workers answer.
struct Mode {
    Protocol protocol;
    int workers;
    friend std::ostream &operator<<(std::ostream &out, const Mode &mode) {
        return out << name_of(mode.protocol) << ", workers: " << mode.workers;
    }
};

// HTTP/1.1, HTTP/2 and TLS; one worker and two.
std::vector<Mode> modes();
inline const auto kModes = ::testing::ValuesIn(modes());
std::string mode_name(const ::testing::TestParamInfo<Mode> &info);

// A suite whose tests run in every mode.
template <class Suite>
class InEveryMode : public SharedGateway<Suite>, public ::testing::WithParamInterface<Mode> {
  protected:
    Gateway &gateway() const { return SharedGateway<Suite>::gateway(this->GetParam().workers); }
    Client client() const { return gateway().client(this->GetParam().protocol); }
    bool is_http2() const {
        return this->GetParam().protocol == Protocol::h2c || this->GetParam().protocol == Protocol::tls_h2;
    }
};

// A suite whose tests run with one worker and with two.
template <class Suite>
class OverWorkers : public SharedGateway<Suite>, public ::testing::WithParamInterface<int> {
  protected:
    Gateway &gateway() const { return SharedGateway<Suite>::gateway(this->GetParam()); }
};
std::vector<int> worker_counts();
inline const auto kWorkers = ::testing::ValuesIn(worker_counts());
std::string workers_name(const ::testing::TestParamInfo<int> &info);

// In SetUp of a suite that is about one kind. CMakeLists.txt looks for it: such a file runs with that kind only.
#define SQLITE_ALONE(why) \
    if (store_kind() != StoreKind::sqlite) GTEST_SKIP() << "about SQLite alone: " << (why)
#define MONGODB_ALONE(why) \
    if (store_kind() != StoreKind::mongodb) GTEST_SKIP() << "about MongoDB alone: " << (why)
// In a test that locks the store.
#define NEEDS_LOCK() \
    if (const std::string why = why_no_lock(); !why.empty()) GTEST_SKIP() << why

}  // namespace appcreate::test
