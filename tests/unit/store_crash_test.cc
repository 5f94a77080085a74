// kill -9 in the middle of writing: what was acknowledged is there, once; nothing is half there.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "store_support.h"
#include "support/child.h"

namespace appcreate::test {
namespace {

class StoreCrash : public StoreTest {};

constexpr std::size_t kIdSize = 24;

// Creates without end; writes the id of each that was acknowledged to `pipe`.
[[noreturn]] void create_for_ever(Store &store, const Org &org, int pipe, const std::string &request) {
    for (int i = 0;; ++i) {
        std::vector<std::unique_ptr<Create>> creates;
        for (int j = 0; j < 5; ++j) {
            const std::string key = request.empty() ? "" : request + std::to_string(i * 5 + j);
            creates.push_back(make_create(org.key, {R"({"name":"App"})", key, false}));
        }
        Pending pending;
        pending.on_done = [pipe](std::span<ac_create *const> done) {
            for (const ac_create *create : done) {
                const std::string id = id_of(*reinterpret_cast<const Create *>(create));
                if (id.size() != kIdSize || write(pipe, id.data(), kIdSize) != kIdSize) _exit(1);
            }
        };
        pending.add(creates);
        store.write(pending.source(), in_ms(20'000));
    }
}

// Returns what the child was told before it was killed, when it had made some `after` creates.
std::set<std::string> kill_creating_child(StoreUnderTest &under_test, const Org &org, std::size_t after,
                                          const std::string &request) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    Child child([&]() -> int {
        close(ends[0]);
        create_for_ever(*under_test.open(), org, ends[1], request);
    });
    close(ends[1]);
    std::set<std::string> acknowledged;
    std::string text;
    char buffer[4096];
    bool killed = false;
    for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        text.append(buffer, static_cast<std::size_t>(n));
        if (!killed && text.size() >= after * kIdSize) {
            child.signal(SIGKILL);
            killed = true;
        }
    }
    close(ends[0]);
    EXPECT_EQ(child.wait(), kKilled);
    EXPECT_TRUE(killed);
    for (std::size_t at = 0; at + kIdSize <= text.size(); at += kIdSize) acknowledged.insert(text.substr(at, kIdSize));
    return acknowledged;
}

TEST_P(StoreCrash, AcknowledgedCreatesSurvive) {
    const Org org = make_org(*store_);
    store_.reset();
    std::set<std::string> acknowledged;
    for (std::size_t round = 0; round < 8; ++round) {
        acknowledged.merge(kill_creating_child(*under_test_, org, 3 + 17 * round, ""));
    }
    under_test_->wait_for_others();
    store_ = under_test_->open();
    const std::vector<std::string> stored = expect_sound(*store_, org.slug);
    EXPECT_GE(acknowledged.size(), 8U * 3);
    EXPECT_TRUE(std::includes(stored.begin(), stored.end(), acknowledged.begin(), acknowledged.end()));
}

TEST_P(StoreCrash, RepeatingAfterTheCrashCreatesNothingTwice) {
    const Org org = make_org(*store_);
    store_.reset();
    const std::set<std::string> acknowledged = kill_creating_child(*under_test_, org, 40, "k");
    under_test_->wait_for_others();
    store_ = under_test_->open();
    const std::size_t before = expect_sound(*store_, org.slug).size();
    std::vector<std::unique_ptr<Create>> again;
    for (std::size_t i = 0; i < before; ++i) {
        again.push_back(make_create(org.key, {R"({"name":"App"})", "k" + std::to_string(i), false}));
    }
    write_all(*store_, again);
    for (const auto &create : again) EXPECT_NE(create->answer().flags & AC_ANSWER_REPLAYED, 0);
    EXPECT_EQ(expect_sound(*store_, org.slug).size(), before);
    EXPECT_GE(before, acknowledged.size());
}

INSTANTIATE_STORES(StoreCrash);

}  // namespace
}  // namespace appcreate::test
