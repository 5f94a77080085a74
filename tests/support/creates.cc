#include "support/creates.h"

#include <algorithm>

namespace appcreate::test {

Head::Head(const ac_key &key, std::string_view organization, const Order &order)
    : type_(str("application/json")), idempotency_key_(str(order.idempotency_key)) {
    head_.key = &key;
    head_.organization = str(organization);
    head_.query = str(order.validate_only ? "validateOnly=true" : "");
    head_.content_type = &type_;
    head_.n_content_type = 1;
    head_.idempotency_key = &idempotency_key_;
    head_.n_idempotency_key = order.idempotency_key.empty() ? 0 : 1;
}

std::ostream &operator<<(std::ostream &out, const Answer &answer) {
    return out << answer.status << "/" << answer.code << (answer.is_replay ? " replayed " : " ") << answer.slug << " "
               << answer.body.substr(0, 200);
}

Answer answer_of(const ac_create *create) {
    const ac_answer &said = *ac_create_answer(create);
    ac_create_facts facts{};
    ac_create_get_facts(create, &facts);
    const auto text = [](const ac_str &value) {
        return std::string(value.data == nullptr ? "" : value.data, value.len);
    };
    return {said.status,     said.code,      (said.flags & AC_ANSWER_REPLAYED) != 0,
            text(said.body), text(facts.id), text(facts.slug)};
}

void HostQueue::add(ac_create *create) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(create);
}

std::size_t HostQueue::take(void *self, ac_create **out, std::size_t max, std::size_t max_bytes) {
    auto &queue = *static_cast<HostQueue *>(self);
    if (queue.on_take) queue.on_take();
    const std::lock_guard lock(queue.mutex_);
    std::size_t n = 0;
    std::size_t bytes = 0;
    while (n < std::min(max, queue.max_) && !queue.waiting_.empty()) {
        bytes += ac_create_size(queue.waiting_.front());
        if (n > 0 && bytes > max_bytes) break;
        out[n++] = queue.waiting_.front();
        queue.waiting_.pop_front();
    }
    if (n > 0) ++queue.batches_;
    return n;
}

void HostQueue::done(void *self, ac_create *const *creates, std::size_t n) {
    auto &queue = *static_cast<HostQueue *>(self);
    queue.done_ += n;
    if (queue.on_done) queue.on_done({creates, n});
}

int HostQueue::pending(void *self) {
    auto &queue = *static_cast<HostQueue *>(self);
    if (queue.is_ending_) return -1;
    const std::lock_guard lock(queue.mutex_);
    return queue.waiting_.empty() ? 0 : 1;
}

}  // namespace appcreate::test
