// app_create_limit: how often a create may come, by key (docs/directives.md, "app_create_limit").
#include <cstdint>
#include <string>

#include "harness/answers.h"
#include "harness/limits.h"
#include "harness/metrics.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kGood = R"({"name":"x"})";

class Limit : public InEveryMode<Limit> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.http = R"(
            app_create_limit key=$app_create_key rate=1r/m burst=9 zone=outer:64k;
            map $http_x_mode $mode { default $http_x_mode; "" create; }
        )";
        options.server = std::string(kWatching) + R"(
            add_header X-Limit $app_create_limit_status always;
            location @api { return 200 "api"; }
            location ~ ^/key/(?<org_k>[^/]*)\z {
                client_max_body_size 1k;
                app_create $org_k; app_create_limit key=$app_create_key rate=1r/m burst=3 zone=by-key:64k;
            }
            location ~ ^/outer/(?<org_o>[^/]*)\z { app_create $org_o; if ($arg_if) { add_header X-If 1; } }
            location ~ ^/two/(?<org_t>[^/]*)\z {
                app_create $org_t;
                app_create_limit key=$app_create_key rate=1r/m burst=1 zone=z.key:64k;
                app_create_limit key=$app_create_organization rate=1r/m burst=3 zone=a.org:64k;
            }
            location ~ ^/header/(?<org_h>[^/]*)\z {
                app_create $org_h; app_create_limit key=$http_x_test rate=1r/m zone=by_header:64k;
            }
            location ~ ^/mode/(?<org_m>[^/]*)\z {
                app_create $org_m; app_create_mode $mode; app_create_fallback @api;
                app_create_limit key=$app_create_key$http_x_test rate=1r/m burst=1 zone=mode:64k;
            }
            location ~ ^/again/(?<org_a>[^/]*)\z {
                error_page 404 429 = @again;
                app_create $org_a; app_create_limit key=$app_create_key rate=1r/m burst=2 zone=again:64k;
            }
            location @again {
                app_create $http_x_again; app_create_limit key=$app_create_key rate=1r/m burst=2 zone=again:64k;
            }
            location ~ ^/page/(?<org_p>[^/]*)\z {
                error_page 400 /page.txt;
                app_create $org_p; app_create_limit key=$app_create_key rate=1r/m burst=2 zone=page:64k;
            }
            location = /page.txt { return 200 "page"; }
            location = /mirrored { mirror /shadow; proxy_pass http://127.0.0.1:@port1@; }
            location = /shadow {
                internal;
                app_create org-1; app_create_mode validate; app_create_limit key=shadow rate=1r/m zone=shadow:64k;
            }
        )";
        options.servers = "server { listen 127.0.0.1:@port1@; location / { return 201; } }";
        return options;
    }

  protected:
    Request request(const std::string &path, const Key &key, const std::string &body = kGood) {
        Request request = Gateway::request(org_, key, body);
        request.path = path + org_.id;
        return request;
    }
    Response send(const std::string &path, const std::string &body = kGood) {
        return client().send(request(path, key_, body));
    }
    Response send(const std::string &path, const Key &key) { return client().send(request(path, key)); }
    std::int64_t count() { return gateway().store().count(org_); }

    Organization org_ = gateway().store().organization();
    Key key_ = gateway().store().key(org_);
    int left_ = 10;
};
INSTANTIATE_TEST_SUITE_P(Modes, Limit, kModes, mode_name);

TEST_P(Limit, BurstAndOneMoreThenNone) {
    for (int left = 3; left >= 0; --left) {
        const Response response = send("/key/");
        expect_created(response);
        EXPECT_EQ(response.header("RateLimit-Policy"), R"("by-key";q=4;w=240)");
        EXPECT_EQ(room(response, "by-key"), left);
        EXPECT_EQ(response.header("X-Limit"), "PASSED");
        EXPECT_EQ(response.count("RateLimit"), 1U);
        EXPECT_EQ(response.count("RateLimit-Policy"), 1U);
    }
    for (int i = 0; i < 3; ++i) {
        const Response response = send("/key/");
        expect_limited(response);
        EXPECT_EQ(response.header("RateLimit-Policy"), R"("by-key";q=4;w=240)");
        EXPECT_EQ(response.header("X-Limit"), "REJECTED");
    }
    EXPECT_EQ(count(), 4);
    // Another key is another's affair.
    EXPECT_EQ(room(send("/key/", gateway().store().key(org_)), "by-key"), 3);
}

