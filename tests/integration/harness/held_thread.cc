#include "held_thread.h"

#include <filesystem>
#include <stdexcept>

#include "answers.h"
#include "store.h"

namespace appcreate::test {

namespace {

constexpr int kStores = 4;

std::string name_of(const std::string &pool, int n) { return "held-" + pool + "-" + std::to_string(n); }

// A store that no worker has open: those stay open once they are found.
std::string unused(const Gateway &gateway, const std::string &pool) {
    for (int n = 1; n <= kStores; ++n) {
        if (!std::filesystem::exists(gateway.directory() + "/store/" + name_of(pool, n) + ".db")) {
            return name_of(pool, n);
        }
    }
    throw std::runtime_error("no store is left to hold a thread with");
}

}  // namespace

std::string HeldThread::locations(const std::string &pool) {
    std::string all;
    for (int n = 1; n <= kStores; ++n) {
        const std::string name = name_of(pool, n);
        all += "location = /" + name + " { app_create_store sqlite:@dir@/store/" + name +
               ".db; app_create_thread_pool " + pool + "; app_create_timeout 30s; app_create org-1; }\n";
    }
    return all;
}

HeldThread::HeldThread(Gateway &gateway, const std::string &pool) : lookup_(gateway.port(Protocol::http1)) {
    const std::string name = unused(gateway, pool);
    const std::string path = gateway.directory() + "/store/" + name + ".db";
    if (run({appctl_path(), "--store", "sqlite:" + path, "init"}).status != 0) {
        throw std::runtime_error("no store " + path);
    }
    lock_ = std::make_unique<SqliteFile>(path);
    lock_->execute("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    Request request = gateway.request("{}");
    request.path = "/" + name;
    set_header(request.headers, "Authorization", "Bearer " + name);
    lookup_.send(http1_bytes(request));
}

void HeldThread::release() {
    lock_.reset();
    const auto response = lookup_.receive();
    if (!response || response->status != 401) {
        throw std::runtime_error("the look-up that held a thread was not answered");
    }
}

bool stays_silent(const Gateway &gateway, RawConnection &connection) {
    for (int i = 0; i < 3; ++i) {
        if (gateway.static_file() != "static\n") {
            throw std::runtime_error("no static file");
        }
    }
    return connection.is_silent();
}

}  // namespace appcreate::test
