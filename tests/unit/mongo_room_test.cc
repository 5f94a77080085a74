// What a create costs in an organization that is full, or nearly: the same whatever its limit, and nothing to others.
// And records that come late, judged by an earlier limit.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "mongo/serve/write_loop.h"
#include "mongo_model.h"
#include "store_support.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

// Counts what is looked at, and is too slow for large steps.
class Watched final : public ModelServer {
  public:
    explicit Watched(Model &model) : ModelServer(model) {}
    std::int64_t count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) override {
        look(first, last);
        return ModelServer::count_places(organization, first, last);
    }
    std::vector<std::int64_t> taken_places(const ObjectId &organization, std::int64_t first,
                                           std::int64_t last) override {
        look(first, last);
        return ModelServer::taken_places(organization, first, last);
    }

    std::int64_t looked_at = 0;  // places
    std::int64_t most = INT64_MAX;

  private:
    void look(std::int64_t first, std::int64_t last) {
        if (last - first >= most) {
            throw mongo::ServerFailure(AC_EUNAVAILABLE, "too slow", static_cast<int>(mongo::kTooSlow),
                                       mongo::ServerFailure::Kind::kRefused);
        }
        looked_at += last - first + 1;
    }
};

// Another gateway is faster each time, with the very slug.
class Outrun final : public ModelServer {
  public:
    Outrun(Model &model, int times) : ModelServer(model), all_(model), times_(times) {}
    mongo::Inserted insert(std::span<const mongo::Draft *const> drafts) override {
        if (times_-- > 0) {
            Model::Document faster;
            faster.record.id = ObjectId::make();
            faster.record.organization = drafts.front()->plan->organization;
            faster.record.slug = drafts.front()->slug;
            faster.committed = true;
            all_.documents.push_back(faster);
        }
        return ModelServer::insert(drafts);
    }

  private:
    Model &all_;
    int times_;
};

class MongoRoom : public ::testing::Test {
  protected:
    MongoRoom() { model_.organizations[other_].history = {0}; }

    // All places of the limit are taken but these, as earlier versions left them.
    void fill(std::int64_t limit, const std::vector<std::int64_t> &free = {}) {
        Model::Organization &organization = model_.organizations[full_];
        organization.limit = limit;
        organization.next_place = limit;
        organization.history = {0};
        for (std::int64_t place = 1; place <= limit; ++place) {
            if (std::find(free.begin(), free.end(), place) != free.end()) continue;
            Model::Document document;
            document.record.id = ObjectId::make();
            document.record.organization = full_;
            document.record.slug = "taken-" + std::to_string(place);
            document.record.place = place;
            document.committed = true;
            document.version = 1;
            document.limit = limit;
            model_.documents.push_back(document);
        }
    }
    // What a create is answered that so many others outrun.
    int outrun(int times) {
        int code = 0;
        scheduler_.add([&] {
            Outrun server(model_, times);
            server.suffixes = &suffixes_;
            mongo::Writing writing;
            code = create(server, writing, other_);
        });
        scheduler_.run([] {});
        return code;
    }
    void act(const std::function<void(Watched &)> &steps) {
        scheduler_.add([&] {
            Watched server(model_);
            server.suffixes = &suffixes_;
            steps(server);
        });
        scheduler_.run([] {});
    }
    std::unique_ptr<Create> make(const ObjectId &organization, bool validate_only = false) {
        ac_key key{};
        organization.write_hex(key.organization);
        organization.write_hex(key.owner);
        key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
        Order sent;
        sent.body = R"({"name":"App )" + std::to_string(++names_) + "\"}";
        sent.validate_only = validate_only;
        return make_create(key, sent);
    }
    int create(ModelServer &server, mongo::Writing &writing, const ObjectId &organization, bool validate_only = false) {
        const auto create = make(organization, validate_only);
        Create *one = create.get();
        failure_ = writing.write(server, {&one, 1}, {server.now() + 3 * kSecondNs, false}, [](auto) {});
        return code_of(*create);
    }
    // The codes of creates, until one is another than 503.
    std::vector<int> insist(Watched &server, mongo::Writing &writing) {
        std::vector<int> codes;
        while (codes.empty() || (codes.back() == AC_CODE_DATABASE && codes.size() < 100)) {
            codes.push_back(create(server, writing, full_));
            EXPECT_FALSE(failure_) << "the store is well";
        }
        return codes;
    }
    Model &model() { return model_; }

    const ObjectId full_ = ObjectId::make();
    const ObjectId other_ = ObjectId::make();

  private:
    Scheduler scheduler_{1};
    Model model_{scheduler_};
    std::map<std::pair<ObjectId, std::string>, std::int64_t> suffixes_;
    std::optional<mongo::ServerFailure> failure_;
    int names_ = 0;
};

