// A store that a command works on: the C ABI with owners for its handles and exceptions for its errors.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app_create.h"

namespace appctl {

inline ac_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

// Throws Failed, or Misused for AC_EINVAL, which is about what was typed.
void require(ac_status status, const ac_error &error);

using OnRow = std::function<void(std::string_view json)>;

class StoreHandle {
  public:
    explicit StoreHandle(std::string_view uri, ac_log_fn log = nullptr, void *log_ctx = nullptr);

    [[nodiscard]] ac_store *get() const noexcept { return store_.get(); }
    // Absolute path of a SQLite store's file; empty for other stores.
    [[nodiscard]] std::string path() const;

    // Runs a function of app_create.h that hands out rows: `call(row, ctx, err)`. What `on_row` throws comes out here.
    template <class Call>
    void rows(const OnRow &on_row, const Call &call) const {
        Rows rows{on_row, nullptr};
        ac_error error{};
        const ac_status status = call(&StoreHandle::take_row, &rows, &error);
        if (rows.thrown) std::rethrow_exception(rows.thrown);
        require(status, error);
    }
    // The same for a function with exactly one row.
    template <class Call>
    [[nodiscard]] std::string row(const Call &call) const {
        std::string out;
        rows([&out](std::string_view json) { out = json; }, call);
        return out;
    }

  private:
    struct Rows {
        const OnRow &on_row;
        std::exception_ptr thrown;
    };
    static int take_row(void *ctx, ac_str json) noexcept;

    struct Free {
        void operator()(ac_uri *uri) const noexcept { ac_uri_free(uri); }
        void operator()(ac_store *store) const noexcept { ac_store_close(store); }
    };
    std::unique_ptr<ac_uri, Free> uri_;
    std::unique_ptr<ac_store, Free> store_;
};

}  // namespace appctl
