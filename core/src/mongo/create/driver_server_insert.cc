// One bulk insert, and what its reply says about each document.
#include <algorithm>

#include "mongo/create/document.h"
#include "mongo/create/driver_server.h"
#include "mongo/driver/query.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

Verdict verdict_of_index(std::string_view index) {
    if (index == kSlugIndex) return Verdict::kSlugTaken;
    if (index == kPlaceIndex) return Verdict::kPlaceTaken;
    if (index == kRequestIndex) return Verdict::kRequestTaken;
    if (index == "_id_") return Verdict::kIdTaken;
    return Verdict::kTaken;
}

Verdict verdict_of_error(const bson_t *error) {
    const auto code = static_cast<std::uint32_t>(BsonReader(error).integer("code").value_or(0));
    if (code == kDuplicateKey) return verdict_of_index(index_of(error));
    if (code == kObjectTooLarge) return Verdict::kTooLarge;
    return is_final(code) ? Verdict::kRefused : Verdict::kUnknown;
}

// Of an element of "writeErrors" or "writeConcernErrors".
bson_error_t error_of(const bson_t *write_error) {
    bson_error_t out{};
    const BsonReader reader(write_error);
    bson_set_error(&out, MONGOC_ERROR_SERVER, static_cast<std::uint32_t>(reader.integer("code").value_or(0)), "%s",
                   std::string(reader.text("errmsg").value_or("write error")).c_str());
    return out;
}

// The first error in one of the arrays of a reply, if there is one.
bool has_error(const bson_t *reply, const char *array, bson_error_t &out) {
    const auto errors = BsonReader(reply).array(array);
    const auto first = errors ? BsonReader(BsonView(*errors).get()).document("0") : std::nullopt;
    if (first) out = error_of(BsonView(*first).get());
    return first.has_value();
}

// What one message to the server may hold.
struct Limits {
    std::size_t documents = 0;
    std::size_t bytes = 0;
};

