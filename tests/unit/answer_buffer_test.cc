#include "request/answer_buffer.h"

#include <gtest/gtest.h>

#include <list>
#include <thread>

namespace appcreate::test {
namespace {

TEST(AnswerBuffer, ComesBackEmptyWithItsMemory) {
    const char *memory = nullptr;
    {
        AnswerBuffer first;
        first.text() = "somebody else's answer";
        memory = first.text().data();
    }
    // Memory that malloc had back would go here.
    std::string between;
    between.reserve(2048);
    AnswerBuffer second;
    EXPECT_EQ(second.text(), "");
    EXPECT_EQ(static_cast<const void *>(second.text().data()), memory);
}

TEST(AnswerBuffer, KeepsNoUnusualMemory) {
    {
        AnswerBuffer large;
        large.text().assign(1 << 20, 'x');
        AnswerBuffer moved_from;
        const std::string elsewhere = std::move(moved_from.text());
    }
    for (const AnswerBuffer &next : std::list<AnswerBuffer>(3)) {
        EXPECT_GE(next.text().capacity(), 2048U);
        EXPECT_LT(next.text().capacity(), 16384U);
    }
}

TEST(AnswerBuffer, ManyAtOnceAndOverThreads) {
    std::list<AnswerBuffer> many(1000);
    for (AnswerBuffer &buffer : many) EXPECT_EQ(buffer.text(), "");
    std::thread([&many] { many.clear(); }).join();
    AnswerBuffer own;
    EXPECT_EQ(own.text(), "");
}

}  // namespace
}  // namespace appcreate::test
