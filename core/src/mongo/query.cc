#include "mongo/query.h"

namespace appcreate::mongo {
namespace {

void append_majority(Bson &opts) {
    const Owned<mongoc_read_concern_t> concern(mongoc_read_concern_new());
    mongoc_read_concern_set_level(concern.get(), MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_read_concern_append(concern.get(), opts.get());
}

// The server gives a read up before its client does: nothing goes on there that nobody waits for.
void append_max_time(const Session &session, Writer &opts) { opts.integer("maxTimeMS", session.read_ms()); }

// A reply that libmongoc has initialised, whatever happened.
class Reply {
  public:
    Reply() { bson_init(&reply_); }
    Reply(const Reply &) = delete;
    Reply &operator=(const Reply &) = delete;
    ~Reply() { bson_destroy(&reply_); }
    // For a call that initialises it itself.
    bson_t *fresh() {
        bson_destroy(&reply_);
        return &reply_;
    }
    [[nodiscard]] const bson_t *get() const { return &reply_; }

  private:
    bson_t reply_;
};

// The first write error of a reply.
std::string index_of_reply(const bson_t *reply) {
    const auto errors = Reader(reply).array("writeErrors");
    if (!errors) return {};
    const auto first = Reader(BsonView(*errors).get()).document("0");
    return first ? index_of(BsonView(*first).get()) : std::string();
}

}  // namespace

void find(const Session &session, const char *collection, const Bson &filter, const FindOptions &options,
          const OnDocument &on_document) {
    Bson opts;
    Writer out(opts);
    if (options.projection != nullptr) out.document("projection", *options.projection);
    if (options.sort != nullptr) out.document("sort", *options.sort);
    if (options.limit > 0) out.integer("limit", options.limit);
    if (options.batch_size > 0) out.integer("batchSize", options.batch_size);
    append_max_time(session, out);
    if (options.majority) append_majority(opts);
    const auto target = session.collection(collection);
    const Owned<mongoc_cursor_t> cursor(
        mongoc_collection_find_with_opts(target.get(), filter.get(), opts.get(), nullptr));
    const bson_t *document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) {
        if (!on_document(Reader(document))) return;
    }
    bson_error_t error;
    if (mongoc_cursor_error(cursor.get(), &error)) throw failure_of(error, session.name());
}

std::int64_t count(const Session &session, const char *collection, const Bson &filter) {
    Bson opts;
    Writer out(opts);
    append_max_time(session, out);
    append_majority(opts);
    bson_error_t error;
    const auto target = session.collection(collection);
    const std::int64_t n =
        mongoc_collection_count_documents(target.get(), filter.get(), opts.get(), nullptr, nullptr, &error);
    if (n < 0) throw failure_of(error, session.name());
    return n;
}

UpdateResult update_one(const Session &session, const char *collection, const Bson &filter, const Bson &update) {
    const auto target = session.collection(collection);
    Reply reply;
    bson_error_t error;
    UpdateResult result;
    if (mongoc_collection_update_one(target.get(), filter.get(), update.get(), nullptr, reply.fresh(), &error)) {
        result.matched = Reader(reply.get()).integer("matchedCount").value_or(0);
        return result;
    }
    if (error.code != kDuplicateKey) throw failure_of(error, session.name());
    result.is_duplicate = true;
    return result;
}

bool insert_one(const Session &session, const char *collection, const Bson &document, std::string *index) {
    const auto target = session.collection(collection);
    Bson opts;
    Writer(opts).boolean("validate", false);
    Reply reply;
    bson_error_t error;
    if (mongoc_collection_insert_one(target.get(), document.get(), opts.get(), reply.fresh(), &error)) return true;
    if (error.code != kDuplicateKey) throw failure_of(error, session.name());
    if (index != nullptr) *index = index_of_reply(reply.get());
    return false;
}

bool delete_one(const Session &session, const char *collection, const Bson &filter) {
    const auto target = session.collection(collection);
    Reply reply;
    bson_error_t error;
    if (!mongoc_collection_delete_one(target.get(), filter.get(), nullptr, reply.fresh(), &error)) {
        throw failure_of(error, session.name());
    }
    return Reader(reply.get()).integer("deletedCount").value_or(0) == 1;
}

bool count_up(const Session &session, const char *collection, const Bson &filter, const Bson &update, bool upsert,
              const OnDocument &on_document) {
    const Owned<mongoc_find_and_modify_opts_t> opts(mongoc_find_and_modify_opts_new());
    mongoc_find_and_modify_opts_set_update(opts.get(), update.get());
    mongoc_find_and_modify_opts_set_flags(opts.get(),
                                          static_cast<mongoc_find_and_modify_flags_t>(
                                              MONGOC_FIND_AND_MODIFY_RETURN_NEW |
                                              (upsert ? MONGOC_FIND_AND_MODIFY_UPSERT : MONGOC_FIND_AND_MODIFY_NONE)));
    const Owned<mongoc_write_concern_t> concern(mongoc_write_concern_new());
    mongoc_write_concern_set_w(concern.get(), 1);
    Bson extra;
    mongoc_write_concern_append(concern.get(), extra.get());
    mongoc_find_and_modify_opts_append(opts.get(), extra.get());
    const auto target = session.collection(collection);
    Reply reply;
    bson_error_t error;
    if (!mongoc_collection_find_and_modify_with_opts(target.get(), filter.get(), opts.get(), reply.fresh(), &error)) {
        throw failure_of(error, session.name());
    }
    const auto value = Reader(reply.get()).document("value");
    if (!value) return false;
    const BsonView view(*value);
    on_document(Reader(view.get()));
    return true;
}

Bson run_command(const Session &session, const Bson &command, bool on_admin) {
    Reply reply;
    bson_error_t error;
    const char *database = on_admin ? "admin" : session.database().c_str();
    if (!mongoc_client_command_simple(session.client(), database, command.get(), nullptr, reply.fresh(), &error)) {
        throw failure_of(error, session.name());
    }
    return Bson(reply.get());
}

std::string index_of(const bson_t *write_error) {
    constexpr std::string_view kBefore = "index: ";
    constexpr std::string_view kAfter = " dup key";
    const std::string_view message = Reader(write_error).text("errmsg").value_or("");
    const std::size_t start = message.find(kBefore);
    if (start == std::string_view::npos) return {};
    const std::string_view rest = message.substr(start + kBefore.size());
    const std::size_t end = rest.find(kAfter);
    if (end == std::string_view::npos) return {};
    // Servers before 4.2 write "database.collection.$name".
    const std::string_view name = rest.substr(0, end);
    return std::string(name.substr(name.rfind('$') + 1));
}

}  // namespace appcreate::mongo