Limits limits_of(const Connection &connection) {
    const BsonReader hello(mongoc_server_description_hello_response(connection.server.get()));
    constexpr std::int64_t kCommand = 64 << 10;  // around the documents, and more
    const std::int64_t message = hello.integer("maxMessageSizeBytes").value_or(48'000'000);
    return {static_cast<std::size_t>(std::max<std::int64_t>(hello.integer("maxWriteBatchSize").value_or(1'000), 1)),
            static_cast<std::size_t>(std::max(message - kCommand, kCommand))};
}

// A bulk of one message. libmongoc would send several where they do not fit into one, and say nothing of a message that
// was lost when the one before it had a collision.
class InsertBulk {
  public:
    InsertBulk(const Client &client, const Connection &connection, const Limits &limits)
        : client_(client), limits_(limits) {
        Bson opts;
        BsonWriter(opts).boolean("ordered", false);
        // libmongoc's own check refuses the empty key, which is legal in "metadata".
        BsonWriter(insert_opts_).boolean("validate", false);
        const auto collection = client.collection(kApplications);
        bulk_.reset(mongoc_collection_create_bulk_operation_with_opts(collection.get(), opts.get()));
#if MONGOC_CHECK_VERSION(1, 28, 0)
        mongoc_bulk_operation_set_server_id(bulk_.get(), connection.id);
#else
        mongoc_bulk_operation_set_hint(bulk_.get(), connection.id);  // its name before
#endif
    }

    [[nodiscard]] bool has_room(const Bson &document) const noexcept {
        return members_.empty() || (members_.size() < limits_.documents && bytes_ + document.size() <= limits_.bytes);
    }

    void add(std::size_t draft, const Bson &document) {
        bson_error_t error;
        if (!mongoc_bulk_operation_insert_with_opts(bulk_.get(), document.get(), insert_opts_.get(), &error)) {
            throw failure_of(error, client_.name());
        }
        members_.push_back(draft);
        bytes_ += document.size();
    }

    // Decides on its documents. Throws only when nothing was sent.
    void execute(Inserted &out) {
        if (members_.empty()) return;
        bson_t reply;
        bson_error_t error{};
        const Dialer::Closed closed(client_.dialer());
        const bool is_ok = mongoc_bulk_operation_execute(bulk_.get(), &reply, &error) != 0;
        try {
            if (closed.was_asked()) throw lost_connection();
            if (!is_ok) read(&reply, error, out);
        } catch (...) {
            bson_destroy(&reply);
            throw;
        }
        bson_destroy(&reply);
    }

  private:
    [[nodiscard]] ServerFailure lost_connection() const {
        return {AC_EUNAVAILABLE, about(client_.name(), "its connection was closed"), 0, ServerFailure::Kind::kAnew};
    }

    // The counts of a reply are worth nothing; only writeErrors say which documents failed. With any other error, all
    // those without one are undecided.
    void read(const bson_t *reply, const bson_error_t &error, Inserted &out) {
        bson_error_t first{};
        const bool has_concern_error = has_error(reply, "writeConcernErrors", first);
        if (has_concern_error) {
            // libmongoc's own error would be that of a collision beside it.
            out.failure = failure_of(first, client_.name());
            decide_all(Verdict::kUnknown, out);
        }
        if (has_error(reply, "writeErrors", first)) {
            read_write_errors(*BsonReader(reply).array("writeErrors"), out);
        } else if (!has_concern_error) {
            const ServerFailure failure = failure_of(error, client_.name());
            if (failure.is_unsent()) throw ServerFailure(failure);
            out.failure = failure;
            decide_all(failure.kind() == ServerFailure::Kind::kRefused ? Verdict::kRefused : Verdict::kUnknown, out);
        }
    }

    void decide_all(Verdict verdict, Inserted &out) const {
        for (const std::size_t draft : members_) out.verdicts[draft] = verdict;
    }

    void read_write_errors(std::string_view errors, Inserted &out) {
        const BsonView view(errors);
        bson_iter_t at;
        if (!bson_iter_init(&at, view.get())) return;
        while (bson_iter_next(&at)) {
            std::uint32_t size = 0;
            const std::uint8_t *data = nullptr;
            bson_t error;
            if (!BSON_ITER_HOLDS_DOCUMENT(&at)) continue;
            bson_iter_document(&at, &size, &data);
            if (!bson_init_static(&error, data, size)) continue;
            const auto index = static_cast<std::size_t>(BsonReader(&error).integer("index").value_or(-1));
            if (index >= members_.size()) continue;
            Verdict &verdict = out.verdicts[members_[index]];
            const bool is_undecided = verdict == Verdict::kUnknown;
            verdict = verdict_of_error(&error);
            // The record in its way may not be a majority's.
            if (is_undecided && verdict != Verdict::kRefused) verdict = Verdict::kUnknown;
            if (verdict == Verdict::kRefused || (verdict == Verdict::kUnknown && !is_undecided)) {
                out.failure = failure_of(error_of(&error), client_.name());
            }
        }
    }

    const Client &client_;
    const Limits limits_;
    Bson insert_opts_;
    Owned<mongoc_bulk_operation_t> bulk_;
    std::vector<std::size_t> members_;  // which draft each of its documents is
    std::size_t bytes_ = 0;
};

// The drafts from `next` on that go into one message. Returns the one after them.
std::size_t insert_some(InsertBulk &bulk, std::span<const Draft *const> drafts, std::size_t next,
                        std::int64_t max_document, Inserted &out) {
    for (; next < drafts.size(); ++next) {
        const Bson document = document_of(*drafts[next]);
        if (static_cast<std::int64_t>(document.size()) > max_document) {
            out.verdicts[next] = Verdict::kTooLarge;
        } else if (bulk.has_room(document)) {
            bulk.add(next, document);
        } else {
            break;
        }
    }
    bulk.execute(out);
    return next;
}

}  // namespace

// Nearly always one message: a batch holds 256 creates of 1 MiB together.
Inserted DriverServer::insert(std::span<const Draft *const> drafts) {
    const Connection connection = client_.connect();
    require_known(connection, drafts);
    const Limits limits = limits_of(connection);
    Inserted out;
    out.verdicts.assign(drafts.size(), Verdict::kInserted);
    std::size_t next = 0;
    try {
        while (next < drafts.size() && !out.failure) {
            InsertBulk bulk(client_, connection, limits);
            next = insert_some(bulk, drafts, next, max_document_, out);
        }
    } catch (const ServerFailure &failure) {
        if (next == 0) throw;
        out.failure = failure;
    }
    // Not sent, but that is for the next attempt to find out.
    for (; next < drafts.size(); ++next) out.verdicts[next] = Verdict::kUnknown;
    return out;
}

}  // namespace appcreate::mongo