// It loses to others that win, so the store is well; and it ends, whatever they do.
TEST_F(MongoRoom, ACreateThatLosesManyTimesIsMadeAndOneThatAlwaysLosesIsRefused) {
    EXPECT_EQ(outrun(10), AC_CODE_OK);
    EXPECT_EQ(outrun(1'000'000), AC_CODE_DATABASE);
}

TEST_F(MongoRoom, ThatAnOrganizationIsFullIsFoundOutOnceByAllGateways) {
    fill(40'000);
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
        EXPECT_LE(server.looked_at, 3 * 40'000);
        for (const bool validate_only : {false, true}) {
            server.looked_at = 0;
            EXPECT_EQ(create(server, writing, full_, validate_only), AC_CODE_LIMIT);
            mongo::Writing another;
            EXPECT_EQ(create(server, another, full_, validate_only), AC_CODE_LIMIT);
            EXPECT_LE(server.looked_at, 2 * mongo::kWindow);
        }
    });
    EXPECT_EQ(model().organizations[full_].filled_to, 40'000);
}

TEST_F(MongoRoom, OneCreateLooksAtABoundedNumberOfPlacesAndNoneIsToldTheLimitTooEarly) {
    constexpr std::int64_t kLimit = 200'000;
    fill(kLimit, {150'001});
    act([this](Watched &server) {
        mongo::Writing writing;
        std::int64_t most = 0;
        std::vector<int> codes;
        do {
            server.looked_at = 0;
            codes.push_back(create(server, writing, full_));
            most = std::max(most, server.looked_at);
        } while (codes.back() == AC_CODE_DATABASE && codes.size() < 20);
        EXPECT_EQ(codes.back(), AC_CODE_OK);
        EXPECT_GT(codes.size(), 1U);
        EXPECT_LE(most, 5 * 3 * mongo::kSpan);
        EXPECT_EQ(insist(server, writing).back(), AC_CODE_LIMIT);
    });
    EXPECT_EQ(model().count(full_), static_cast<std::size_t>(kLimit));
    EXPECT_EQ(model().organizations[full_].filled_to, kLimit);
}

// What earlier holes cost is not looked at again for each create that fills one.
TEST_F(MongoRoom, FillingHolesCostsNoSearchForEach) {
    std::vector<std::int64_t> free;
    for (std::int64_t place = 30'001; place <= 30'100; ++place) free.push_back(place);
    fill(50'000, free);
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        server.looked_at = 0;
        for (int i = 0; i < 16; ++i) EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        EXPECT_EQ(server.looked_at, 0);
        for (int i = 0; i < 83; ++i) EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        EXPECT_LE(server.looked_at, 83 / 16 * 3 * mongo::kSpan) << "a bounded search for each 16";
        EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
    });
}

TEST_F(MongoRoom, ValidationLooksAtOneWindow) {
    fill(0);
    model().organizations[full_].limit = 1'000'000;
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_, true), AC_CODE_OK);
        EXPECT_LE(server.looked_at, mongo::kWindow);
    });
}

