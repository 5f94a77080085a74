// Places of large limits: looked for in steps whose cost has a bound. Limits of the property test fit into one read.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "mongo/create/places.h"
#include "mongo_model.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kLimit = 10'000;
constexpr std::int64_t kWindowed = 100;  // looked at in one read

class MongoPlaces : public ::testing::Test {
  protected:
    // All places of the limit are taken but these, and so are some beyond it.
    void take_all_but(const std::vector<std::int64_t> &free) {
        model_.documents.clear();
        for (std::int64_t place = 1; place <= kLimit + 10; ++place) {
            if (std::find(free.begin(), free.end(), place) != free.end()) continue;
            Model::Document document;
            document.record.organization = organization_;
            document.record.place = place;
            document.committed = true;
            model_.documents.push_back(document);
        }
    }
    // In ascending order.
    std::vector<std::int64_t> found(std::size_t wanted) {
        std::vector<std::int64_t> out;
        act([&](ModelServer &server) {
            mongo::PlaceSearch search(organization_, 0, kLimit);
            while (!search.is_over() && search.free().size() < wanted) search.step(server);
            out = search.free();
        });
        return out;
    }

    // Runs alone.
    void act(const std::function<void(ModelServer &)> &steps) {
        scheduler_.add([&] {
            ModelServer server(model_);
            steps(server);
        });
        scheduler_.run([] {});
    }
    // As a gateway read it when the limit had been changed so often.
    [[nodiscard]] mongo::Plan plan(std::int64_t limit, std::int64_t version = 1) const {
        mongo::Plan out;
        out.organization = organization_;
        out.limit = limit;
        out.limit_version = version;
        out.settled_version = version;
        return out;
    }
    static std::vector<std::int64_t> take(mongo::Places &places, ModelServer &server, const mongo::Plan &plan,
                                          std::size_t wanted) {
        return places.take(server, plan, wanted, {}, true).places;
    }
    Model &model() { return model_; }

  private:
    Scheduler scheduler_{1};
    Model model_{scheduler_};
    const ObjectId organization_ = ObjectId::make();
};

using PlaceNumbers = std::vector<std::int64_t>;

