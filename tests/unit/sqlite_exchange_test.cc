// Creates that processes hand each other: what becomes of each, whoever dies on the way.
#include "sqlite/serve/exchange.h"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "request/parcel.h"
#include "sqlite_support.h"
#include "support/shared_memory.h"

namespace appcreate::test {
namespace {

using sqlite::Exchange;
using Lane = Exchange::Lane;
using Combiner = Exchange::Combiner;

constexpr std::size_t kMany = 64;

class ExchangeOfHost : public SharedMemory {
  public:
    ExchangeOfHost() : SharedMemory(AC_EXCHANGE_SIZE) { sqlite::init_exchange(get()); }
};

ac_key some_key() {
    ac_key key{};
    key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    std::memcpy(key.id, "507f1f77bcf86cd799439011", 24);
    std::memcpy(key.organization, "507f1f77bcf86cd799439012", 24);
    std::memcpy(key.owner, "507f1f77bcf86cd799439013", 24);
    return key;
}

std::unique_ptr<Create> create_named(std::string_view name) {
    std::unique_ptr<Create> create = named(some_key(), name);
    create->deadline = in_ms(60'000);
    return create;
}

void answer_all(std::span<Create *const> creates) {
    for (Create *create : creates) {
        create->answer_buffer() = "answer of " + create->application().name;
        create->created(*create->chosen_id(), create->application().slug);
        create->set_batch(static_cast<std::uint32_t>(creates.size()), 5);
    }
}

std::size_t take(Combiner &combiner, std::vector<Create *> &out) {
    out.resize(kMany);
    out.resize(combiner.take(out, kBatchBytes));
    return out.size();
}

class SqliteExchange : public testing::Test {
  protected:
    void post(Lane &lane, Create &create) {
        lane.reserve(1);
        ASSERT_TRUE(lane.post(create));
    }
    // What somebody does who dies while he is the combiner.
    void die_as_combiner(const std::function<void(Combiner &, std::vector<Create *> &)> &work) {
        Child child([&] {
            Combiner combiner(exchange_);
            std::vector<Create *> taken;
            if (!combiner.exists() || take(combiner, taken) == 0) return 1;
            work(combiner, taken);
            return kill(getpid(), SIGKILL);
        });
        ASSERT_EQ(child.wait(), kKilled);
    }

    ExchangeOfHost memory_;
    Exchange exchange_{memory_.get()};
};

TEST(Parcel, CarriesAllThatTheStoreReads) {
    const std::unique_ptr<Create> create = make_create(some_key(), {R"({"name":" Café 1 ","metadata":{"a":[1,2]},)"
                                                                    R"("configuration":{"notificationLanguage":"de"},)"
                                                                    R"("storageProvider":"507f1f77bcf86cd799439014"})",
                                                                    "key-1", false});
    ASSERT_TRUE(create->choose_id());
    std::vector<std::byte> bytes(4096);
    const std::size_t size = Parcel::pack(*create, bytes);
    ASSERT_GT(size, 0U);
    const std::unique_ptr<Create> other = Parcel::unpack(std::span(bytes).first(size));
    ASSERT_NE(other, nullptr);
    EXPECT_TRUE(other->is_ready());
    EXPECT_EQ(other->application().name, create->application().name);
    EXPECT_EQ(other->application().metadata, create->application().metadata);
    EXPECT_EQ(other->application().scripts, create->application().scripts);
    EXPECT_EQ(other->application().slug, create->application().slug);
    EXPECT_EQ(other->application().language, create->application().language);
    EXPECT_EQ(other->application().provider, create->application().provider);
    EXPECT_EQ(other->request(), create->request());
    EXPECT_EQ(other->fingerprint(), create->fingerprint());
    EXPECT_EQ(other->chosen_id(), create->chosen_id());
    EXPECT_EQ(std::memcmp(&other->key(), &create->key(), sizeof(ac_key)), 0);
    EXPECT_FALSE(other->validate_only());
    // Nothing is made of bytes that lack some.
    for (std::size_t n = 0; n < size; n++) EXPECT_EQ(Parcel::unpack(std::span(bytes).first(n)), nullptr);
    // Nothing is packed where there is no room.
    EXPECT_EQ(Parcel::pack(*create, std::span(bytes).first(size - 1)), 0U);
}

TEST(Parcel, CarriesEachKindOfOutcome) {
    std::vector<std::byte> bytes(4096);
    const auto carried = [&](const std::function<void(Create &)> &outcome) {
        const std::unique_ptr<Create> theirs = create_named("Fox");
        EXPECT_TRUE(theirs->choose_id());
        outcome(*theirs);
        theirs->set_batch(7, 99);
        const std::size_t size = Parcel::pack_outcome(*theirs, bytes);
        EXPECT_GT(size, 0U);
        for (std::size_t n = 0; n < size; n++) {
            const std::unique_ptr<Create> none = create_named("Fox");
            EXPECT_FALSE(Parcel::unpack_outcome(std::span(bytes).first(n), *none));
            EXPECT_FALSE(none->answered());
        }
        std::unique_ptr<Create> ours = create_named("Fox");
        EXPECT_TRUE(Parcel::unpack_outcome(std::span(bytes).first(size), *ours));
        EXPECT_EQ(answer_body(*ours), answer_body(*theirs));
        EXPECT_EQ(code_of(*ours), code_of(*theirs));
        EXPECT_EQ(ours->answer().status, theirs->answer().status);
        EXPECT_EQ(ours->answer().flags, theirs->answer().flags);
        EXPECT_EQ(ours->answer().retry_after, theirs->answer().retry_after);
        EXPECT_EQ(slug_of(*ours), slug_of(*theirs));
        EXPECT_EQ(id_of(*ours), id_of(*theirs));
        EXPECT_EQ(ours->facts().batch, 7U);
        EXPECT_EQ(ours->facts().store_us, 99U);
    };
    carried([](Create &create) {
        create.answer_buffer() = "{}";
        create.created(*create.chosen_id(), "fox-2");
    });
    carried([](Create &create) {
        create.answer_buffer() = "{}";
        create.would_create("fox");
    });
    carried([](Create &create) { create.replayed("the same as then"); });
    carried([](Create &create) { create.violate("of the whole"); });
    for (const int code : {AC_CODE_DATABASE, AC_CODE_LIMIT, AC_CODE_PROVIDER, AC_CODE_KEY_REUSED, AC_CODE_NOT_FOUND}) {
        carried([code](Create &create) { create.refuse(code); });
    }
}

TEST_F(SqliteExchange, WhatIsPostedComesBackAnswered) {
    Lane lane(exchange_);
    Lane other(exchange_);
    const std::unique_ptr<Create> first = create_named("First");
    const std::unique_ptr<Create> second = create_named("Second");
    const std::unique_ptr<Create> third = create_named("Third");
    post(lane, *first);
    post(other, *second);
    post(lane, *third);
    EXPECT_TRUE(lane.waiting_since());
    Combiner combiner(exchange_);
    EXPECT_EQ(combiner.waiting(), 3U);
    std::vector<Create *> taken;
    ASSERT_EQ(take(combiner, taken), 3U);
    // Oldest first, whoever's.
    EXPECT_EQ(taken[0]->application().name, "First");
    EXPECT_EQ(taken[1]->application().name, "Second");
    EXPECT_FALSE(lane.waiting_since());
    EXPECT_TRUE(lane.collect(true).unanswered.empty());  // too late: they are begun
    answer_all(taken);
    combiner.deliver();
    const Lane::Back &back = lane.collect(false);
    EXPECT_EQ(back.answered, (std::vector{first.get(), third.get()}));
    EXPECT_TRUE(back.unanswered.empty());
    EXPECT_EQ(answer_body(*third), "answer of Third");
    EXPECT_EQ(id_of(*third), third->chosen_id()->hex());
    EXPECT_EQ(lane.posted(), 0U);
    EXPECT_EQ(other.collect(false).answered, std::vector{second.get()});
}

TEST_F(SqliteExchange, ThereIsOneCombiner) {
    std::optional<Combiner> combiner(std::in_place, exchange_);
    EXPECT_TRUE(combiner->exists());
    bool is_second = true;
    const auto look = [&] { is_second = Combiner(exchange_).exists(); };
    std::thread(look).join();
    EXPECT_FALSE(is_second);
    combiner.reset();
    std::thread(look).join();
    EXPECT_TRUE(is_second);
}

TEST_F(SqliteExchange, WhatNobodyHasBegunCanBeTakenBack) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> abandoned = create_named("Abandoned");
    const std::unique_ptr<Create> late = create_named("Late");
    const std::unique_ptr<Create> plain = create_named("Plain");
    late->deadline = in_ms(0);
    for (const auto *create : {&abandoned, &late, &plain}) post(lane, **create);
    abandoned->abandon();
    EXPECT_EQ(lane.collect(false).unanswered, (std::vector{abandoned.get(), late.get()}));
    EXPECT_EQ(lane.collect(true).unanswered, std::vector{plain.get()});
    EXPECT_FALSE(plain->may_be_stored());
    std::vector<Create *> taken;
    Combiner combiner(exchange_);
    EXPECT_EQ(take(combiner, taken), 0U);
}

TEST_F(SqliteExchange, ALateOneIsNotBegun) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> late = create_named("Late");
    late->deadline = in_ms(-1);
    post(lane, *late);
    Combiner combiner(exchange_);
    std::vector<Create *> taken;
    EXPECT_EQ(combiner.waiting(), 0U);
    EXPECT_EQ(take(combiner, taken), 0U);
    EXPECT_EQ(lane.collect(false).unanswered, std::vector{late.get()});
}

TEST_F(SqliteExchange, OneThatFailsGivesAllBack) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> taken = create_named("Taken");
    const std::unique_ptr<Create> waiting = create_named("Waiting");
    post(lane, *taken);
    Combiner combiner(exchange_);
    std::vector<Create *> out;
    ASSERT_EQ(take(combiner, out), 1U);
    post(lane, *waiting);
    combiner.give_back_all();
    EXPECT_EQ(lane.collect(false).unanswered, (std::vector{taken.get(), waiting.get()}));
    EXPECT_TRUE(taken->may_be_stored());
    EXPECT_FALSE(waiting->may_be_stored());
    EXPECT_FALSE(taken->answered());
    EXPECT_TRUE(taken->is_ready());
}

