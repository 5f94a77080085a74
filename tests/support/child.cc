#include "support/child.h"

#include <unistd.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "support/process.h"

namespace appcreate::test {

Child::Child(const std::function<int()> &work) : id_(fork()) {
    if (id_ < 0) throw std::runtime_error("cannot fork");
    if (id_ != 0) return;
    try {
        _exit(work());
    } catch (const std::exception &) {
        _exit(255);
    }
}

Child::Child(Child &&other) noexcept : id_(std::exchange(other.id_, -1)) {}

Child::~Child() {
    if (id_ > 0) kill();
}

void Child::signal(int number) const { ::kill(id_, number); }

void Child::wait_for_stop() const { test::wait_for_stop(id_); }

int Child::wait() { return reap(std::exchange(id_, -1)); }

int Child::kill() {
    signal(SIGKILL);
    return wait();
}

bool in_child(const std::function<bool()> &function) {
    return Child([&] { return function() ? 0 : 1; }).wait() == 0;
}

}  // namespace appcreate::test
