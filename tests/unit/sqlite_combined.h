// A SQLite store whose handles share a turn and an exchange, as the workers of a host do.
#pragma once

#include <algorithm>
#include <memory>

#include "kinds.h"
#include "sqlite/serve/exchange.h"
#include "sqlite/serve/turn.h"
#include "sqlite_support.h"
#include "support/shared_memory.h"

namespace appcreate::test {

class CombinedUnderTest final : public StoreUnderTest {
  public:
    CombinedUnderTest() {
        sqlite::init_turn(turn.get());
        sqlite::init_exchange(exchange.get());
    }
    std::unique_ptr<Store> open() override { return open_store(options()); }
    std::unique_ptr<Store> serve() override {
        StoreOptions serving = options();
        serving.maintain = true;
        return open_store(serving);
    }
    void expire_requests() override { file.expire_requests(); }
    void wait_for_others() override {
        const auto &memory = *static_cast<const sqlite::ExchangeMemory *>(exchange.get());
        EXPECT_TRUE(eventually([&] {
            return std::none_of(memory.words.begin(), memory.words.end(), [](const auto &word) {
                const sqlite::SlotState state = sqlite::SlotWord(word.load()).state();
                return state == sqlite::SlotState::kPosted || state == sqlite::SlotState::kTaken;
            });
        }));
    }
    [[nodiscard]] StoreOptions options(std::int64_t timeout_ms = 20'000) {
        StoreOptions options = file.options(timeout_ms);
        options.turn = turn.get();
        options.exchange = exchange.get();
        options.exchange_patience_ms = patience_ms;
        return options;
    }

    // Longer than any stop of a busy machine: who shall be taken is.
    std::int64_t patience_ms = 60'000;
    SharedMemory turn{AC_TURN_SIZE}, exchange{AC_EXCHANGE_SIZE};
    SqliteUnderTest file;
};

}  // namespace appcreate::test
