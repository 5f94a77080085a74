#include "store_handle.h"

#include "command.h"

namespace appctl {
namespace {

constexpr std::int64_t kTimeoutMs = 10000;

}  // namespace

void require(ac_status status, const ac_error &error) {
    if (status >= 0) return;
    if (status == AC_EINVAL) throw Misused(error.message);
    throw Failed(error.message);
}

StoreHandle::StoreHandle(std::string_view uri, ac_log_fn log, void *log_ctx) {
    ac_error error{};
    ac_uri *parsed = nullptr;
    require(ac_uri_parse(str(uri), &parsed, &error), error);
    uri_.reset(parsed);

    ac_store_options options{};
    options.size = sizeof(options);
    options.uri = parsed;
    options.timeout_ms = kTimeoutMs;
    options.threads = 1;
    options.log = log;
    options.log_ctx = log_ctx;
    ac_store *opened = nullptr;
    require(ac_store_open(&options, &opened, &error), error);
    store_.reset(opened);
}

std::string StoreHandle::path() const {
    const ac_str path = ac_uri_path(uri_.get());
    return {path.data, path.len};
}

int StoreHandle::take_row(void *ctx, ac_str json) noexcept {
    auto &rows = *static_cast<Rows *>(ctx);
    try {
        rows.on_row({json.data, json.len});
        return 0;
    } catch (...) {
        rows.thrown = std::current_exception();
        return 1;
    }
}

}  // namespace appctl
