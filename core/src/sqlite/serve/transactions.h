// The short transactions of administration: on which connection, whose turn it is, until when.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "sqlite/file/failure.h"
#include "sqlite/file/files.h"
#include "sqlite/file/frozen.h"
#include "sqlite/serve/maintenance.h"
#include "sqlite/serve/sessions.h"
#include "sqlite/serve/turn.h"

namespace appcreate::sqlite {

// Refers to the store's members. Thread-safe; throws Failure.
class Transactions {
  public:
    Transactions(const std::string &path, std::int64_t timeout_ns, Sessions &sessions, Turn &turn,
                 Maintenance &maintenance) noexcept
        : path_(path), timeout_ns_(timeout_ns), sessions_(sessions), turn_(turn), maintenance_(maintenance) {}

    [[nodiscard]] Deadline deadline() const noexcept { return monotonic_ns() + timeout_ns_; }

    // Each runs `function(connection)` in one transaction, which waits for others until the deadline.
    template <class Function>
    auto reading(Function &&function) const {
        return guarded(path_, [&] {
            try {
                return with_session(sessions_, Use::kRead, deadline(), [&](Sessions::Lease &session) {
                    const Transaction transaction(session->connection, Transaction::Kind::kRead);
                    session->schema.recheck();
                    return function(std::as_const(session->connection));
                });
            } catch (const Error &error) {
                if (!is_frozen(real_path_of(path_), error)) throw;
            }
            return read_frozen(real_path_of(path_), function);
        });
    }

    template <class Function>
    auto writing(Function &&function) const {
        return guarded(path_, [&] {
            const Turn::Guard guard(turn_, deadline());
            return with_session(sessions_, Use::kWrite, deadline(), [&](Sessions::Lease &session) {
                auto result = session->write([&] { return function(std::as_const(session->connection)); });
                session.confirm();
                maintenance_.after_commit(session->connection);
                return result;
            });
        });
    }

  private:
    const std::string &path_;
    const std::int64_t timeout_ns_;
    Sessions &sessions_;
    Turn &turn_;
    Maintenance &maintenance_;
};

}  // namespace appcreate::sqlite
