// app_create_limit is exact over all workers, and over reloads (docs/directives.md, "app_create_limit").
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "harness/answers.h"
#include "harness/limits.h"
#include "harness/metrics.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kGood = R"({"name":"x"})";

// How many a limit of one a minute may have taken: exact, unless the machine takes minutes for it.
class Minutes {
  public:
    std::size_t passed() const {
        const auto elapsed = std::chrono::steady_clock::now() - start_;
        return static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::minutes>(elapsed).count());
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class LimitOverWorkers : public OwnGateway {
  protected:
    static constexpr int kClients = 16;
    static constexpr int kEach = 8;

    static GatewayOptions options(const std::string &limits) {
        GatewayOptions options;
        options.workers = 4;
        options.location = limits;
        options.server = kWatching;
        return options;
    }
    // The statuses of what many clients send at once, each on connections of its own.
    std::map<int, std::size_t> storm(const std::function<Request(int)> &make) {
        std::vector<std::vector<int>> found(kClients);
        std::vector<std::thread> threads;
        threads.reserve(kClients);
        for (int i = 0; i < kClients; ++i) {
            threads.emplace_back([&, i] {
                for (int k = 0; k < kEach; ++k) {
                    found[static_cast<std::size_t>(i)].push_back(gateway().client().send(make(i)).status);
                }
            });
        }
        for (std::thread &one : threads) {
            one.join();
        }
        std::map<int, std::size_t> statuses;
        for (const auto &some : found) {
            for (const int status : some) {
                ++statuses[status];
            }
        }
        return statuses;
    }
    std::map<int, std::size_t> storm() {
        return storm([&](int) { return gateway().request(kGood); });
    }
};

TEST_F(LimitOverWorkers, FourWorkersTakeExactlyWhatIsAllowed) {
    make(options("app_create_limit key=$app_create_key rate=1r/m burst=19;")).start();
    const Minutes minutes;
    const auto statuses = storm();
    const std::size_t taken = statuses.at(200);
    EXPECT_GE(taken, 20U);
    EXPECT_LE(taken, 20 + minutes.passed());
    EXPECT_EQ(taken + statuses.at(429), static_cast<std::size_t>(kClients * kEach));
    EXPECT_EQ(gateway().store().count(gateway().organization()), static_cast<std::int64_t>(taken));
    EXPECT_EQ(metrics_of(gateway()).at("app_create_limit_refusals_total{limit=\"app_create_key\"}"),
              static_cast<double>(statuses.at(429)));
    // One line for all of them, and all workers.
    EXPECT_EQ(lines_with(gateway().log_of_test(), "is reached").size(), 1U);
    EXPECT_NE(gateway().log_of_test().find("app_create_limit \"app_create_key\" is reached"), std::string::npos);
}

TEST_F(LimitOverWorkers, NothingIsLostWhereOneOfTwoRefuses) {
    // Each client has a limit of its own, all have one together; neither may pay for what the other refuses.
    make(options("app_create_limit key=$http_x_client rate=1r/m burst=3 zone=own:64k;"
                 "app_create_limit key=all rate=1r/m burst=39 zone=all:64k;"))
        .start();
    const Minutes minutes;
    const auto statuses = storm([&](int client) {
        Request request = gateway().request(kGood);
        set_header(request.headers, "X-Client", std::to_string(client));
        return request;
    });
    // 16 clients could have 4 each: the limit of all decides, and is used up.
    EXPECT_GE(statuses.at(200), 40U);
    EXPECT_LE(statuses.at(200), 40 + minutes.passed());
    EXPECT_EQ(gateway().store().count(gateway().organization()), static_cast<std::int64_t>(statuses.at(200)));
}

TEST_F(LimitOverWorkers, ReloadKeepsWhatWasCounted) {
    const Minutes minutes;
    GatewayOptions limited = options("app_create_limit key=$app_create_key rate=1r/m burst=4;");
    make(limited).start();
    EXPECT_GE(storm().at(200), 5U);
    gateway().reload_with(limited);
    EXPECT_LE(storm()[200], minutes.passed());
    // What a reload changes holds for what was counted before.
    limited.location = "app_create_limit key=$app_create_key rate=1r/m burst=9;";
    gateway().reload_with(limited);
    EXPECT_GE(storm()[200], 5U);
    limited.location = "app_create_limit key=$app_create_key rate=1000000r/m burst=9;";
    gateway().reload_with(limited);
    EXPECT_TRUE(eventually([&] { return gateway().client().send(gateway().request(kGood)).status == 200; }));
    // Another key under the same name begins anew.
    limited.location = "app_create_limit key=$app_create_key$http_x_none rate=1r/m burst=4 zone=app_create_key:1m;";
    gateway().reload_with(limited);
    EXPECT_GE(storm()[200], 5U);
}

TEST_F(LimitOverWorkers, FullZoneForgetsTheOldest) {
    make(options("app_create_limit key=$http_x_test rate=1r/m zone=small:32k;")).start();
    Client client = gateway().client();
    const auto send = [&](int number) {
        Request request = gateway().request(kGood);
        request.path += "?validateOnly=true";
        set_header(request.headers, "X-Test", std::to_string(number));
        return client.send(request).status;
    };
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(send(i), 200) << i;
    }
    const Metrics metrics = metrics_of(gateway());
    const double kept = metrics.at("app_create_limit_keys{limit=\"small\"}");
    EXPECT_GE(kept, 50);
    const double evicted = metrics.at("app_create_limit_evictions_total{limit=\"small\"}");
    EXPECT_GE(evicted, 1);
    // Those that count no more go by themselves.
    EXPECT_LE(kept + evicted, 300);
    EXPECT_EQ(send(299), 429);
    EXPECT_EQ(send(0), 200);
    EXPECT_EQ(lines_with(gateway().log_of_test(), "has more keys than there is room for").size(), 1U);
}

TEST_F(LimitOverWorkers, ARetryAfterIsNoEarlierThanTheLimitAllows) {
    // Keys are looked up while nobody can write.
    if (store_kind() != StoreKind::sqlite) GTEST_SKIP() << "a server that is stopped finds no keys";
    GatewayOptions limited = options("app_create_limit key=$app_create_key rate=1r/m;");
    limited.server = R"(
        location ~ ^/free/(?<org_f>[^/]*)\z { app_create $org_f; app_create_limit key=$http_x_none rate=1r/m; }
        location ~ ^/wide/(?<org_w>[^/]*)\z {
            app_create $org_w; app_create_limit key=$app_create_key rate=1r/m burst=5 zone=wide:64k;
        }
    )";
    make(limited).start();
    const auto send = [&](const std::string &path) {
        Request request = gateway().request(kGood);
        request.path = path + gateway().organization().id;
        return gateway().client().send(request);
    };
    const auto lock = gateway().store().lock();
    const Response response = send("/v1/organizations/" + gateway().organization().id + "/apps?");
    expect_error(response, 503, 3002, "Database Error");
    EXPECT_EQ(room(response, "app_create_key"), 0);
    EXPECT_NE(response.header("RateLimit").find(";t=" + response.header("Retry-After")), std::string::npos)
        << response.header("RateLimit") << ", Retry-After: " << response.header("Retry-After");
    EXPECT_GT(std::stoi(response.header("Retry-After")), 1);
    expect_database_error(send("/free/"));
    // Where there is room for more, it is the window that ends no later.
    const Response wide = send("/wide/");
    expect_database_error(wide);
    EXPECT_EQ(wide.header("RateLimit"), R"("wide";r=5;t=1)");
}

}  // namespace
}  // namespace appcreate::test
