// Mirrored creates that are validated, compared with what their originals were answered (docs/directives.md,
// "app_create_mode").
#include <functional>

#include "harness/answers.h"
#include "harness/held_thread.h"
#include "harness/metrics.h"
#include "harness/mute_server.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kShadows = "app_create_shadow_answers_total";

std::string shadow(const std::string &result, const std::string &status, const std::string &code,
                   const std::string &original_status, const std::string &original_code) {
    return std::string(kShadows) + "{result=\"" + result + "\",status=\"" + status + "\",code=\"" + code +
           "\",original_status=\"" + original_status + "\",original_code=\"" + original_code + "\"}";
}

// The API at port1 answers by path; the gateway stands before it and validates what it mirrors.
GatewayOptions in_front_of_api() {
    GatewayOptions options;
    options.http = R"(
        log_format shadows '$uri $status [$app_create_shadow_result $app_create_shadow_status $app_create_shadow_code]';
    )";
    options.server = std::string(kWatching) + R"(
        access_log @dir@/access.log shadows;
        app_create_timeout 2s;
        client_max_body_size 2m;
        location /api/ { mirror /shadow; proxy_pass http://127.0.0.1:@port1@/; }
        location /twice/ { mirror /shadow; mirror /shadow; proxy_pass http://127.0.0.1:@port1@/; }
        location /bodiless/ { mirror /shadow; mirror_request_body off; proxy_pass http://127.0.0.1:@port1@/; }
        location /small/ { mirror /shadow_small; proxy_pass http://127.0.0.1:@port1@/; }
        location /logged/ { log_subrequest on; mirror /shadow_logged; proxy_pass http://127.0.0.1:@port1@/; }
        location /by_accel/ { mirror /shadow; proxy_pass http://127.0.0.1:@port1@/; }
        location /by_name/ { mirror /shadow; proxy_pass http://127.0.0.1:@port1@/; }
        location = /redirected { return 409 '{"error":{"code":5001}}'; }
        location /mute/ { mirror /shadow; proxy_pass http://127.0.0.1:@port2@/; }
        location /made/ { mirror /shadow_made; proxy_pass http://127.0.0.1:@port1@/; }
        location /off/ { mirror /shadow_off; proxy_pass http://127.0.0.1:@port1@/; }
        location /paged/ { mirror /shadow_paged; proxy_pass http://127.0.0.1:@port1@/; }
        location = /shadow { internal; app_create org-1; app_create_mode validate; }
        location = /shadow_small { internal; client_max_body_size 100; app_create org-1; app_create_mode validate; }
        location = /shadow_logged { internal; log_subrequest on; app_create org-1; app_create_mode validate; }
        location = /shadow_made { internal; log_subrequest on; app_create org-1; app_create_mode $shadow_mode; }
        location = /shadow_off { internal; log_subrequest on; app_create org-1; app_create_mode off; }
        location = /shadow_paged {
            internal; log_subrequest on; error_page 400 /paged_elsewhere; app_create org-1; app_create_mode validate;
        }
        location = /guarded { auth_request /shadow; root @dir@; try_files /static.txt =404; }
        location = /page.shtml { ssi on; default_type text/html; root @dir@; }
    )";
    options.http += "map $http_x_mode $shadow_mode { default create; validate validate; }\n";
    options.servers = R"(
        server {
            listen 127.0.0.1:@port1@;
            client_max_body_size 8m;
            default_type application/json;
            location = /200 { return 200 '{"status":true,"data":{}}'; }
            location = /201 { return 201 '{"status":true,"data":{}}'; }
            location = /400 { return 400 '{"status":false,"error":{"code":3000,"message":"Validation Error"}}'; }
            location = /spaced { return 400 '{ "status": false,\n "error" : { "code" : 3000 } }'; }
            location = /limit { return 400 '{"status":false,"error":{"code":5017,"message":"Limit Exceeded"}}'; }
            location = /strange { return 400 '{"error":{"code":4711}}'; }
            location = /text { default_type text/plain; return 400 '"code":5017,'; }
            location = /cut { return 400 '{"error":{"code":3000'; }
            location = /401 { return 401 '{"status":false,"error":{"code":4001,"message":"Unauthorized"}}'; }
            location = /accel { add_header X-Accel-Redirect /redirected; return 200; }
        }
    )";
    return options;
}

class Shadow : public InEveryMode<Shadow> {
  public:
    static GatewayOptions options() { return in_front_of_api(); }
    static void prepare(Gateway &gateway) {
        write_file(gateway.directory() + "/page.shtml", R"(before<!--#include virtual="/shadow" -->after)");
    }

  protected:
    Request request(const std::string &path, const std::string &body) {
        Request request = gateway().request(body);
        request.path = path;
        return request;
    }
    // Sends it, and expects one more of `sample` and none of others.
    Response expect_one(const std::string &sample, const Request &request) {
        const Metrics before = metrics_of(gateway());
        // HTTP/2 cuts off what is left of a request when its connection ends.
        Client client = this->client();
        Response response = client.send(request);
        Metrics after = before;
        EXPECT_TRUE(eventually([&] {
            after = metrics_of(gateway());
            return after.sum(kShadows) > before.sum(kShadows);
        })) << response.body;
        EXPECT_EQ(after.at(sample), before.at(sample) + 1) << sample;
        EXPECT_EQ(after.sum(kShadows), before.sum(kShadows) + 1);
        return response;
    }
    std::int64_t count() { return gateway().store().count(gateway().organization()); }

    const std::string good_ = R"({"name":"Mirrored"})";
    std::int64_t before_ = count();
    void TearDown() override {
        EXPECT_EQ(count(), before_) << "a mirrored create has made an application";
        InEveryMode<Shadow>::TearDown();
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, Shadow, kModes, mode_name);

TEST_P(Shadow, SuccessesAreTheSame) {
    for (const char *status : {"200", "201"}) {
        const Response response =
            expect_one(shadow("same", "200", "0", status, "0"), request(std::string("/api/") + status, good_));
        EXPECT_EQ(std::to_string(response.status), status);
        EXPECT_EQ(response.body, R"({"status":true,"data":{}})");
    }
    // Whatever the client asks for.
    expect_one(shadow("same", "200", "0", "201", "0"), request("/api/201?validateOnly=false", good_));
    Request keyed = request("/api/201", good_);
    set_header(keyed.headers, "Idempotency-Key", "mirrored");
    expect_one(shadow("same", "200", "0", "201", "0"), keyed);
}

TEST_P(Shadow, ErrorsAreComparedByTheirCodes) {
    expect_one(shadow("same", "400", "3000", "400", "3000"), request("/api/400", "{}"));
    expect_one(shadow("same", "400", "3000", "400", "3000"), request("/api/spaced", "{}"));
    expect_one(shadow("different", "400", "3000", "400", "5017"), request("/api/limit", "{}"));
    expect_one(shadow("different", "400", "3000", "400", "other"), request("/api/strange", "{}"));
    // What says no code is compared by its status.
    expect_one(shadow("same", "400", "3000", "400", "none"), request("/api/text", "{}"));
    expect_one(shadow("same", "400", "3000", "400", "none"), request("/api/cut", "{}"));
}

TEST_P(Shadow, AnswersDiffer) {
    expect_one(shadow("different", "400", "3000", "201", "0"), request("/api/201", "{}"));
    expect_one(shadow("different", "200", "0", "400", "5017"), request("/api/limit", good_));
    Request unknown = request("/api/201", good_);
    set_header(unknown.headers, "Authorization", "Bearer unknown");
    expect_one(shadow("different", "401", "4001", "201", "0"), unknown);
    drop_header(unknown.headers, "Authorization");
    expect_one(shadow("different", "401", "4002", "201", "0"), unknown);
    unknown.path = "/api/401";
    expect_one(shadow("different", "401", "4002", "401", "4001"), unknown);
}

TEST_P(Shadow, BodyIsTheOriginalsHoweverItArrives) {
    for (const std::size_t size : {10U, 100000U, 1000000U}) {
        for (const bool length_known : {true, false}) {
            SCOPED_TRACE(std::to_string(size) + (length_known ? "" : ", without a length"));
            Request large = request("/api/201", R"({"name":"x","metadata":{"m":")" + std::string(size, 'm') + "\"}}");
            large.length_known = length_known;
            expect_one(shadow("same", "200", "0", "201", "0"), large);
            large.body.pop_back();
            expect_one(shadow("different", "400", "3000", "201", "0"), large);
        }
    }
    expect_one(shadow("different", "400", "3000", "201", "0"), request("/api/201", ""));
}

TEST_P(Shadow, LimitOfItsOwnLocationHolds) {
    const std::string large = R"({"name":"x","metadata":{"m":")" + std::string(1000, 'm') + "\"}}";
    Request asked = request("/small/201", large);
    expect_one(shadow("different", "413", "1004", "201", "0"), asked);
    asked.length_known = false;
    expect_one(shadow("different", "413", "1004", "201", "0"), asked);
}

TEST_P(Shadow, BodyThatIsNotMirroredIsSaid) {
    expect_one(shadow("different", "500", "1000", "201", "0"), request("/bodiless/201", good_));
    EXPECT_TRUE(gateway().logs("remove \"mirror_request_body off\""));
}

TEST_P(Shadow, EachMirrorCounts) {
    const Metrics before = metrics_of(gateway());
    Client client = this->client();
    EXPECT_EQ(client.send(request("/twice/201", good_)).status, 201);
    const std::string sample = shadow("same", "200", "0", "201", "0");
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).at(sample) == before.at(sample) + 2; }));
}

TEST_P(Shadow, RedirectedOriginalIsComparedByItsLastAnswer) {
    expect_one(shadow("different", "200", "0", "409", "5001"), request("/by_accel/accel", good_));
}

TEST_P(Shadow, OriginalThatCannotBeHad) {
    gateway().provoke("connect() failed");
    EXPECT_EQ(expect_one(shadow("different", "200", "0", "502", "none"), request("/mute/", good_)).status, 502);
}

TEST_P(Shadow, OtherMethodsHaveNone) {
    Request other = request("/api/200", "");
    const double before = metrics_of(gateway()).sum(kShadows);
    for (const char *method : {"GET", "PUT", "DELETE"}) {
        other.method = method;
        other.has_body = std::string(method) == "PUT";
        EXPECT_EQ(client().send(other).status, 200) << method;
    }
    expect_one(shadow("same", "200", "0", "201", "0"), request("/api/201", good_));
    EXPECT_EQ(metrics_of(gateway()).sum(kShadows), before + 1);
}

TEST_P(Shadow, IsNoRequestOfAClient) {
    const Metrics before = metrics_of(gateway());
    expect_one(shadow("same", "200", "0", "201", "0"), request("/logged/201", good_));
    EXPECT_TRUE(eventually([&] {
        return gateway().access_log_of_test().find("/shadow_logged 200 ") != std::string::npos;
    })) << gateway().access_log_of_test();
    EXPECT_EQ(metrics_of(gateway()).sum("app_create_requests_total"), before.sum("app_create_requests_total"));
}

TEST_P(Shadow, VariablesOfTheOriginalTellOfIt) {
    expect_one(shadow("different", "400", "3000", "400", "5017"), request("/api/limit", "{}"));
    expect_one(shadow("same", "200", "0", "201", "0"), request("/api/201", good_));
    for (const char *line : {"/api/limit 400 [different 400 3000]\n", "/api/201 201 [same 200 0]\n"}) {
        EXPECT_TRUE(eventually([&] { return gateway().access_log_of_test().find(line) != std::string::npos; }))
            << line << gateway().access_log_of_test();
    }
    EXPECT_EQ(gateway().static_file(), "static\n");
    EXPECT_TRUE(eventually([&] {
        return gateway().access_log_of_test().find("/static.txt 200 [- - -]\n") != std::string::npos;
    })) << gateway().access_log_of_test();
}

TEST_P(Shadow, ErrorPageOfItsLocationIsForNobody) {
    expect_one(shadow("same", "400", "3000", "400", "3000"), request("/paged/400", "{}"));
}

TEST_P(Shadow, OnlyValidateLetsAMirrorIn) {
    for (const char *path : {"/made", "/off"}) {
        EXPECT_EQ(client().send(request(std::string(path) + "/201", good_)).status, 201);
        const std::string line = "/shadow_" + std::string(path).substr(1) + " 401 ";
        EXPECT_TRUE(eventually([&] { return gateway().access_log_of_test().find(line) != std::string::npos; }))
            << line << gateway().access_log_of_test();
    }
    Request validated = request("/made/201", good_);
    set_header(validated.headers, "X-Mode", "validate");
    expect_one(shadow("same", "200", "0", "201", "0"), validated);
}

TEST_P(Shadow, OtherSubrequestsAreRefused) {
    EXPECT_EQ(client().send(request("/guarded", good_)).status, 401);
    Request page = request("/page.shtml", "");
    page.method = "GET";
    page.has_body = false;
    const Response response = client().send(page);
    EXPECT_EQ(response.body.find("\"status\":true"), std::string::npos) << response.body;
    // Not from outside either.
    EXPECT_EQ(client().send(request("/shadow", good_)).status, 404);
}

// Where one of the two goes away.
class ShadowLeft : public OwnGateway {
  protected:
    void start() {
        make(in_front_of_api()).start();
        // The worker knows the key: what follows is about creates.
        EXPECT_EQ(send("/api/201").status, 201);
        expect(shadow("same", "200", "0", "201", "0"), 1);
    }
    Request request(const std::string &path) {
        Request request = gateway().request(R"({"name":"Left"})");
        request.path = path;
        return request;
    }
    Response send(const std::string &path) { return gateway().client().send(request(path)); }
    // An original is answered while its shadow waits for the store, and `meanwhile` runs before that one is.
    void answer_first(RawConnection &connection, const std::function<void()> &meanwhile) {
        const auto lock = gateway().store().lock();
        connection.send(http1_bytes(request("/api/201")));
        EXPECT_EQ(connection.receive().value_or(Response{}).status, 201);
        meanwhile();
    }
    void expect(const std::string &sample, double value) {
        EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).at(sample) == value; }))
            << sample << "\n"
            << get(gateway(), "/metrics").body;
    }
    void TearDown() override {
        EXPECT_EQ(gateway().store().count(gateway().organization()), 0);
        OwnGateway::TearDown();
    }
};

