// The connections of one client: made apart, so that neither the system's resolver nor a responder of OCSP holds
// whoever waits; counted, so that it is known since when a server is the one that was asked; and none where none may be
// made.
#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace appcreate::mongo {

// Takes the place of what libmongoc connects with. Used by one thread at a time, as its client is.
class Dialer {
  public:
    Dialer() = default;
    Dialer(const Dialer &) = delete;
    Dialer &operator=(const Dialer &) = delete;
    ~Dialer() = default;

    // For `client`, which is lent now.
    void serve(mongoc_client_t *client);

    // Since when the client's connection to that server is there (CLOCK_MONOTONIC, ns), or a later time: whatever was
    // asked after it was answered by the server that the connection leads to. To be called while it is there.
    [[nodiscard]] std::int64_t since(const std::string &host_and_port);

    // While it lives no connection is made: what would need one fails, and nothing was sent.
    class Closed {
      public:
        explicit Closed(Dialer *dialer);  // nullable
        Closed(const Closed &) = delete;
        Closed &operator=(const Closed &) = delete;
        ~Closed();
        [[nodiscard]] bool was_asked() const noexcept;

      private:
        Dialer *const dialer_;
    };

  private:
    struct Line {
        int made = 0;  // connections
        int seen = 0;
        std::int64_t since = 0;
    };
    static mongoc_stream_t *dial(const mongoc_uri_t *uri, const mongoc_host_list_t *host, void *self,
                                 bson_error_t *error) noexcept;
    mongoc_stream_t *dial(const mongoc_uri_t *uri, const mongoc_host_list_t &host, bson_error_t &error);

    // What the streams' options point to.
    std::shared_ptr<mongoc_uri_t> uri_;
    std::map<std::string, Line> lines_;
    // libmongoc connects by itself, so it may at any time.
    bool is_blind_ = false;
    std::int64_t lent_at_ = 0;
    bool is_closed_ = false;
    bool was_asked_ = false;
};

}  // namespace appcreate::mongo
