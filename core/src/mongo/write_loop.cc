#include "mongo/write_loop.h"

#include <array>
#include <new>

#include "mongo/remote.h"

namespace appcreate::mongo {
namespace {

void refuse_all(std::span<Create *const> creates, const Batch::Done &done) {
    for (Create *create : creates) {
        create->refuse(AC_CODE_DATABASE);
        create->set_batch(static_cast<std::uint32_t>(creates.size()), 0);
    }
    if (!creates.empty()) done(creates);
}

}  // namespace

std::optional<ServerFailure> Writing::write(Server &server, std::span<Create *const> creates, const Patience &patience,
                                            const Batch::Done &done) {
    while (undecided_ && !creates.empty()) {
        auto failure = write_some(server, creates.first(1), patience, done);
        creates = creates.subspan(1);
        if (!failure) continue;
        refuse_all(creates, done);
        return failure;
    }
    if (creates.empty()) return std::nullopt;
    return write_some(server, creates, patience, done);
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

WriteLoop::WriteLoop(Pool &pool, SchemaCheck &schema, Health &health, std::int64_t timeout_ms)
    : pool_(pool), schema_(schema), health_(health), timeout_ns_(timeout_ms * 1'000'000) {}

void WriteLoop::run(const Source &source) {
    std::array<Create *, kBatchCreates> creates;
    const Batch::Done done = [&source](std::span<Create *const> some) { source.done(some); };
    bool is_well = true;
    for (;;) {
        const std::size_t n = source.take(creates, kBatchBytes);
        if (n == 0) return;
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
    std::optional<ServerFailure> failure;
    try {
        const Session session = pool_.lend();
        repeat_lost(patience, [&] { schema_.require(session); });
        Remote remote(session, schema_.max_document());
        failure = writing_.write(remote, creates, patience, done);
    } catch (const Failure &caught) {
        refuse_all(creates, done);
        health_.failed(Health::Work::kWriting, caught);
        return false;
    } catch (const std::bad_alloc &) {
        refuse_all(creates, done);
        health_.failed(Health::Work::kWriting, Failure(AC_ENOMEM, "out of memory; give the process more memory"));
        return false;
    }
    if (failure) {
        health_.failed(Health::Work::kWriting, *failure);
    } else {
        health_.worked(Health::Work::kWriting);
    }
    return !failure;
}

}  // namespace appcreate::mongo