TEST_F(ShadowLeft, OriginalIsAnsweredWithoutWaitingForIt) {
    NEEDS_LOCK();
    start();
    RawConnection connection(gateway().port(Protocol::http1));
    answer_first(connection, [&] { EXPECT_EQ(metrics_of(gateway()).sum(kShadows), 1); });
    // In time, or too late where the machine is slow.
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum(kShadows) == 2; }));
    // And the connection goes on.
    connection.send(http1_bytes(request("/api/400")));
    EXPECT_EQ(connection.receive().value_or(Response{}).status, 400);
}

TEST_F(ShadowLeft, StoreThatDoesNotAnswerIsADifference) {
    NEEDS_LOCK();
    start();
    const auto lock = gateway().store().lock();
    EXPECT_EQ(send("/api/201").status, 201);
    expect(shadow("different", "503", "3002", "201", "0"), 1);
}

TEST_F(ShadowLeft, ClientThatLeavesBeforeTheOriginalIsAnswered) {
    start();
    MuteServer api(gateway().extra_port(2));
    RawConnection connection(gateway().port(Protocol::http1));
    connection.send(http1_bytes(request("/mute/")));
    ASSERT_TRUE(api.is_asked());
    // The shadow has been answered by then, as the store's own count says.
    ASSERT_TRUE(eventually([&] { return metrics_of(gateway()).sum("app_create_store_duration_seconds_count") == 2; }));
    connection.abort();
    expect(shadow("unknown", "200", "0", "499", "none"), 1);
    EXPECT_EQ(send("/api/201").status, 201);
}

