#include "held_thread.h"

#include <stdexcept>

namespace appcreate::harness {

HeldThread::HeldThread(Gateway &gateway, const std::string &path) : create_(gateway.port(Protocol::http1)) {
    const SecondStore second(gateway);
    const Request request = second.request(path, R"({"name":"Holds a thread"})");
    // Its key has to be in the cache: the look-up would not wait for the lock. At first a worker's threads are busy
    // with opening the stores.
    if (!eventually([&] { return gateway.client().send(request).status == 200; })) {
        throw std::runtime_error("no create in the second store");
    }
    lock_ = second.lock();
    create_.send(http1_bytes(request));
}

Response HeldThread::release() {
    lock_.reset();
    auto response = create_.receive();
    if (!response) {
        throw std::runtime_error("no answer of the create that held a thread");
    }
    return std::move(*response);
}

bool stays_silent(const Gateway &gateway, RawConnection &connection) {
    for (int i = 0; i < 3; ++i) {
        if (gateway.static_file() != "static\n") {
            throw std::runtime_error("no static file");
        }
    }
    return connection.is_silent();
}

}  // namespace appcreate::harness