TEST_F(SqliteExchange, OneThatEndsWithoutAWordGivesBackWhatItTook) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> create = create_named("Taken");
    post(lane, *create);
    {
        Combiner combiner(exchange_);
        std::vector<Create *> out;
        ASSERT_EQ(take(combiner, out), 1U);
    }
    EXPECT_EQ(lane.collect(false).unanswered, std::vector{create.get()});
    EXPECT_TRUE(create->may_be_stored());
}

TEST_F(SqliteExchange, AnAnswerThatDoesNotFitIsAskedFor) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> create = create_named("Large");
    post(lane, *create);
    Combiner combiner(exchange_);
    std::vector<Create *> taken;
    ASSERT_EQ(take(combiner, taken), 1U);
    taken[0]->answer_buffer() = std::string(5000, 'x');
    taken[0]->created(*taken[0]->chosen_id(), "large");
    combiner.deliver();
    EXPECT_EQ(lane.collect(false).unanswered, std::vector{create.get()});
    EXPECT_TRUE(create->may_be_stored());
}

TEST_F(SqliteExchange, WhatDoesNotFitIsNotPosted) {
    Lane lane(exchange_);
    lane.reserve(2000);
    const std::unique_ptr<Create> large = make_create(
        some_key(), {R"({"name":"Large","metadata":{"a":")" + std::string(5000, 'x') + R"("}})", "", false});
    EXPECT_FALSE(lane.post(*large));
    std::vector<std::unique_ptr<Create>> creates;
    std::size_t posted = 0;
    for (int i = 0; i < 2000; i++) {
        creates.push_back(create_named("App"));
        posted += lane.post(*creates.back()) ? 1 : 0;
    }
    EXPECT_EQ(posted, sqlite::kSlots);
    EXPECT_EQ(lane.collect(true).unanswered.size(), posted);
    // And there is room again.
    EXPECT_TRUE(lane.post(*creates.back()));
    lane.collect(true);
}

