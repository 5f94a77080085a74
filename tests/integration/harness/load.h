// Clients that create without a pause, and remember what was acknowledged.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway.h"

namespace appcreate::test {

class Load {
  public:
    // until_answered: a request that got no answer, or a 503, is repeated with its Idempotency-Key until it has a 200.
    // once: its client ends.
    enum class Policy { until_answered, once };

    Load(Gateway &gateway, Organization organization, Key key, int clients, Policy policy);
    Load(const Load &) = delete;
    Load &operator=(const Load &) = delete;
    ~Load();

    // Waits until `n` more creates are acknowledged; false when that takes too long.
    bool advance(std::size_t n);
    // Lets every client finish its request.
    void stop();
    // Waits until every client has ended by itself.
    void join();

    // Ids of the applications that were acknowledged, one for each request.
    [[nodiscard]] std::vector<std::string> acknowledged() const;
    // Answers that were neither 200 nor repeated.
    [[nodiscard]] std::vector<std::string> surprises() const;
    // Answers of 503 that were repeated.
    [[nodiscard]] std::size_t unavailable() const { return unavailable_; }

  private:
    void run(int number);
    bool create(Client &client, const Request &request);

    Gateway &gateway_;
    Organization organization_;
    Key key_;
    Policy policy_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> unavailable_{0};
    mutable std::mutex mutex_;
    std::vector<std::string> acknowledged_;
    std::vector<std::string> surprises_;
    std::vector<std::thread> threads_;
};

// Every acknowledged application is there, exactly once, and nothing else is; the books of the store agree.
void expect_exactly(Gateway &gateway, const Organization &organization, const std::vector<std::string> &acknowledged);
// The same of another store than the gateway's.
void expect_exactly(const Store &store, const Organization &organization, const std::vector<std::string> &acknowledged);

}  // namespace appcreate::test
