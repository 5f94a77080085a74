#include "mongo/serve/write_loop.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <utility>

#include "mongo/create/driver_server.h"

namespace appcreate::mongo {
namespace {

void refuse_all(std::span<Create *const> creates, const Batch::Done &done) {
    for (Create *create : creates) {
        if (!create->answered()) create->refuse(AC_CODE_DATABASE);
        create->set_batch(static_cast<std::uint32_t>(creates.size()), 0);
    }
    if (!creates.empty()) done(creates);
}

// Those that have not been given back. No create may be looked at once it has, nor given back again, whatever fails
// meanwhile.
class Unanswered {
  public:
    Unanswered(std::span<Create *const> creates, const Batch::Done &done) : given_back_(done) {
        n_ = std::min(creates.size(), creates_.size());
        std::copy_n(creates.begin(), n_, creates_.begin());
        done_ = [this](std::span<Create *const> some) { give_back(some); };
    }
    Unanswered(const Unanswered &) = delete;
    Unanswered &operator=(const Unanswered &) = delete;
    ~Unanswered() = default;

    [[nodiscard]] const Batch::Done &done() const noexcept { return done_; }
    void refuse() { refuse_all(std::span(creates_).first(std::exchange(n_, 0)), given_back_); }

  private:
    void give_back(std::span<Create *const> some) {
        for (const Create *create : some) {
            const auto end = creates_.begin() + static_cast<std::ptrdiff_t>(n_);
            n_ = static_cast<std::size_t>(std::remove(creates_.begin(), end, create) - creates_.begin());
        }
        given_back_(some);
    }

    const Batch::Done &given_back_;
    Batch::Done done_;
    std::array<Create *, kBatchCreates> creates_{};
    std::size_t n_ = 0;
};

}  // namespace

std::optional<ServerFailure> Writing::write(Server &server, std::span<Create *const> creates, const Patience &patience,
                                            const Batch::Done &done) {
    Unanswered rest(creates, done);
    try {
        while (undecided_ && !creates.empty()) {
            auto failure = write_some(server, creates.first(1), patience, rest.done());
            creates = creates.subspan(1);
            if (!failure) continue;
            rest.refuse();
            return failure;
        }
        if (creates.empty()) return std::nullopt;
        return write_some(server, creates, patience, rest.done());
    } catch (const std::exception &) {
        // Out of memory, perhaps in the middle of something.
        undecided_ = true;
        rest.refuse();
        throw;
    }
}

std::optional<ServerFailure> Writing::write_some(Server &server, std::span<Create *const> creates,
                                                 const Patience &patience, const Batch::Done &done) {
    Batch batch(server, plans_, places_, patience, done);
    batch.run(creates);
    if (batch.is_undecided()) {
        undecided_ = true;
    } else if (batch.is_acknowledged()) {
        undecided_ = false;
    }
    return batch.failure();
}

WriteLoop::WriteLoop(Pool &pool, SchemaCheck &schema, Health &health, KeyUse *key_use, std::int64_t timeout_ms,
                     BatchReport report)
    : pool_(pool),
      schema_(schema),
      health_(health),
      key_use_(key_use),
      timeout_ns_(timeout_ms * 1'000'000),
      report_(report) {}

void WriteLoop::run(const Source &source) {
    std::array<Create *, kBatchCreates> creates;
    const Batch::Done done = [&](std::span<Create *const> some) {
        if (key_use_ != nullptr) key_use_->add(some);
        source.done(some);
    };
    bool is_well = true;
    for (;;) {
        const std::size_t n = source.take(creates, kBatchBytes);
        if (n == 0) return;
        report_(n);
        const auto batch = std::span(creates).first(n);
        if (!is_well) {
            // It has just failed; what waited meanwhile is told so, and what comes next tries again.
            refuse_all(batch, done);
            continue;
        }
        is_well = write(batch, done);
    }
}

bool WriteLoop::write(std::span<Create *const> creates, const Batch::Done &done) {
    // The last attempt may take a quarter.
    const Patience patience{monotonic_ns() + timeout_ns_ / 4 * 3, !health_.is_down()};
    bool is_begun = false;
    try {
        const Client client = pool_.lend();
        repeat_lost(patience, [&] { schema_.require(client, client.connect().since); });
        DriverServer server(client, schema_);
        is_begun = true;
        const auto failure = writing_.write(server, creates, patience, done);
        if (failure) {
            health_.failed(Health::Work::kWriting, *failure);
        } else {
            health_.worked(Health::Work::kWriting);
        }
        return !failure;
    } catch (const Failure &caught) {
        if (!is_begun) refuse_all(creates, done);
        health_.failed(Health::Work::kWriting, caught);
    } catch (const std::bad_alloc &) {
        // All have been given back where it was begun.
        if (!is_begun) refuse_all(creates, done);
        health_.ran_out_of_memory(Health::Work::kWriting);
    }
    return false;
}

}  // namespace appcreate::mongo
