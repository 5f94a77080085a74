// What all of this store asks of a collection: finds with a read concern, updates of single documents.
#pragma once

#include <cstdint>
#include <functional>

#include "mongo/driver/bson.h"
#include "mongo/driver/pool.h"

namespace appcreate::mongo {

// Returns false to stop.
using OnDocument = std::function<bool(const BsonReader &document)>;

struct FindOptions {
    const Bson *projection = nullptr;
    const Bson *sort = nullptr;
    std::int64_t limit = 0;       // 0: all
    std::int32_t batch_size = 0;  // 0: the server's
};

// All throw ServerFailure. Finds and counts are of what a majority has.
void find(const Client &client, const char *collection, const Bson &filter, const FindOptions &options,
          const OnDocument &on_document);
std::int64_t count(const Client &client, const char *collection, const Bson &filter);

struct UpdateResult {
    std::int64_t matched = 0;
    bool is_duplicate = false;  // a unique index refused it
};
UpdateResult update_one(const Client &client, const char *collection, const Bson &filter, const Bson &update);

// Returns whether it went in; false: a unique index refused it, and `index` says which one by its name.
bool insert_one(const Client &client, const char *collection, const Bson &document, std::string *index = nullptr);

// findAndModify that removes, handing the document as it was to `on_document`; false: there was none.
bool take_one(const Client &client, const char *collection, const Bson &filter, const OnDocument &on_document);

// Returns whether there was one.
bool delete_one(const Client &client, const char *collection, const Bson &filter);

// findAndModify, returning the document as it is afterwards to `on_document`; false: there was none. Not acknowledged
// by a majority: for counters that only suggest.
bool count_up(const Client &client, const char *collection, const Bson &filter, const Bson &update, bool upsert,
              const OnDocument &on_document);

// A command on the store's database, or on "admin".
Bson run_command(const Client &client, const Bson &command, bool on_admin = false);

// The name of the unique index that a duplicate key error is about; empty: it does not say.
std::string index_of(const bson_t *write_error);

}  // namespace appcreate::mongo