TEST_F(SqliteExchange, WhatADeadCombinerTookIsTakenAgain) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> create = create_named("App");
    post(lane, *create);
    die_as_combiner([](Combiner &, std::vector<Create *> &) {});
    EXPECT_TRUE(lane.collect(false).unanswered.empty());
    Combiner next(exchange_);
    ASSERT_TRUE(next.exists());
    std::vector<Create *> taken;
    ASSERT_EQ(take(next, taken), 1U);
    EXPECT_TRUE(taken[0]->may_be_stored());
    EXPECT_EQ(taken[0]->chosen_id(), create->chosen_id());
    answer_all(taken);
    next.deliver();
    EXPECT_EQ(lane.collect(false).answered, std::vector{create.get()});
}

TEST_F(SqliteExchange, WhatADeadCombinerAnsweredIsAnswered) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> create = create_named("App");
    post(lane, *create);
    die_as_combiner([](Combiner &combiner, std::vector<Create *> &taken) {
        answer_all(taken);
        combiner.deliver();
    });
    EXPECT_EQ(lane.collect(false).answered, std::vector{create.get()});
    EXPECT_EQ(answer_body(*create), "answer of App");
}

// The parcel is half a create and half an answer then.
TEST_F(SqliteExchange, WhatADeadCombinerWasAnsweringIsNotBelieved) {
    Lane lane(exchange_);
    const std::unique_ptr<Create> create = create_named("App");
    post(lane, *create);
    auto &memory = *static_cast<sqlite::ExchangeMemory *>(memory_.get());
    die_as_combiner([&](Combiner &, std::vector<Create *> &) {
        const sqlite::SlotWord word(memory.words[0].load());
        memory.words[0] = sqlite::SlotWord(word.ticket(), sqlite::SlotState::kAnswering).bits();
        memory.slots[0].parcel.fill(std::byte{0x55});
    });
    { const Combiner next(exchange_); }
    EXPECT_EQ(lane.collect(false).unanswered, std::vector{create.get()});
    EXPECT_TRUE(create->may_be_stored());
}