TEST_F(ShadowLeft, ClientThatLeavesWhileTheStoreIsAsked) {
    NEEDS_LOCK();
    start();
    MuteServer api(gateway().extra_port(2));
    {
        const auto lock = gateway().store().lock();
        for (int i = 0; i < 5; ++i) {
            RawConnection connection(gateway().port(Protocol::http1));
            connection.send(http1_bytes(request("/mute/")));
            ASSERT_TRUE(api.is_asked());
            connection.abort();
        }
        EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum(kShadows, "result=\"unknown\"") == 5; }))
            << get(gateway(), "/metrics").body;
    }
    EXPECT_EQ(send("/api/201").status, 201);
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum(kShadows) == 7; }));
}

TEST_F(ShadowLeft, ClientThatLeavesWithItsAnswer) {
    NEEDS_LOCK();
    start();
    for (const Protocol protocol : {Protocol::h2c, Protocol::tls_h2, Protocol::http1}) {
        const double before = metrics_of(gateway()).sum(kShadows);
        {
            const auto lock = gateway().store().lock();
            EXPECT_EQ(gateway().client(protocol).send(request("/twice/201")).status, 201);
        }
        EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum(kShadows) == before + 2; }));
    }
    EXPECT_EQ(metrics_of(gateway()).sum(kShadows, "original_status=\"201\""), 7);
    EXPECT_EQ(send("/api/201").status, 201);
}