TEST_P(Limit, RefusesBeforeTheBodyIsReadAndKeepsTheConnection) {
    Client client = this->client();
    Request asked = request("/key/", key_);
    for (int i = 0; i < 4; ++i) {
        expect_created(client.send(asked));
    }
    asked.body = "{";
    const Response refused = client.send(asked);
    expect_limited(refused);
    EXPECT_FALSE(refused.new_connection);
    EXPECT_FALSE(client.send(asked).new_connection);
}

TEST_P(Limit, IsToldOnEveryAnswerAfterAuthentication) {
    const auto expect_told = [&](const Response &response, int status) {
        EXPECT_EQ(response.status, status) << response.body;
        EXPECT_EQ(room(response, "outer"), --left_);
        EXPECT_EQ(response.header("RateLimit-Policy"), R"("outer";q=10;w=600)");
    };
    expect_told(send("/outer/"), 200);
    expect_told(send("/outer/", "{"), 400);
    Request asked = request("/outer/", key_);
    asked.path = "/outer/nobody";
    expect_told(client().send(asked), 404);
    asked = request("/outer/", key_);
    set_header(asked.headers, "Content-Type", "text/plain");
    expect_told(client().send(asked), 415);
    // What nginx finds while it reads the body.
    asked = request("/outer/", key_, std::string(2 << 20, ' '));
    asked.length_known = false;
    expect_told(client().send(asked), 413);
    asked = request("/outer/", key_);
    set_header(asked.headers, "Idempotency-Key", "k");
    expect_told(client().send(asked), 200);
    asked.body = R"({"name":"y"})";
    expect_told(client().send(asked), 422);
    // A block of "if" is the location's.
    asked = request("/outer/", key_);
    asked.path += "?if=1";
    const Response response = client().send(asked);
    expect_told(response, 200);
    EXPECT_EQ(response.header("X-If"), "1");
}

TEST_P(Limit, WhoIsRefusedByAuthenticationIsNotCounted) {
    Request asked = request("/header/", key_);
    set_header(asked.headers, "X-Test", key_.id);
    Request bad = asked;
    for (const char *authorization : {"", "Bearer unknown", "Basic x"}) {
        set_header(bad.headers, "Authorization", authorization);
        const Response response = client().send(bad);
        EXPECT_EQ(response.status, 401);
        expect_unlimited(response);
        EXPECT_FALSE(response.has("X-Limit"));
    }
    const Key powerless = gateway().store().key(org_, {"--permission", "none"});
    set_header(bad.headers, "Authorization", "Bearer " + powerless.token);
    expect_unlimited(client().send(bad));
    bad = asked;
    bad.method = "PUT";
    expect_unlimited(client().send(bad));
    expect_created(client().send(asked));
    expect_limited(client().send(asked));
}

TEST_P(Limit, EmptyKeyIsNotCounted) {
    for (int i = 0; i < 3; ++i) {
        const Response response = send("/header/");
        expect_created(response);
        expect_unlimited(response);
        EXPECT_FALSE(response.has("X-Limit"));
    }
}

TEST_P(Limit, LongKeysAreToldApart) {
    // Longer than what a zone keeps as it is, and different in the last byte alone.
    for (const std::size_t size : {48U, 49U, 500U}) {
        for (const char *last : {"a", "b"}) {
            Request asked = request("/header/", key_);
            set_header(asked.headers, "X-Test", key_.id + std::string(size - 25, 'x') + last);
            expect_created(client().send(asked));
            expect_limited(client().send(asked));
        }
    }
}

TEST_P(Limit, OneThatRefusesLeavesTheOthersAlone) {
    expect_created(send("/two/"));
    const Response second = send("/two/");
    expect_created(second);
    // As they are configured, whatever the order in which they are asked.
    EXPECT_EQ(second.header("RateLimit-Policy"), R"("z.key";q=2;w=120, "a.org";q=4;w=240)");
    EXPECT_EQ(room(second, "z.key"), 0);
    EXPECT_EQ(room(second, "a.org"), 2);
    for (int i = 0; i < 5; ++i) {
        const Response refused = send("/two/");
        expect_limited(refused);
        EXPECT_EQ(room(refused, "a.org"), 2);
    }
    // The other way round: the organization's refuses, the key's loses nothing.
    const Key other = gateway().store().key(org_);
    const Key third = gateway().store().key(org_);
    expect_created(send("/two/", other));
    expect_created(send("/two/", other));
    for (int i = 0; i < 5; ++i) {
        const Response refused = send("/two/", third);
        expect_limited(refused);
        EXPECT_EQ(room(refused, "z.key"), 2);
    }
    EXPECT_EQ(count(), 4);
}

