// What the two files of the C ABI share: handles, errors, and the call of the core with everything caught.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "app_create.h"
#include "base/failure.h"
#include "store/store.h"

namespace appcreate::boundary {

// The opaque types are the core's own objects.
inline Store &to_core(ac_store *store) noexcept { return *reinterpret_cast<Store *>(store); }

// ---- errors

// One line that any log can take: controls become spaces, what is too long is cut between characters.
inline ac_status report(ac_error *err, ac_status status, std::string_view message, int detail = 0) noexcept {
    if (err == nullptr) return status;
    err->status = status;
    err->detail = detail;
    std::size_t n = std::min(message.size(), sizeof(err->message) - 1);
    if (n < message.size()) {
        while (n > 0 && (static_cast<unsigned char>(message[n]) & 0xc0) == 0x80) --n;
    }
    std::transform(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(n), err->message,
                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c; });
    std::memset(err->message + n, 0, sizeof(err->message) - n);
    return status;
}

inline ac_status invalid(ac_error *err, std::string_view message) noexcept { return report(err, AC_EINVAL, message); }

template <class Function>
ac_status guarded(ac_error *err, Function &&function) noexcept {
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return report(err, AC_ENOMEM, "out of memory");
    } catch (const Failure &failure) {
        return report(err, failure.status(), failure.what(), failure.detail());
    } catch (const std::exception &exception) {
        return report(err, AC_EINTERNAL, exception.what());
    } catch (...) {
        return report(err, AC_EINTERNAL, "an unknown exception; this is a bug");
    }
}

inline bool is_valid(const ac_str &text) noexcept { return text.data != nullptr || text.len == 0; }

inline std::string_view text_of(const ac_str &text) noexcept { return {text.data, text.len}; }

inline RowSink sink(ac_row_fn row, void *ctx) {
    return [row, ctx](std::string_view json) { return row(ctx, {json.data(), json.size()}) == 0; };
}

// What every function of administration does: the arguments it shares with the others, then the call.
template <class Function>
ac_status administer(ac_store *store, ac_error *err, Function &&function) noexcept {
    if (store == nullptr) return invalid(err, "the store is NULL");
    return guarded(err, [&] {
        function(to_core(store));
        return AC_OK;
    });
}

template <class Function>
ac_status administer(ac_store *store, ac_row_fn row, void *ctx, ac_error *err, Function &&function) noexcept {
    if (row == nullptr) return invalid(err, "the row function is NULL");
    return administer(store, err, [&](Store &inside) { function(inside, sink(row, ctx)); });
}

}  // namespace appcreate::boundary
