// The ground of the store's tests: a database of its own for every test on the shared server, and looks behind the
// store's back.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "harness/client.h"
#include "harness/fault_proxy.h"
#include "harness/gateway.h"
#include "harness/server.h"
#include "harness/socket.h"

namespace appcreate::mongotest {

class StoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        NEEDS_MONGO_SERVER();
        database_ = unique_name("t");
        direct_ = std::make_unique<Client>(server().uri(), database_);
        admin_ = std::make_unique<Gateway>(server().uri({}, database_));
        admin_->store().init();
    }

    virtual JavaServer &server() { return shared_server(); }
    [[nodiscard]] const std::string &database() const { return database_; }
    // Straight to the server.
    Gateway &admin() { return *admin_; }
    Client &direct() { return *direct_; }
    std::unique_ptr<FaultProxy> make_proxy() { return std::make_unique<FaultProxy>(server().port()); }
    [[nodiscard]] std::string uri(const FaultProxy &proxy) const { return proxy.uri({}, database_); }

    // Applications that the server holds now.
    std::int64_t stored(const Tenant &tenant) {
        return direct().count("applications", bson(R"({"organization":{"$oid":")" + tenant.organization + "\"}}"));
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
    std::string database_;
    std::unique_ptr<Client> direct_;
    std::unique_ptr<Gateway> admin_;
};

}  // namespace appcreate::mongotest