TEST_F(SqliteExchange, WhatDeadOwnersPostedMakesRoom) {
    for (int i = 0; i < 3; i++) {
        Child child([&] {
            Lane lane(exchange_);
            lane.reserve(sqlite::kSlots);
            std::vector<std::unique_ptr<Create>> creates;
            for (std::size_t k = 0; k < sqlite::kSlots; k++) {
                creates.push_back(create_named("App"));
                if (!lane.post(*creates.back())) return 1;
            }
            return kill(getpid(), SIGKILL);
        });
        ASSERT_EQ(child.wait(), kKilled) << i;
    }
    Lane lane(exchange_);
    const std::unique_ptr<Create> create = create_named("App");
    post(lane, *create);
    lane.collect(true);
}

// Who answers may be writing to it, whether its owner lives or not.
TEST_F(SqliteExchange, WhatIsBeingAnsweredIsNobodyElses) {
    auto &memory = *static_cast<sqlite::ExchangeMemory *>(memory_.get());
    Child child([&] {
        Lane lane(exchange_);
        lane.reserve(1);
        const std::unique_ptr<Create> create = create_named("App");
        _exit(lane.post(*create) ? 0 : 1);  // without taking it back
        return 1;
    });
    ASSERT_EQ(child.wait(), 0);
    Combiner combiner(exchange_);
    std::vector<Create *> taken;
    ASSERT_EQ(take(combiner, taken), 1U);
    const sqlite::SlotWord word(memory.words[0].load());
    Lane lane(exchange_);
    lane.reserve(sqlite::kSlots);
    std::vector<std::unique_ptr<Create>> creates;
    for (const sqlite::SlotState state : {sqlite::SlotState::kTaken, sqlite::SlotState::kAnswering}) {
        memory.words[0] = sqlite::SlotWord(word.ticket(), state).bits();
        std::size_t posted = 0;
        for (;; posted++) {
            creates.push_back(create_named("App"));
            if (!lane.post(*creates.back())) break;
        }
        EXPECT_EQ(posted, sqlite::kSlots - 1);
        lane.collect(true);
    }
    memory.words[0] = word.bits();
}

TEST_F(SqliteExchange, ALaneIsOneThreads) {
    std::vector<std::unique_ptr<Lane>> lanes;
    for (std::uint32_t i = 0; i < sqlite::kLanes; i++) {
        lanes.push_back(std::make_unique<Lane>(exchange_));
        EXPECT_TRUE(lanes.back()->exists());
    }
    EXPECT_FALSE(Lane(exchange_).exists());
    lanes.pop_back();
    EXPECT_TRUE(Lane(exchange_).exists());
}

TEST_F(SqliteExchange, WakesWhoWaits) {
    Lane lane(exchange_);
    const std::uint32_t seen = lane.signal();
    std::thread waker([&] { lane.wake(); });
    lane.wait(seen, 60'000'000'000);
    waker.join();
    EXPECT_NE(lane.signal(), seen);
}

TEST(SqliteExchangeNone, IsNoExchange) {
    Exchange none(nullptr);
    EXPECT_FALSE(none.exists());
    EXPECT_FALSE(Lane(none).exists());
    EXPECT_FALSE(Combiner(none).exists());
}

}  // namespace
}  // namespace appcreate::test
