// The ground of the store's tests: a database of its own for every test on the shared server, and looks behind the
// store's back.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "base/values.h"
#include "harness/client.h"
#include "harness/core_gateway.h"
#include "harness/fault_proxy.h"
#include "harness/server.h"
#include "harness/socket.h"

namespace appcreate::test {

class MongoStoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        NEEDS_MONGO_SERVER();
        database_ = unique_name("t");
        direct_ = std::make_unique<MongoClient>(server().uri(), database_);
        admin_ = std::make_unique<CoreGateway>(server().uri({}, database_));
        admin_->store().init();
        hasty_ms_ = measure_hasty_ms();
    }

    virtual JavaServer &server() { return shared_server(); }
    [[nodiscard]] const std::string &database() const { return database_; }
    // Straight to the server.
    CoreGateway &admin() { return *admin_; }
    MongoClient &direct() { return *direct_; }
    // A store's timeout that a test can wait for: as short as this machine allows at the moment.
    [[nodiscard]] std::int64_t hasty_ms() const { return hasty_ms_; }
    // The same with time to repeat: after a cut, libmongoc looks at a server again half a second later, and may wait
    // for it a quarter of this.
    [[nodiscard]] std::int64_t repeating_ms() const { return std::max<std::int64_t>(hasty_ms_, 2'800); }
    std::unique_ptr<FaultProxy> make_proxy() { return std::make_unique<FaultProxy>(server().port()); }
    [[nodiscard]] std::string uri(const FaultProxy &proxy) const { return proxy.uri({}, database_); }

    // Applications that the server holds now.
    std::int64_t stored(const Tenant &tenant) { return stored(tenant, direct()); }
    static std::int64_t stored(const Tenant &tenant, MongoClient &client) {
        return client.count("applications", bson(R"({"organization":{"$oid":")" + tenant.organization + "\"}}"));
    }
    // Does the server hold the record of this answer?
    bool is_stored(const Answer &answer) {
        if (answer.id.empty()) return false;
        return direct().count("applications", bson(R"({"_id":{"$oid":")" + answer.id + "\"}}")) == 1;
    }
    // Every promise that can be checked at rest.
    void expect_sound() {
        std::string problems;
        EXPECT_TRUE(admin().store().check(false, [&](std::string_view row) {
            problems += std::string(row) + "\n";
            return true;
        })) << problems;
    }

  private:
    // A quarter of it bounds each step of the store; a second init() is some ten commands, all known to the server.
    std::int64_t measure_hasty_ms() {
        const std::int64_t start = monotonic_ns();
        admin_->store().init();
        const std::int64_t ms = (monotonic_ns() - start) / 1'000'000;
        return std::clamp<std::int64_t>(16 * ms, 1'000, 8'000);
    }

    std::int64_t hasty_ms_ = 0;
    std::string database_;
    std::unique_ptr<MongoClient> direct_;
    std::unique_ptr<CoreGateway> admin_;
};

}  // namespace appcreate::test