TEST_P(Limit, ReplaysAndTrialsCountAsWhatTheyAre) {
    Request asked = request("/key/", key_);
    set_header(asked.headers, "Idempotency-Key", "k");
    expect_created(client().send(asked));
    EXPECT_EQ(client().send(asked).header("Idempotency-Replayed"), "true");
    asked = request("/key/", key_);
    asked.path += "?validateOnly=true";
    EXPECT_EQ(room(client().send(asked), "by-key"), 1);
    EXPECT_EQ(room(client().send(asked), "by-key"), 0);
    expect_limited(client().send(asked));
    EXPECT_EQ(count(), 1);
}

TEST_P(Limit, ValidateCountsAndOffDoesNot) {
    Request asked = request("/mode/", key_);
    set_header(asked.headers, "X-Test", "x");
    Request other = asked;
    other.method = "GET";
    other.has_body = false;
    Request off = asked;
    set_header(off.headers, "X-Mode", "off");
    for (int i = 0; i < 3; ++i) {
        for (const Request &one : {other, off}) {
            const Response response = client().send(one);
            EXPECT_EQ(response.body, "api");
            expect_unlimited(response);
            EXPECT_FALSE(response.has("X-Limit"));
        }
    }
    set_header(asked.headers, "X-Mode", "validate");
    EXPECT_EQ(room(client().send(asked), "mode"), 1);
    EXPECT_EQ(room(client().send(asked), "mode"), 0);
    expect_limited(client().send(asked));
    EXPECT_EQ(client().send(off).body, "api");
    EXPECT_EQ(count(), 0);
}

TEST_P(Limit, RedirectedRequestIsCountedOnce) {
    Request asked = request("/again/", key_);
    asked.path = "/again/nobody";
    set_header(asked.headers, "X-Again", org_.id);
    for (int left = 2; left >= 0; --left) {
        const Response response = client().send(asked);
        expect_created(response);
        EXPECT_EQ(room(response, "again"), left);
        EXPECT_EQ(response.count("RateLimit"), 1U);
        EXPECT_EQ(response.header("X-Limit"), "PASSED");
    }
    // Who is refused stays so.
    const Response refused = client().send(asked);
    expect_limited(refused);
    EXPECT_EQ(refused.header("X-Limit"), "REJECTED");
    EXPECT_EQ(count(), 3);
}

TEST_P(Limit, IsToldAlsoByAnErrorPage) {
    const Response response = send("/page/", "{");
    EXPECT_EQ(response.body, "page");
    EXPECT_EQ(room(response, "page"), 2);
    EXPECT_EQ(response.count("RateLimit"), 1U);
    EXPECT_EQ(response.header("X-Limit"), "PASSED");
}

TEST_P(Limit, ShadowsAreNotCounted) {
    const double before = metrics_of(gateway()).sum("app_create_shadow_answers_total", "status=\"200\"");
    for (int i = 0; i < 3; ++i) {
        Request asked = gateway().request(kGood);
        asked.path = "/mirrored";
        const Response response = client().send(asked);
        EXPECT_EQ(response.status, 201);
        expect_unlimited(response);
    }
    EXPECT_TRUE(eventually(
        [&] { return metrics_of(gateway()).sum("app_create_shadow_answers_total", "status=\"200\"") == before + 3; }));
    const Metrics metrics = metrics_of(gateway());
    EXPECT_TRUE(metrics.has("app_create_limit_keys{limit=\"shadow\"}"));
    EXPECT_EQ(metrics.at("app_create_limit_keys{limit=\"shadow\"}"), 0);
}

TEST_P(Limit, IsCountedInMetrics) {
    const std::string refusals = "app_create_limit_refusals_total{limit=\"by-key\"}";
    const Metrics before = metrics_of(gateway());
    for (int i = 0; i < 7; ++i) {
        (void)send("/key/");
    }
    const Metrics after = metrics_of(gateway());
    EXPECT_EQ(after.at(refusals), before.at(refusals) + 3);
    const std::string keys = "app_create_limit_keys{limit=\"by-key\"}";
    EXPECT_GE(after.at(keys), 1);
    EXPECT_EQ(after.at("app_create_limit_refusals_total{limit=\"shadow\"}"), 0);
}

}  // namespace
}  // namespace appcreate::test
