#include "mongo/driver/query.h"

namespace appcreate::mongo {
namespace {

void append_majority(Bson &opts) {
    const Owned<mongoc_read_concern_t> concern(mongoc_read_concern_new());
    mongoc_read_concern_set_level(concern.get(), MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_read_concern_append(concern.get(), opts.get());
}

// The server gives a read up before its client does: nothing goes on there that nobody waits for.
void append_max_time(const Client &client, BsonWriter &opts) { opts.integer("maxTimeMS", client.read_ms()); }

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

// Hands the reply's document to `on_document`; false: there was none.
bool find_and_modify(const Client &client, const char *collection, const Bson &filter,
                     const mongoc_find_and_modify_opts_t &opts, const OnDocument &on_document) {
    const auto target = client.collection(collection);
    Reply reply;
    bson_error_t error;
    if (!mongoc_collection_find_and_modify_with_opts(target.get(), filter.get(), &opts, reply.fresh(), &error)) {
        throw failure_of(error, client.name());
    }
    const auto value = BsonReader(reply.get()).document("value");
    if (!value) return false;
    const BsonView view(*value);
    on_document(BsonReader(view.get()));
    return true;
}

// The first write error of a reply.
std::string index_of_reply(const bson_t *reply) {
    const auto errors = BsonReader(reply).array("writeErrors");
    if (!errors) return {};
    const auto first = BsonReader(BsonView(*errors).get()).document("0");
    return first ? index_of(BsonView(*first).get()) : std::string();
}

}  // namespace

void find(const Client &client, const char *collection, const Bson &filter, const FindOptions &options,
          const OnDocument &on_document) {
    Bson opts;
    BsonWriter out(opts);
    if (options.projection != nullptr) out.document("projection", *options.projection);
    if (options.sort != nullptr) out.document("sort", *options.sort);
    if (options.limit > 0) out.integer("limit", options.limit);
    if (options.batch_size > 0) out.integer("batchSize", options.batch_size);
    append_max_time(client, out);
    append_majority(opts);
    const auto target = client.collection(collection);
    const Owned<mongoc_cursor_t> cursor(
        mongoc_collection_find_with_opts(target.get(), filter.get(), opts.get(), nullptr));
    const bson_t *document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) {
        if (!on_document(BsonReader(document))) return;
    }
    bson_error_t error;
    if (mongoc_cursor_error(cursor.get(), &error)) throw failure_of(error, client.name());
}

std::int64_t count(const Client &client, const char *collection, const Bson &filter) {
    Bson opts;
    BsonWriter out(opts);
    append_max_time(client, out);
    append_majority(opts);
    bson_error_t error;
    const auto target = client.collection(collection);
    const std::int64_t n =
        mongoc_collection_count_documents(target.get(), filter.get(), opts.get(), nullptr, nullptr, &error);
    if (n < 0) throw failure_of(error, client.name());
    return n;
}

UpdateResult update_one(const Client &client, const char *collection, const Bson &filter, const Bson &update) {
    const auto target = client.collection(collection);
    Reply reply;
    bson_error_t error;
    UpdateResult result;
    if (mongoc_collection_update_one(target.get(), filter.get(), update.get(), nullptr, reply.fresh(), &error)) {
        result.matched = BsonReader(reply.get()).integer("matchedCount").value_or(0);
        return result;
    }
    if (error.code != kDuplicateKey) throw failure_of(error, client.name());
    result.is_duplicate = true;
    return result;
}

bool insert_one(const Client &client, const char *collection, const Bson &document, std::string *index) {
    const auto target = client.collection(collection);
    Bson opts;
    BsonWriter(opts).boolean("validate", false);
    Reply reply;
    bson_error_t error;
    if (mongoc_collection_insert_one(target.get(), document.get(), opts.get(), reply.fresh(), &error)) return true;
    if (error.code != kDuplicateKey) throw failure_of(error, client.name());
    if (index != nullptr) *index = index_of_reply(reply.get());
    return false;
}

bool delete_one(const Client &client, const char *collection, const Bson &filter) {
    const auto target = client.collection(collection);
    Reply reply;
    bson_error_t error;
    if (!mongoc_collection_delete_one(target.get(), filter.get(), nullptr, reply.fresh(), &error)) {
        throw failure_of(error, client.name());
    }
    return BsonReader(reply.get()).integer("deletedCount").value_or(0) == 1;
}

bool take_one(const Client &client, const char *collection, const Bson &filter, const OnDocument &on_document) {
    const Owned<mongoc_find_and_modify_opts_t> opts(mongoc_find_and_modify_opts_new());
    mongoc_find_and_modify_opts_set_flags(opts.get(), MONGOC_FIND_AND_MODIFY_REMOVE);
    return find_and_modify(client, collection, filter, *opts, on_document);
}

bool count_up(const Client &client, const char *collection, const Bson &filter, const Bson &update, bool upsert,
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
    return find_and_modify(client, collection, filter, *opts, on_document);
}

Bson run_command(const Client &client, const Bson &command, bool on_admin) {
    Reply reply;
    bson_error_t error;
    const char *database = on_admin ? "admin" : client.database().c_str();
    if (!mongoc_client_command_simple(client.raw(), database, command.get(), nullptr, reply.fresh(), &error)) {
        throw failure_of(error, client.name());
    }
    return Bson(reply.get());
}

std::string index_of(const bson_t *write_error) {
    constexpr std::string_view kBefore = "index: ";
    constexpr std::string_view kAfter = " dup key";
    const std::string_view message = BsonReader(write_error).text("errmsg").value_or("");
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