TEST_F(MongoRoom, OthersOfTheBatchDoNotWaitForASearch) {
    fill(40'000);
    act([this](Watched &server) {
        mongo::Writing writing;
        const auto refused = make(full_);
        const auto made = make(other_);
        const std::vector<Create *> batch{refused.get(), made.get()};
        std::int64_t looked_before = -1;
        writing.write(server, batch, {server.now() + 3 * kSecondNs, false}, [&](std::span<Create *const> done) {
            if (std::find(done.begin(), done.end(), made.get()) != done.end()) looked_before = server.looked_at;
        });
        EXPECT_EQ(code_of(*made), AC_CODE_OK);
        EXPECT_EQ(code_of(*refused), AC_CODE_LIMIT);
        EXPECT_EQ(looked_before, 0);
    });
}

TEST_F(MongoRoom, AServerThatIsTooSlowForAStepHoldsNobodyElseAndIsAskedForLess) {
    fill(20'000);
    act([this](Watched &server) {
        server.most = 1'000;
        mongo::Writing writing;
        const auto refused = make(full_);
        const auto made = make(other_);
        const std::vector<Create *> batch{refused.get(), made.get()};
        EXPECT_FALSE(writing.write(server, batch, {server.now() + 3 * kSecondNs, false}, [](auto) {}));
        EXPECT_EQ(code_of(*made), AC_CODE_OK);
        EXPECT_EQ(code_of(*refused), AC_CODE_DATABASE);
        EXPECT_EQ(insist(server, writing).back(), AC_CODE_LIMIT);
    });
}

// No gateway deletes; whoever does, need not know of what is remembered.
TEST_F(MongoRoom, APlaceThatWasFreedByHandIsFound) {
    fill(1'000);
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
        for (const bool is_cold : {false, true}) {
            model().documents.erase(model().documents.begin() + 500);
            mongo::Writing cold;
            EXPECT_EQ(create(server, is_cold ? cold : writing, full_), AC_CODE_OK);
            EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
        }
    });
    EXPECT_EQ(model().count(full_), 1'000U);
}

TEST_F(MongoRoom, APlaceThatWasFreedByHandAmongVeryManyIsFoundAfterAWhile) {
    fill(10 * mongo::kWindow);
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
        model().documents.erase(model().documents.begin() + 5'000);
        int code = AC_CODE_LIMIT;
        for (int i = 0; i < 1'000 && code == AC_CODE_LIMIT; ++i) code = create(server, writing, full_);
        EXPECT_EQ(code, AC_CODE_OK);
    });
}

// A counter that went on while workers left places behind comes back to them before it is at the limit.
TEST_F(MongoRoom, WhatWasLeftFarBehindTheCounterIsFilledOnTheWay) {
    fill(20'000, {7, 8});
    model().organizations[full_].limit = 1'000'000;
    act([this](Watched &server) {
        mongo::Writing writing;
        for (int i = 0; i < 40; ++i) EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
    });
    EXPECT_GE(model().organizations[full_].filled_to, 10'000);
}

// ---- late records

class MongoLate : public MongoRoom {
  protected:
    // It was judged when there was no limit, and arrives now.
    void arrive() {
        Model::Document late;
        late.record.id = ObjectId::make();
        late.record.organization = full_;
        late.record.slug = "late-" + late.record.id.hex();
        late.version = 0;
        late.committed = true;
        ASSERT_EQ(model().land(late), mongo::Verdict::kInserted);
        model().commit();
    }
};

TEST_F(MongoLate, ARecordIsCountedHoweverLateItComes) {
    fill(0);
    model().organizations[full_].limit.reset();
    model().set_limit(full_, 3);
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        model().clock += 3'600 * kSecondNs;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        model().clock += 3'600 * kSecondNs;
        arrive();
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
            EXPECT_EQ(model().count(full_), 3U);
        }
    });
}

TEST_F(MongoLate, ARecordThatComesLateMovesInside) {
    fill(0);
    model().organizations[full_].limit.reset();
    model().set_limit(full_, 3);
    act([this](Watched &server) {
        mongo::Writing writing;
        EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        model().clock += 3'600 * kSecondNs;
        arrive();
        EXPECT_EQ(create(server, writing, full_), AC_CODE_OK);
        EXPECT_EQ(create(server, writing, full_), AC_CODE_LIMIT);
    });
    for (const Model::Document &one : model().documents) EXPECT_TRUE(one.record.place);
}

}  // namespace
}  // namespace appcreate::test
