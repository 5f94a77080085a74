// Many clients at once (docs/stores.md, "What a store promises").
#include <set>
#include <thread>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr int kClients = 64;

class Concurrency : public InEveryMode<Concurrency> {
  protected:
    // Each of kClients sends what `make` gives for its number, all at the same time.
    template <class Make>
    std::vector<Response> at_once(const Make &make) {
        std::vector<Response> answers(kClients);
        std::vector<std::thread> threads;
        threads.reserve(kClients);
        for (int i = 0; i < kClients; ++i) {
            threads.emplace_back([&, i] { answers[static_cast<std::size_t>(i)] = client().send(make(i)); });
        }
        for (std::thread &one : threads) {
            one.join();
        }
        return answers;
    }
    void expect_books_agree(const Organization &org, std::size_t records) {
        EXPECT_EQ(gateway().store().applications(org).size(), records);
        EXPECT_EQ(gateway().store().count(org), static_cast<std::int64_t>(records));
        const Outcome check = gateway().store().appctl({"check"});
        EXPECT_EQ(check.status, 0) << check.out << check.err;
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, Concurrency, kModes, mode_name);

TEST_P(Concurrency, OneNameBy64ClientsSucceedsWith64Slugs) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    std::set<std::string> slugs;
    std::set<std::string> ids;
    for (const Response &response :
         at_once([&](int) { return Gateway::request(org, key, R"({"name":"One name"})"); })) {
        const Json data = expect_created(response);
        slugs.insert(data.string("/slug"));
        ids.insert(data.string("/id"));
    }
    EXPECT_EQ(slugs.size(), static_cast<std::size_t>(kClients));
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(kClients));
    EXPECT_TRUE(slugs.contains("one-name"));
    // Where a server's answer comes too late its numbers are asked for again, and a hole stays (docs/api.md, "Slugs").
    if (store_kind() == StoreKind::sqlite) {
        EXPECT_TRUE(slugs.contains("one-name-2"));
    }
    expect_books_agree(org, kClients);
}

TEST_P(Concurrency, TenPlacesLeftAndSixtyFourClientsMakeTen) {
    const Organization org = gateway().store().organization({.limit = 10, .more = {}});
    const Key key = gateway().store().key(org);
    int made = 0;
    int refused = 0;
    for (const Response &response :
         at_once([&](int i) { return Gateway::request(org, key, R"({"name":"Place )" + std::to_string(i) + "\"}"); })) {
        if (response.status == 200) {
            ++made;
        } else {
            expect_error(response, 400, 5017, "Limit Exceeded");
            ++refused;
        }
    }
    EXPECT_EQ(made, 10);
    EXPECT_EQ(refused, kClients - 10);
    expect_books_agree(org, 10);
}

TEST_P(Concurrency, OneBadRequestOfABatchFailsAlone) {
    const Organization org = gateway().store().organization();
    const Organization full = gateway().store().organization({.limit = 0, .more = {}});
    const Key key = gateway().store().key(org);
    const Key full_key = gateway().store().key(full);
    const auto answers = at_once([&](int i) {
        switch (i % 4) {
            case 0:
                return Gateway::request(
                    org, key, R"({"name":"x","configuration":{"storageProvider":"507f1f77bcf86cd799439012"}})");
            case 1:
                return Gateway::request(full, full_key, R"({"name":"x"})");
            default:
                return Gateway::request(org, key, R"({"name":"x"})");
        }
    });
    for (int i = 0; i < kClients; ++i) {
        const Response &response = answers[static_cast<std::size_t>(i)];
        switch (i % 4) {
            case 0:
                expect_error(response, 400, 5060, "StorageProvider not found");
                break;
            case 1:
                expect_error(response, 400, 5017, "Limit Exceeded");
                break;
            default:
                expect_created(response);
        }
    }
    expect_books_agree(org, kClients / 2);
    expect_books_agree(full, 0);
}

TEST_P(Concurrency, EachClientGetsItsOwnAnswer) {
    const Organization org = gateway().store().organization();
    const Key key = gateway().store().key(org);
    const auto answers = at_once([&](int i) {
        return Gateway::request(org, key, R"({"name":"Mine","metadata":{"n":)" + std::to_string(i) + "}}");
    });
    for (int i = 0; i < kClients; ++i) {
        EXPECT_EQ(expect_created(answers[static_cast<std::size_t>(i)]).integer("/metadata/n"), i);
    }
}

TEST_P(Concurrency, ColdKeysOfManyOrganizationsAreLookedUpTogether) {
    std::vector<Organization> orgs;
    std::vector<Key> keys;
    for (int i = 0; i < 8; ++i) {
        orgs.push_back(gateway().store().organization());
        keys.push_back(gateway().store().key(orgs.back()));
    }
    for (const Response &response : at_once([&](int i) {
             const auto which = static_cast<std::size_t>(i % 8);
             return Gateway::request(orgs[which], keys[which], R"({"name":"Cold"})");
         })) {
        expect_created(response);
    }
    for (const Organization &org : orgs) {
        EXPECT_EQ(gateway().store().count(org), kClients / 8);
    }
}

}  // namespace
}  // namespace appcreate::test
