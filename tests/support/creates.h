// Creates as a host of the C ABI sends them: heads, a list of what is pending, answers.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "app_create.h"

namespace appcreate::test {

// It refers to `text`.
inline ac_str str(std::string_view text) { return {text.data(), text.size()}; }

// What a client sends.
struct Order {
    std::string body = R"({"name":"My App"})";
    std::string idempotency_key = {};  // empty: none
    bool validate_only = false;
};

// The head of a well-formed request. It refers to all that it is made of.
class Head {
  public:
    Head(const ac_key &key, std::string_view organization, const Order &order);
    Head(const Head &) = delete;
    Head &operator=(const Head &) = delete;
    [[nodiscard]] const ac_head &get() const { return head_; }

  private:
    const ac_str type_;
    const ac_str idempotency_key_;
    ac_head head_{};
};

struct Answer {
    int status = 0;
    int code = 0;
    bool is_replay = false;
    std::string body;
    std::string id;
    std::string slug;
    friend std::ostream &operator<<(std::ostream &out, const Answer &answer);
};
// Of a create that has one.
Answer answer_of(const ac_create *create);

// A host's list of pending creates. What is added stays the caller's. Any thread may call anything; what is a member
// to set is set before.
class HostQueue {
  public:
    // It hands over at most `max` at once.
    explicit HostQueue(std::size_t max = SIZE_MAX) : max_(max) {}
    HostQueue(const HostQueue &) = delete;
    HostQueue &operator=(const HostQueue &) = delete;
    void add(ac_create *create);
    // Nothing more comes.
    void end() { is_ending_ = true; }

    // For ac_store_write; a host that does not say whether more is pending.
    [[nodiscard]] ac_source source() { return {this, take, done, nullptr}; }
    // The same for one that says so.
    [[nodiscard]] ac_source telling_source() { return {this, take, done, pending}; }

    // How many came back.
    [[nodiscard]] std::size_t done_count() const { return done_; }
    // How often it handed something over; a store may give a batch back in parts.
    [[nodiscard]] std::size_t batches() const { return batches_; }

    // Runs inside take(), before it hands anything over.
    std::function<void()> on_take;
    // Runs inside done().
    std::function<void(std::span<ac_create *const>)> on_done;

  private:
    static std::size_t take(void *self, ac_create **out, std::size_t max, std::size_t max_bytes);
    static void done(void *self, ac_create *const *creates, std::size_t n);
    static int pending(void *self);

    const std::size_t max_;
    std::mutex mutex_;  // guards waiting_
    std::deque<ac_create *> waiting_;
    std::atomic<std::size_t> done_ = 0;
    std::atomic<std::size_t> batches_ = 0;
    std::atomic<bool> is_ending_ = false;
};

}  // namespace appcreate::test
