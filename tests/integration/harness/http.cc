#include "http.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "http2.h"

namespace appcreate::test {

namespace {

constexpr long kTimeoutMs = 60000;  // a failure, not an expectation

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t on_header(char *data, std::size_t size, std::size_t n, void *target) {
    auto &response = *static_cast<Response *>(target);
    const std::string_view line(data, size * n);
    if (line.starts_with("HTTP/")) {
        response.headers.clear();  // an interim response came before
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        response.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    return size * n;
}

std::size_t on_body(char *data, std::size_t size, std::size_t n, void *target) {
    static_cast<Response *>(target)->body.append(data, size * n);
    return size * n;
}

struct Upload {
    std::string_view rest;
};

std::size_t on_upload(char *buffer, std::size_t size, std::size_t n, void *source) {
    auto &upload = *static_cast<Upload *>(source);
    const std::size_t part = std::min(size * n, upload.rest.size());
    std::memcpy(buffer, upload.rest.data(), part);
    upload.rest.remove_prefix(part);
    return part;
}

int version_of(long curl_version) {
    switch (curl_version) {
        case CURL_HTTP_VERSION_1_0:
            return 10;
        case CURL_HTTP_VERSION_1_1:
            return 11;
        case CURL_HTTP_VERSION_2_0:
            return 20;
        default:
            return 0;
    }
}

}  // namespace

const char *name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::http10:
            return "HTTP10";
        case Protocol::http1:
            return "HTTP11";
        case Protocol::h2c:
            return "HTTP2";
        case Protocol::tls_http1:
            return "TLS_HTTP11";
        case Protocol::tls_h2:
            return "TLS_HTTP2";
    }
    return "unknown";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::size_t Response::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(),
                                                  [&](const auto &h) { return equal_ignoring_case(h.first, name); }));
}

std::string Response::header(std::string_view name) const {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [&](const auto &h) { return equal_ignoring_case(h.first, name); });
    return found == headers.end() ? std::string() : found->second;
}

std::string Response::comparable() const {
    std::string all = std::to_string(status) + "\n";
    for (const auto &[name, value] : headers) {
        if (!equal_ignoring_case(name, "Date") && !equal_ignoring_case(name, "X-Request-ID")) {
            all += name + ": " + value + "\n";
        }
    }
    return all + "\n" + body;
}

struct Client::State {
    Protocol protocol;
    std::string base;
    std::string certificate;
    std::string failure;                     // of the last request
    std::unique_ptr<Http2Connection> http2;  // in place of curl, for h2c
    CURL *curl = curl_easy_init();
    State(Protocol p, std::string b, std::string c) : protocol(p), base(std::move(b)), certificate(std::move(c)) {}
    State(const State &) = delete;
    State &operator=(const State &) = delete;
    ~State() { curl_easy_cleanup(curl); }

    void set_protocol() const {
        static constexpr long kVersions[] = {CURL_HTTP_VERSION_1_0, CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_NONE,
                                             CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS};
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, kVersions[static_cast<int>(protocol)]);
        if (!certificate.empty()) {
            curl_easy_setopt(curl, CURLOPT_CAINFO, certificate.c_str());
        }
    }
};

Client::Client(Protocol protocol, int port, std::string certificate)
    : state_(std::make_unique<State>(
          protocol, (certificate.empty() ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(port),
          std::move(certificate))) {
    if (protocol == Protocol::h2c) {
        state_->http2 = std::make_unique<Http2Connection>(port);
    }
}
Client::Client(Client &&) noexcept = default;
Client::~Client() = default;

Protocol Client::protocol() const { return state_->protocol; }

std::optional<Response> Client::perform(const Request &request, long limit_ms) {
    if (state_->http2) {
        std::optional<Response> response = state_->http2->perform(request, limit_ms);
        if (!response) {
            state_->failure = state_->http2->failure();
        }
        return response;
    }
    CURL *curl = state_->curl;
    curl_easy_reset(curl);  // keeps the connection
    state_->set_protocol();
    Response response;
    Upload upload{request.body};
    curl_slist *lines = nullptr;
    const auto add = [&](const std::string &line) { lines = curl_slist_append(lines, line.c_str()); };
    for (const auto &[name, value] : request.headers) {
        add(value.empty() ? name + ";" : name + ": " + value);
    }
    for (const char *unwanted : {"Expect", "Content-Type", "Accept"}) {
        if (std::none_of(request.headers.begin(), request.headers.end(),
                         [&](const auto &h) { return equal_ignoring_case(h.first, unwanted); })) {
            add(std::string(unwanted) + ":");
        }
    }
    if (!request.has_body) {
        curl_easy_setopt(curl, request.method == "HEAD" ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        if (request.length_known) {
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
        } else {
            curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
            curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
            if (state_->protocol == Protocol::http1 || state_->protocol == Protocol::tls_http1) {
                add("Transfer-Encoding: chunked");
            }
        }
    }
    if (request.method != "HEAD") {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    const std::string url = state_->base + request.path;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit_ms);
    const CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(lines);
    if (code != CURLE_OK) {
        state_->failure = curl_easy_strerror(code);
        return std::nullopt;
    }
    long number = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &number);
    response.status = static_cast<int>(number);
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &number);
    response.http_version = version_of(number);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &number);
    response.new_connection = number > 0;
    return response;
}

std::optional<Response> Client::try_send(const Request &request) { return perform(request, kTimeoutMs); }

void Client::abandon(const Request &request, long limit_ms) { perform(request, limit_ms); }

Response Client::send(const Request &request) {
    std::optional<Response> response = try_send(request);
    if (!response) {
        throw std::runtime_error("no answer to " + request.method + " " + request.path + ": " + state_->failure);
    }
    return *response;
}

void http_start() { curl_global_init(CURL_GLOBAL_ALL); }

}  // namespace appcreate::test
