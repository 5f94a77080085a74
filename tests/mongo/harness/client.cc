#include "harness/client.h"

#include <stdexcept>
#include <utility>

namespace appcreate::test {
namespace {

Result result(bool ok, const bson_error_t &error, const bson_t *reply) {
    Result out;
    out.ok = ok;
    if (!ok) {
        out.code = error.code;
        out.domain = error.domain;
        out.message = error.message;
    }
    out.reply = copy(reply);
    return out;
}

}  // namespace

MongoClient::MongoClient(const std::string &uri, std::string database)
    : client_(mongoc_client_new(uri.c_str())), database_(std::move(database)) {
    if (!client_) throw std::invalid_argument("no MongoDB URI: " + uri);
    mongoc_client_set_error_api(client_.get(), MONGOC_ERROR_API_VERSION_2);
}

Result MongoClient::command(const Bson &command) {
    bson_error_t error{};
    bson_t reply;
    const bool ok =
        mongoc_client_command_simple(client_.get(), database_.c_str(), command.get(), nullptr, &reply, &error);
    Result out = result(ok, error, &reply);
    bson_destroy(&reply);
    return out;
}

Result MongoClient::insert(const std::string &collection, const std::vector<Bson> &documents) {
    const auto opened = open(collection);
    const Bson options = bson(R"({"ordered":false})");
    mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(opened.get(), options.get());
    const Bson unchecked = bson(R"({"validate":false})");
    for (const Bson &one : documents) {
        mongoc_bulk_operation_insert_with_opts(bulk, one.get(), unchecked.get(), nullptr);
    }
    bson_error_t error{};
    bson_t reply;
    const bool ok = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
    mongoc_bulk_operation_destroy(bulk);
    Result out = result(ok, error, &reply);
    bson_destroy(&reply);
    return out;
}

std::vector<Bson> MongoClient::find(const std::string &collection, const Bson &filter) {
    const auto opened = open(collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(opened.get(), filter.get(), nullptr, nullptr);
    std::vector<Bson> out;
    const bson_t *one = nullptr;
    while (mongoc_cursor_next(cursor, &one)) out.push_back(copy(one));
    bson_error_t error{};
    const bool failed = mongoc_cursor_error(cursor, &error);
    mongoc_cursor_destroy(cursor);
    if (failed) throw std::runtime_error(error.message);
    return out;
}

std::int64_t MongoClient::count(const std::string &collection, const Bson &filter) {
    bson_error_t error{};
    return mongoc_collection_count_documents(open(collection).get(), filter.get(), nullptr, nullptr, nullptr, &error);
}

void MongoClient::drop() { command(bson(R"({"dropDatabase":1})")); }

std::unique_ptr<mongoc_collection_t, MongoClient::Free> MongoClient::open(const std::string &collection) {
    return std::unique_ptr<mongoc_collection_t, Free>(
        mongoc_client_get_collection(client_.get(), database_.c_str(), collection.c_str()));
}

}  // namespace appcreate::test
