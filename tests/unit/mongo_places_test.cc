// Free places of large limits: counted in halves, then read. Limits of the property test fit into one read.
#include <gtest/gtest.h>

#include <algorithm>

#include "mongo/places.h"
#include "mongo_model.h"

namespace appcreate::test {
namespace {

constexpr std::int64_t kLimit = 10'000;

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
        scheduler_.add([&] {
            ModelServer server(model_);
            out = mongo::find_free_places(server, organization_, kLimit, wanted);
        });
        scheduler_.run([] {});
        std::sort(out.begin(), out.end());
        return out;
    }

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
    const PlaceNumbers some = found(4);
    EXPECT_EQ(some.size(), 4U);
    EXPECT_TRUE(std::includes(free.begin(), free.end(), some.begin(), some.end()));
    EXPECT_EQ(std::adjacent_find(some.begin(), some.end()), some.end());
}

}  // namespace
}  // namespace appcreate::test
