#include "gateway.h"

#include <stdexcept>

namespace appcreate::test {

namespace {

constexpr int kExtraPorts = 3;

// Lines that depend on the nginx: HTTP/2 became a directive in 1.25.1.
std::string listen_lines() {
    if (nginx_program().has_http2_directive()) {
        return "        listen 127.0.0.1:@http1@;\n        listen 127.0.0.1:@h2c@;\n"
               "        listen 127.0.0.1:@tls@ ssl;\n        http2 on;\n";
    }
    return "        listen 127.0.0.1:@http1@;\n        listen 127.0.0.1:@h2c@ http2;\n"
           "        listen 127.0.0.1:@tls@ ssl http2;\n";
}

void make_certificate(const std::string &directory) {
    const Outcome made =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory + "/tls.key",
             "-out", directory + "/tls.crt"});
    if (made.status != 0) {
        throw std::runtime_error("openssl made no certificate: " + made.err);
    }
}

std::vector<int> free_ports(int n) {
    std::vector<int> ports;
    for (int i = 0; i < n; ++i) {
        ports.push_back(free_port());
    }
    return ports;
}

}  // namespace

// The first hop reads the body, so that it can be shown; the second answers.
std::string showing_api(const std::string &directive) {
    return R"(
        server {
            listen 127.0.0.1:@port1@;
            client_body_buffer_size 1m;
            location / {
                proxy_pass http://127.0.0.1:@port2@;
                add_header X-Seen-Body $request_body always;
                add_header X-Seen-Authorization $http_authorization always;
            }
        }
        server { listen 127.0.0.1:@port2@; location / { )" +
           directive + " } }\n";
}

Gateway::Gateway(GatewayOptions options)
    : options_(std::move(options)),
      http1_port_(free_port()),
      h2c_port_(free_port()),
      tls_port_(free_port()),
      extra_ports_(free_ports(kExtraPorts)),
      store_(make_store(worker_directory(directory_.path() + "/store"))),
      nginx_(directory_.path()) {
    make_certificate(directory_.path());
    write_file(directory_.path() + "/static.txt", "static\n");
    store_->init();
    organization_ = store_->organization();
    key_ = store_->key(organization_);
    nginx_.write_configuration(configuration());
}

std::string Gateway::configuration() const {
    const WorkerUser &user = worker_user();
    const std::string user_line = user.switched ? "user " + user.name + " " + user.group + ";\n" : "";
    return expand(
        "load_module " + nginx_program().module + ";\n" + user_line +
        (options_.daemon ? "daemon on;\n" : "daemon off;\n") + "worker_processes " + std::to_string(options_.workers) +
        ";\n"
        "pid @dir@/nginx.pid;\n"
        "error_log @dir@/error.log " +
        options_.log_level +
        ";\n"
        "thread_pool app_create " +
        options_.thread_pool + ";\n" + options_.main +
        "\n"
        "events { worker_connections " +
        std::to_string(options_.connections) +
        "; }\n"
        "http {\n"
        "    client_body_temp_path @dir@/body;\n    proxy_temp_path @dir@/proxy;\n"
        "    fastcgi_temp_path @dir@/fastcgi;\n    uwsgi_temp_path @dir@/uwsgi;\n"
        "    scgi_temp_path @dir@/scgi;\n"
        "    access_log @dir@/access.log;\n"
        "    app_create_store " +
        options_.store +
        ";\n"
        "    app_create_thread_pool app_create;\n    " +
        options_.key_cache + "\n" + options_.http +
        "\n"
        "    server {\n" +
        listen_lines() + "        ssl_certificate @dir@/tls.crt;\n        ssl_certificate_key @dir@/tls.key;\n" +
        options_.server +
        "\n"
        "        location = /static.txt { root @dir@; }\n"
        "        location ~ ^/v1/organizations/(?<organization>[^/]*)/apps\\z {\n"
        "            app_create $organization;\n" +
        options_.location +
        "\n"
        "        }\n"
        "    }\n" +
        options_.servers +
        "\n"
        "}\n");
}

std::string Gateway::expand(std::string text) const {
    text = replace_all(std::move(text), "@store@", store_->uri());
    text = replace_all(std::move(text), "@dir@", directory_.path());
    text = replace_all(std::move(text), "@http1@", std::to_string(http1_port_));
    text = replace_all(std::move(text), "@h2c@", std::to_string(h2c_port_));
    text = replace_all(std::move(text), "@tls@", std::to_string(tls_port_));
    for (int i = 1; i <= kExtraPorts; ++i) {
        text = replace_all(std::move(text), "@port" + std::to_string(i) + "@", std::to_string(extra_port(i)));
    }
    return text;
}

void Gateway::start(const Environment &environment) {
    if (!nginx_.is_running()) {
        nginx_.start(environment);
    }
}

void Gateway::reload_with(const GatewayOptions &options) {
    options_ = options;
    nginx_.write_configuration(configuration());
    nginx_.reload();
}

int Gateway::port(Protocol protocol) const {
    switch (protocol) {
        case Protocol::http10:
        case Protocol::http1:
            return http1_port_;
        case Protocol::h2c:
            return h2c_port_;
        case Protocol::tls_http1:
        case Protocol::tls_h2:
            return tls_port_;
    }
    return 0;
}

Client Gateway::client(Protocol protocol) const {
    const bool tls = protocol == Protocol::tls_http1 || protocol == Protocol::tls_h2;
    return {protocol, port(protocol), tls ? directory_.path() + "/tls.crt" : std::string()};
}

Request Gateway::request(const Organization &organization, const Key &key, const std::string &body) {
    Request request;
    request.path = "/v1/organizations/" + organization.id + "/apps";
    request.headers = {{"Authorization", "Bearer " + key.token}, {"Content-Type", "application/json"}};
    request.body = body;
    return request;
}

std::string Gateway::static_file() const {
    Request request;
    request.method = "GET";
    request.path = "/static.txt";
    request.has_body = false;
    return client().send(request).body;
}

void Gateway::begin_test() {
    rules_.provoked.clear();
    error_log_mark_ = read_file(nginx_.error_log_path()).size();
    access_log_mark_ = read_file(nginx_.access_log_path()).size();
}

std::string Gateway::log_of_test() const { return read_file(nginx_.error_log_path(), error_log_mark_); }
std::string Gateway::access_log_of_test() const { return read_file(nginx_.access_log_path(), access_log_mark_); }

bool Gateway::logs(const std::string &text) const {
    return eventually([&] { return log_of_test().find(text) != std::string::npos; });
}

std::vector<std::string> Gateway::bad_log_lines() const {
    LogRules rules = rules_;
    rules.secrets.insert(store_->tokens().begin(), store_->tokens().end());
    std::vector<std::string> bad = bad_lines(log_of_test(), rules);
    for (const std::string &more : {access_log_of_test(), read_file(nginx_.stderr_path())}) {
        for (std::string &line : bad_lines(more, rules)) {
            bad.push_back(std::move(line));
        }
    }
    return bad;
}

}  // namespace appcreate::test