TEST_F(MongoPlaces, TheOnlyOneIsFoundWhereverItIs) {
    // Ends and middles of the halves.
    for (const std::int64_t free :
         {1, 2, 1'250, 1'251, 2'048, 2'500, 2'501, 4'999, 5'000, 5'001, 7'500, 9'999, 10'000}) {
        take_all_but({free});
        EXPECT_EQ(found(1), PlaceNumbers{free});
        EXPECT_EQ(found(3), PlaceNumbers{free});
    }
}

TEST_F(MongoPlaces, NoneIsFoundBeyondTheLimit) {
    take_all_but({kLimit + 1, kLimit + 2});
    EXPECT_EQ(found(1), PlaceNumbers());
}

TEST_F(MongoPlaces, AsManyAreFoundAsAreWantedAndEachOnce) {
    const PlaceNumbers free = {1, 1'250, 1'251, 5'000, 5'001, 9'999, 10'000};
    take_all_but(free);
    EXPECT_EQ(found(100), free);
    EXPECT_EQ(found(free.size()), free);
    EXPECT_EQ(found(4), (PlaceNumbers{1, 1'250, 1'251, 5'000, 5'001})) << "a window as a whole";
}

TEST_F(MongoPlaces, OneThatIsGivenBackIsTheNext) {
    act([this](ModelServer &server) {
        mongo::Places places;
        const PlaceNumbers first = take(places, server, plan(100), 2);
        ASSERT_EQ(first, (PlaceNumbers{1, 2}));
        places.give_back(plan(100), 2);
        EXPECT_EQ(take(places, server, plan(100), 2), (PlaceNumbers{2, 3}));
    });
}

// A pool adds a connection: whoever asks next has a plan that was read over it.
TEST_F(MongoPlaces, WhatLiesAtHandIsGivenOnWhenAConnectionIsAdded) {
    act([this](ModelServer &server) {
        mongo::Places places;
        EXPECT_EQ(take(places, server, plan(100), 2), (PlaceNumbers{1, 2}));
        places.give_back(plan(100), 2);
        mongo::Plan anew = plan(100);
        anew.since = 1;
        EXPECT_EQ(take(places, server, anew, 2), (PlaceNumbers{2, 3})) << "none of them twice, and no other block";
        EXPECT_EQ(take(places, server, plan(100), 1), PlaceNumbers{4}) << "by a batch whose plan is older";
        EXPECT_EQ(model().organizations[plan(100).organization].next_place, 16) << "the counter was asked once";
    });
}

// What collided before collides over a new connection too.
TEST_F(MongoPlaces, ThatTheCounterIsBehindIsNotForgottenWhenAConnectionIsAdded) {
    act([this](ModelServer &server) {
        PlaceNumbers free;
        for (std::int64_t place = 9'001; place <= kLimit; ++place) free.push_back(place);
        take_all_but(free);
        mongo::Places places;
        EXPECT_EQ(take(places, server, plan(kLimit), 1), PlaceNumbers{1});
        places.collided(plan(kLimit).organization);
        mongo::Plan anew = plan(kLimit);
        anew.since = 1;
        EXPECT_EQ(take(places, server, anew, 1), PlaceNumbers{9'001});
    });
}

// Runs `then` when places have been counted once.
class ChangesMeanwhile final : public ModelServer {
  public:
    ChangesMeanwhile(Model &model, std::function<void()> then) : ModelServer(model), then_(std::move(then)) {}
    std::int64_t count_places(const ObjectId &organization, std::int64_t first, std::int64_t last) override {
        const std::int64_t n = ModelServer::count_places(organization, first, last);
        if (then_) std::exchange(then_, nullptr)();
        return n;
    }

  private:
    std::function<void()> then_;
};

constexpr std::int64_t kAnyWindow[] = {1'000, 3'000, 5'000, 7'000, 9'000};

// They were all taken on the server that was there before.
TEST_F(MongoPlaces, WhatASearchSawBeforeAConnectionWasMadeIsNotRemembered) {
    act([this](ModelServer &server) {
        mongo::Places places;
        model().organizations[plan(kLimit).organization].next_place = kLimit;
        for (const std::int64_t free : kAnyWindow) {
            take_all_but({});
            ChangesMeanwhile changing(model(), [this, free] {
                take_all_but({free});
                ++model().connected_at;
            });
            EXPECT_EQ(take(places, changing, plan(kLimit), 1), PlaceNumbers());
            EXPECT_EQ(take(places, server, plan(kLimit), 1), PlaceNumbers{free});
        }
    });
}

TEST_F(MongoPlaces, WhatABatchOfAnEarlierConnectionSeesIsNotRemembered) {
    act([this](ModelServer &server) {
        mongo::Places places;
        mongo::Plan anew = plan(kLimit);
        anew.since = 1;
        model().organizations[anew.organization].next_place = kLimit;
        for (const std::int64_t free : kAnyWindow) {
            take_all_but({free});
            EXPECT_EQ(take(places, server, anew, 1), PlaceNumbers{free});
            take_all_but({});
            EXPECT_EQ(take(places, server, plan(kLimit), 1), PlaceNumbers());
        }
    });
}

// An older copy: what was full has room. No window is taken by chance to find that out.
TEST_F(MongoPlaces, ThatAllAreTakenIsForgottenWhenAConnectionIsAdded) {
    act([this](ModelServer &server) {
        mongo::Places places;
        mongo::Plan known = plan(kLimit);
        model().organizations[known.organization].next_place = kLimit;
        for (const std::int64_t free : kAnyWindow) {
            take_all_but({});
            EXPECT_EQ(take(places, server, known, 1), PlaceNumbers());
            take_all_but({free});
            ++known.since;
            EXPECT_EQ(take(places, server, known, 1), PlaceNumbers{free});
        }
    });
}

// It is a place of another limit.
TEST_F(MongoPlaces, OneOfAnEarlierLimitIsNotGivenBack) {
    act([this](ModelServer &server) {
        mongo::Places places;
        EXPECT_EQ(take(places, server, plan(100, 1), 1), PlaceNumbers{1});
        EXPECT_EQ(take(places, server, plan(200, 2), 1), PlaceNumbers{17}) << "of the counter's next block";
        places.give_back(plan(100, 1), 1);
        EXPECT_EQ(take(places, server, plan(200, 2), 1), PlaceNumbers{18});
    });
}

TEST_F(MongoPlaces, AfterACollisionTheRestOfItsBlockIsNotTried) {
    act([this](ModelServer &server) {
        mongo::Places places;
        EXPECT_EQ(take(places, server, plan(100), 1), PlaceNumbers{1});
        places.collided(plan(100).organization);
        EXPECT_EQ(take(places, server, plan(100), 1), PlaceNumbers{17});
    });
}

TEST_F(MongoPlaces, AfterACollisionTheCounterIsRaisedToTheHighestPlaceThatIsTaken) {
    act([this](ModelServer &server) {
        PlaceNumbers free;
        for (std::int64_t place = 9'001; place <= kLimit; ++place) free.push_back(place);
        take_all_but(free);
        mongo::Places places;
        EXPECT_EQ(take(places, server, plan(kLimit), 1), PlaceNumbers{1});
        places.collided(plan(kLimit).organization);
        EXPECT_EQ(take(places, server, plan(kLimit), 1), PlaceNumbers{9'001});
        EXPECT_EQ(model().organizations[plan(kLimit).organization].next_place, 9'016);
    });
}

// A batch that still has an earlier, higher limit fills up what is at hand; the next one has the limit of now.
TEST_F(MongoPlaces, WhatABatchWithAnEarlierLimitLeavesIsNotGivenBeyondTheLimit) {
    act([this](ModelServer &server) {
        mongo::Places places;
        EXPECT_EQ(take(places, server, plan(2, 2), 1), PlaceNumbers{1});
        model().organizations[plan(2).organization].next_place = 0;
        EXPECT_EQ(take(places, server, plan(100, 1), 2).size(), 2U);
        for (const std::int64_t place : take(places, server, plan(2, 2), 4)) EXPECT_LE(place, 2);
    });
}

// A place becomes free right after all were seen to be taken.
class FreesOneAfterwards final : public ModelServer {
  public:
    FreesOneAfterwards(Model &model, std::int64_t place) : ModelServer(model), model_(model), place_(place) {}
    PlaceNumbers taken_places(const ObjectId &organization, std::int64_t first, std::int64_t last) override {
        PlaceNumbers out = ModelServer::taken_places(organization, first, last);
        std::erase_if(model_.documents, [this](const Model::Document &one) { return one.record.place == place_; });
        return out;
    }

  private:
    Model &model_;
    const std::int64_t place_;
};

// Taking it would leave more records than the limit.
TEST_F(MongoPlaces, WhatBecomesFreeBelongsToThoseOutside) {
    act([this](ModelServer &) {
        take_all_but({});
        model().organizations[plan(kWindowed).organization].next_place = kWindowed;
        FreesOneAfterwards server(model(), 7);
        mongo::Places places;
        mongo::Plan changed = plan(kWindowed);
        changed.settled_version = 0;
        EXPECT_EQ(take(places, server, changed, 1), PlaceNumbers());
    });
}

}  // namespace
}  // namespace appcreate::test
