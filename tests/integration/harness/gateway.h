// The whole thing under test: a store, an organization with a key, an nginx in front.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "files.h"
#include "http.h"
#include "log_guard.h"
#include "nginx.h"
#include "raw.h"
#include "store.h"

namespace appcreate::test {

/*
 * Pieces of configuration. In each of them, and in write_configuration's text, these are replaced:
 *   @dir@ the server's directory, @store@ the store's URI, @http1@ @h2c@ @tls@ the ports, @port1@ @port2@ more ports.
 */
struct GatewayOptions {
    int workers = 1;
    std::string log_level = "info";
    std::string main;
    std::string http;
    std::string key_cache = "app_create_key_cache zone=keys:1m valid=1s invalid=1s;";
    std::string store = "@store@";
    std::string server;
    std::string location;  // inside location /v1/organizations/…/apps
    std::string servers;   // further server blocks
    std::string thread_pool = "threads=4";
    bool daemon = false;
    int connections = 1024;  // of a worker
};

// Servers of an API at port1 that answers with `directive`, and in X-Seen-… with what it was sent.
std::string showing_api(const std::string &directive);

class Gateway {
  public:
    explicit Gateway(GatewayOptions options = {});
    Gateway(const Gateway &) = delete;
    Gateway &operator=(const Gateway &) = delete;

    [[nodiscard]] const std::string &directory() const { return directory_.path(); }
    Store &store() { return *store_; }
    Nginx &nginx() { return nginx_; }
    // Unlimited, without storage providers; its key may create.
    [[nodiscard]] const Organization &organization() const { return organization_; }
    [[nodiscard]] const Key &key() const { return key_; }

    // Starts nginx, unless it runs.
    void start(const Environment &environment = {});
    // Writes the configuration anew and reloads.
    void reload_with(const GatewayOptions &options);
    [[nodiscard]] std::string expand(std::string text) const;
    [[nodiscard]] std::string configuration() const;

    [[nodiscard]] int port(Protocol protocol) const;
    [[nodiscard]] int extra_port(int number) const { return extra_ports_[static_cast<std::size_t>(number - 1)]; }
    [[nodiscard]] Client client(Protocol protocol = Protocol::http1) const;
    [[nodiscard]] Client client_at(int port) const { return Client(Protocol::http1, port); }

    // A create, well-formed but for what the test changes.
    [[nodiscard]] Request request(const std::string &body) const { return request(organization_, key_, body); }
    [[nodiscard]] static Request request(const Organization &organization, const Key &key, const std::string &body);

    // What a static file of the same server reads as now: "static\n" while nginx serves.
    [[nodiscard]] std::string static_file() const;

    // ---- logs. What was there before begin_test is not looked at.
    void begin_test();
    void provoke(const std::string &part_of_line) { rules_.provoked.push_back(part_of_line); }
    void forbid(const std::string &secret) { rules_.secrets.insert(secret); }
    [[nodiscard]] std::string log_of_test() const;
    [[nodiscard]] std::string access_log_of_test() const;
    // Until nginx has written a line with `text` (it may write after it has answered).
    bool logs(const std::string &text) const;
    [[nodiscard]] std::vector<std::string> bad_log_lines() const;
    // QUIT, and the exit status.
    int stop() { return nginx_.quit(); }

  private:
    TempDir directory_;
    GatewayOptions options_;
    int http1_port_;
    int h2c_port_;
    int tls_port_;
    std::vector<int> extra_ports_;
    std::unique_ptr<Store> store_;
    Nginx nginx_;
    Organization organization_;
    Key key_;
    LogRules rules_;
    std::size_t error_log_mark_ = 0;
    std::size_t access_log_mark_ = 0;
};

}  // namespace appcreate::test