// nginx makes no answer for one whose connection is gone; it is known all the same.
TEST_F(ShadowLeft, ClientThatLeavesBeforeItsKeyIsKnown) {
    GatewayOptions options = in_front_of_api();
    options.server = replace_all(options.server, "app_create_timeout 2s", "app_create_timeout 60s");
    options.server += HeldThread::locations();
    options.thread_pool = "threads=1";
    make(options).start();
    Request unknown = request("/api/201");
    set_header(unknown.headers, "Authorization", "Bearer of-nobody");
    HeldThread held(gateway());
    {
        Client client = gateway().client(Protocol::h2c);
        EXPECT_EQ(client.send(unknown).status, 201);
    }
    EXPECT_TRUE(gateway().logs("client prematurely closed connection"));
    EXPECT_EQ(metrics_of(gateway()).sum(kShadows), 0);
    held.release();
    expect(shadow("different", "401", "4001", "201", "0"), 1);
}

TEST_F(ShadowLeft, ReloadWaitsForIt) {
    NEEDS_LOCK();
    start();
    RawConnection connection(gateway().port(Protocol::http1));
    answer_first(connection, [&] { gateway().reload_with(in_front_of_api()); });
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).sum(kShadows) == 2; }));
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).at("app_create_workers") == 1; }));
}

TEST_F(ShadowLeft, ModesAreCounted) {
    start();
    const std::string name = "app_create_mode_requests_total";
    EXPECT_EQ(metrics_of(gateway()).at(name + "{mode=\"validate\"}"), 1);
    for (int i = 0; i < 3; ++i) {
        expect_no_token(gateway().client().send([&] {
            Request asked = gateway().request("{}");
            drop_header(asked.headers, "Authorization");
            return asked;
        }()));
    }
    send("/off/201");
    expect(name + "{mode=\"create\"}", 3);
    expect(name + "{mode=\"off\"}", 1);
    EXPECT_EQ(metrics_of(gateway()).sum(name), 5);
    EXPECT_TRUE(metrics_of(gateway()).has(name + "{mode=\"unknown\"}"));
}

}  // namespace
}  // namespace appcreate::test
