// One bulk insert, and what its reply says about each document.
#include <array>

#include "mongo/document.h"
#include "mongo/query.h"
#include "mongo/remote.h"
#include "mongo/schema.h"

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
    const auto code = static_cast<std::uint32_t>(Reader(error).integer("code").value_or(0));
    if (code == kDuplicateKey) return verdict_of_index(index_of(error));
    if (code == kObjectTooLarge) return Verdict::kTooLarge;
    return is_final(code) ? Verdict::kRefused : Verdict::kUnknown;
}

bson_error_t error_of(const bson_t *write_error) {
    bson_error_t out{};
    const Reader reader(write_error);
    bson_set_error(&out, MONGOC_ERROR_SERVER, static_cast<std::uint32_t>(reader.integer("code").value_or(0)), "%s",
                   std::string(reader.text("errmsg").value_or("write error")).c_str());
    return out;
}

bool has_elements(const bson_t *reply, const char *array) {
    const auto bytes = Reader(reply).array(array);
    return bytes && !bson_empty(BsonView(*bytes).get());
}

// The bulk of one call: which draft each of its documents is.
class Bulk {
  public:
    Bulk(const Session &session, std::size_t drafts) : session_(session), verdicts_(drafts, Verdict::kInserted) {
        Bson opts;
        Writer(opts).boolean("ordered", false);
        const auto collection = session.collection(kApplications);
        bulk_.reset(mongoc_collection_create_bulk_operation_with_opts(collection.get(), opts.get()));
    }

    void add(std::size_t draft, const Bson &document) {
        // libmongoc's own check refuses the empty key, which is legal in "metadata".
        Bson opts;
        Writer(opts).boolean("validate", false);
        bson_error_t error;
        if (!mongoc_bulk_operation_insert_with_opts(bulk_.get(), document.get(), opts.get(), &error)) {
            throw failure_of(error, session_.name());
        }
        members_.push_back(draft);
    }
    void set(std::size_t draft, Verdict verdict) { verdicts_[draft] = verdict; }

    Inserted execute() {
        if (!members_.empty()) send();
        return {std::move(verdicts_), std::move(failure_)};
    }

  private:
    void send() {
        bson_t reply;
        bson_error_t error{};
        const bool is_ok = mongoc_bulk_operation_execute(bulk_.get(), &reply, &error) != 0;
        try {
            if (!is_ok) read(&reply, error);
        } catch (...) {
            bson_destroy(&reply);
            throw;
        }
        bson_destroy(&reply);
    }

    // The counts of a reply are worth nothing; only writeErrors say which documents failed. With any other error, all
    // those without one are undecided.
    void read(const bson_t *reply, const bson_error_t &error) {
        const bool has_write_errors = has_elements(reply, "writeErrors");
        if (!has_write_errors) {
            failure_ = failure_of(error, session_.name());
            if (failure_->kind() == ServerFailure::Kind::kNotSent) throw ServerFailure(*failure_);
            const bool is_refused =
                failure_->kind() == ServerFailure::Kind::kRefused && !has_elements(reply, "writeConcernErrors");
            for (const std::size_t draft : members_) {
                verdicts_[draft] = is_refused ? Verdict::kRefused : Verdict::kUnknown;
            }
            return;
        }
        if (has_elements(reply, "writeConcernErrors")) {
            for (const std::size_t draft : members_) verdicts_[draft] = Verdict::kUnknown;
            failure_ = failure_of(error, session_.name());
        }
        read_write_errors(*Reader(reply).array("writeErrors"));
    }

    void read_write_errors(std::string_view errors) {
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
            const auto index = static_cast<std::size_t>(Reader(&error).integer("index").value_or(-1));
            if (index >= members_.size()) continue;
            Verdict &verdict = verdicts_[members_[index]];
            const bool is_undecided = verdict == Verdict::kUnknown;
            verdict = verdict_of_error(&error);
            // The record in its way may not be a majority's.
            if (is_undecided && verdict != Verdict::kRefused) verdict = Verdict::kUnknown;
            if (verdict == Verdict::kUnknown || verdict == Verdict::kRefused) {
                failure_ = failure_of(error_of(&error), session_.name());
            }
        }
    }

    const Session &session_;
    Owned<mongoc_bulk_operation_t> bulk_;
    std::vector<std::size_t> members_;
    std::vector<Verdict> verdicts_;
    std::optional<ServerFailure> failure_;
};

}  // namespace

Inserted Remote::insert(std::span<const Draft *const> drafts) {
    Bulk bulk(session_, drafts.size());
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        const Bson document = document_of(*drafts[i]);
        if (static_cast<std::int64_t>(document.size()) > max_document_) {
            bulk.set(i, Verdict::kTooLarge);
        } else {
            bulk.add(i, document);
        }
    }
    return bulk.execute();
}

}  // namespace appcreate::mongo
