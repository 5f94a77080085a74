// The ceiling of a MongoDB server: bulk inserts of an application that is in the store already, in a loop with nothing
// else, on a store that appctl made.
//
//   bench_mongo_loop URI ORGANIZATION CREATES_A_BATCH SECONDS MOST     ends after so many seconds or creates
//   bench_mongo_loop URI drop                                         drops the database
//
// Prints {"per_second":…,"latency_us":{…}}; the latency is that of one batch.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "closed_loop.h"
#include "mongo/driver/driver_types.h"

namespace {

using appcreate::mongo::Owned;

constexpr std::int32_t kTimeoutMs = 10'000;

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "mongo_loop: %s\n", what);
    std::exit(1);
}

struct Document {
    Document() { bson_init(&bson); }
    Document(const Document &) = delete;
    Document &operator=(const Document &) = delete;
    ~Document() { bson_destroy(&bson); }
    bson_t bson;
};

// With the write concern of the store's own inserts, and as little retried.
Owned<mongoc_client_t> connect(const char *text) {
    bson_error_t error;
    const Owned<mongoc_uri_t> uri(mongoc_uri_new_with_error(text, &error));
    if (uri == nullptr) fail(error.message);
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES, false);
    const Owned<mongoc_write_concern_t> concern(mongoc_write_concern_new());
    mongoc_write_concern_set_wmajority(concern.get(), kTimeoutMs);
    mongoc_write_concern_set_journal(concern.get(), true);
    mongoc_uri_set_write_concern(uri.get(), concern.get());
    Owned<mongoc_client_t> client(mongoc_client_new_from_uri_with_error(uri.get(), &error));
    if (client == nullptr) fail(error.message);
    return client;
}

Owned<mongoc_collection_t> applications_of(mongoc_client_t *client, const char *uri) {
    const Owned<mongoc_uri_t> parsed(mongoc_uri_new(uri));
    return Owned<mongoc_collection_t>(
        mongoc_client_get_collection(client, mongoc_uri_get_database(parsed.get()), "applications"));
}

void drop(mongoc_client_t *client, const char *uri) {
    const Owned<mongoc_uri_t> parsed(mongoc_uri_new(uri));
    Document command;
    bson_append_int32(&command.bson, "dropDatabase", -1, 1);
    bson_error_t error;
    if (!mongoc_client_write_command_with_opts(client, mongoc_uri_get_database(parsed.get()), &command.bson, nullptr,
                                               nullptr, &error)) {
        fail(error.message);
    }
}

class Creator {
  public:
    Creator(mongoc_collection_t *collection, const char *organization) : collection_(collection) {
        bson_oid_init_from_string(&organization_, organization);
        Document filter;
        BSON_APPEND_OID(&filter.bson, "organization", &organization_);
        const Owned<mongoc_cursor_t> cursor(
            mongoc_collection_find_with_opts(collection, &filter.bson, nullptr, nullptr));
        const bson_t *found = nullptr;
        if (!mongoc_cursor_next(cursor.get(), &found)) fail("the organization has no application to take as a model");
        // What differs from one application to the next is appended to each.
        bson_copy_to_excluding_noinit(found, &model_.bson, "_id", "slug", "place", "request", nullptr);
        BSON_APPEND_BOOL(&unordered_.bson, "ordered", false);
        BSON_APPEND_BOOL(&unchecked_.bson, "validate", false);
    }

    void insert(int creates) {
        const Owned<mongoc_bulk_operation_t> bulk(
            mongoc_collection_create_bulk_operation_with_opts(collection_, &unordered_.bson));
        bson_error_t error;
        for (int i = 0; i < creates; ++i) {
            Document document;
            fill(document.bson);
            if (!mongoc_bulk_operation_insert_with_opts(bulk.get(), &document.bson, &unchecked_.bson, &error)) {
                fail(error.message);
            }
        }
        if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) == 0) fail(error.message);
    }

  private:
    // As the store makes one in an organization without a limit: its place and its request are its own id.
    void fill(bson_t &document) {
        bson_oid_t id;
        bson_oid_init(&id, nullptr);
        char slug[33];
        std::snprintf(slug, sizeof(slug), "benchmark-%016llx", static_cast<unsigned long long>(random_()));
        BSON_APPEND_OID(&document, "_id", &id);
        BSON_APPEND_UTF8(&document, "slug", slug);
        bson_concat(&document, &model_.bson);
        BSON_APPEND_OID(&document, "place", &id);
        BSON_APPEND_OID(&document, "request", &id);
    }

    mongoc_collection_t *const collection_;
    bson_oid_t organization_{};
    Document model_;
    Document unordered_;
    Document unchecked_;  // the store checks its documents itself
    std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace

int main(int argc, char **argv) {
    const bool drops = argc == 3 && std::strcmp(argv[2], "drop") == 0;
    if (argc != 6 && !drops) {
        std::fprintf(stderr,
                     "usage: bench_mongo_loop URI ORGANIZATION CREATES_A_BATCH SECONDS MOST\n"
                     "       bench_mongo_loop URI drop\n");
        return 2;
    }
    mongoc_init();
    {
        const Owned<mongoc_client_t> client = connect(argv[1]);
        if (drops) {
            drop(client.get(), argv[1]);
        } else {
            const Owned<mongoc_collection_t> collection = applications_of(client.get(), argv[1]);
            Creator creator(collection.get(), argv[2]);
            const int creates = std::atoi(argv[3]);
            const auto insert = [&] {
                creator.insert(creates);
                return true;
            };
            bench::run_closed_loop(std::atof(argv[4]), creates, insert, std::atof(argv[5]));
        }
    }
    mongoc_cleanup();
    return 0;
}
