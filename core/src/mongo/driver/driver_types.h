// Owners for what libmongoc hands out.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>

namespace appcreate::mongo {

struct Destroy {
    void operator()(mongoc_uri_t *uri) const noexcept { mongoc_uri_destroy(uri); }
    void operator()(mongoc_client_t *client) const noexcept { mongoc_client_destroy(client); }
    void operator()(mongoc_client_pool_t *pool) const noexcept { mongoc_client_pool_destroy(pool); }
    void operator()(mongoc_collection_t *collection) const noexcept { mongoc_collection_destroy(collection); }
    void operator()(mongoc_stream_t *stream) const noexcept { mongoc_stream_destroy(stream); }
    void operator()(mongoc_cursor_t *cursor) const noexcept { mongoc_cursor_destroy(cursor); }
    void operator()(mongoc_bulk_operation_t *bulk) const noexcept { mongoc_bulk_operation_destroy(bulk); }
    void operator()(mongoc_find_and_modify_opts_t *opts) const noexcept { mongoc_find_and_modify_opts_destroy(opts); }
    void operator()(mongoc_read_concern_t *concern) const noexcept { mongoc_read_concern_destroy(concern); }
    void operator()(mongoc_write_concern_t *concern) const noexcept { mongoc_write_concern_destroy(concern); }
    void operator()(mongoc_server_description_t *server) const noexcept { mongoc_server_description_destroy(server); }
    void operator()(char *text) const noexcept { bson_free(text); }
};

template <class T>
using Owned = std::unique_ptr<T, Destroy>;

}  // namespace appcreate::mongo
