#include "harness/command_monitor.h"

#include <mongoc/mongoc.h>

#include <map>
#include <mutex>

namespace appcreate::test {
namespace {

using Commands = std::vector<std::string>;

std::mutex &mutex() {
    static std::mutex one;
    return one;
}

std::map<std::uint16_t, Commands> &watched() {
    static std::map<std::uint16_t, Commands> ports;
    return ports;
}

// On the thread that asks.
void started(const mongoc_apm_command_started_t *event) {
    const std::lock_guard lock(mutex());
    const auto found = watched().find(mongoc_apm_command_started_get_host(event)->port);
    if (found == watched().end()) return;
    std::string name = mongoc_apm_command_started_get_command_name(event);
    bson_iter_t at;
    if (bson_iter_init_find(&at, mongoc_apm_command_started_get_command(event), name.c_str()) &&
        BSON_ITER_HOLDS_UTF8(&at)) {
        name += std::string(" ") + bson_iter_utf8(&at, nullptr);
    }
    found->second.push_back(std::move(name));
}

}  // namespace

CommandMonitor::CommandMonitor(std::uint16_t port) : port_(port) {
    const std::lock_guard lock(mutex());
    watched()[port_] = {};
}

CommandMonitor::~CommandMonitor() {
    const std::lock_guard lock(mutex());
    watched().erase(port_);
}

std::vector<std::string> CommandMonitor::commands() const {
    const std::lock_guard lock(mutex());
    return watched().at(port_);
}

void CommandMonitor::reset() {
    const std::lock_guard lock(mutex());
    watched()[port_].clear();
}

}  // namespace appcreate::test

// The linker's names for the core's call and for libmongoc's function.
extern "C" {

mongoc_client_pool_t *__real_mongoc_client_pool_new_with_error(const mongoc_uri_t *uri, bson_error_t *error);
mongoc_client_pool_t *__wrap_mongoc_client_pool_new_with_error(const mongoc_uri_t *uri, bson_error_t *error);

mongoc_client_pool_t *__wrap_mongoc_client_pool_new_with_error(const mongoc_uri_t *uri, bson_error_t *error) {
    mongoc_client_pool_t *pool = __real_mongoc_client_pool_new_with_error(uri, error);
    if (pool == nullptr) return nullptr;
    mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();
    mongoc_apm_set_command_started_cb(callbacks, appcreate::test::started);
    mongoc_client_pool_set_apm_callbacks(pool, callbacks, nullptr);
    mongoc_apm_callbacks_destroy(callbacks);
    return pool;
}
}
