#include "load.h"

#include <gtest/gtest.h>

#include <set>

namespace appcreate::test {

Load::Load(Gateway &gateway, Organization organization, Key key, int clients, Policy policy)
    : gateway_(gateway), organization_(std::move(organization)), key_(std::move(key)), policy_(policy) {
    threads_.reserve(static_cast<std::size_t>(clients));
    for (int i = 0; i < clients; ++i) {
        threads_.emplace_back([this, i] { run(i); });
    }
}

Load::~Load() { stop(); }

void Load::run(int number) {
    Client client = gateway_.client();
    for (int i = 0; !stopping_; ++i) {
        Request request = Gateway::request(organization_, key_, R"({"name":"Load )" + std::to_string(number) + "\"}");
        request.headers.emplace_back("Idempotency-Key", std::to_string(number) + "-" + std::to_string(i));
        if (!create(client, request)) {
            return;
        }
    }
}

bool Load::create(Client &client, const Request &request) {
    for (;;) {
        const std::optional<Response> response = client.try_send(request);
        if (response && response->status == 200) {
            const std::string id = Json::parse(response->body).string("/data/id");
            const std::lock_guard lock(mutex_);
            acknowledged_.push_back(id);
            return true;
        }
        if (response && response->status != 503) {
            const std::lock_guard lock(mutex_);
            surprises_.push_back(std::to_string(response->status) + " " + response->body);
            return false;
        }
        if (policy_ == Policy::once) {
            if (response) {
                const std::lock_guard lock(mutex_);
                surprises_.push_back(response->body);
            }
            return false;
        }
        unavailable_ += response ? 1 : 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

bool Load::advance(std::size_t n) {
    const std::size_t target = acknowledged().size() + n;
    return eventually([&] { return acknowledged().size() >= target; }, std::chrono::seconds(60));
}

void Load::stop() {
    stopping_ = true;
    join();
}

void Load::join() {
    for (std::thread &one : threads_) {
        if (one.joinable()) {
            one.join();
        }
    }
}

std::vector<std::string> Load::acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
}

std::vector<std::string> Load::surprises() const {
    const std::lock_guard lock(mutex_);
    return surprises_;
}

void expect_exactly(Gateway &gateway, const Organization &organization, const std::vector<std::string> &acknowledged) {
    expect_exactly(gateway.store(), organization, acknowledged);
}

void expect_exactly(const Store &store, const Organization &organization,
                    const std::vector<std::string> &acknowledged) {
    const std::set<std::string> wanted(acknowledged.begin(), acknowledged.end());
    EXPECT_EQ(wanted.size(), acknowledged.size()) << "one application was acknowledged twice";
    std::set<std::string> found;
    std::set<std::string> slugs;
    for (const Json &one : store.applications(organization)) {
        EXPECT_TRUE(found.insert(one.string("/id")).second) << one.string("/id") << " is listed twice";
        EXPECT_TRUE(slugs.insert(one.string("/slug")).second) << one.string("/slug") << " is there twice";
    }
    for (const std::string &id : wanted) {
        EXPECT_TRUE(found.contains(id)) << id << " was acknowledged and is not there";
    }
    EXPECT_EQ(found.size(), wanted.size()) << "applications that nobody was told of";
    EXPECT_EQ(store.count(organization), static_cast<std::int64_t>(found.size()));
    const Outcome check = store.appctl({"check"});
    EXPECT_EQ(check.status, 0) << check.out << check.err;
}

}  // namespace appcreate::test
