// app_create_show: what was created can be read where it is created (docs/api.md, "Reading").
#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "harness/answers.h"
#include "harness/metrics.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

const std::string kListScope =
    R"(Bearer realm="applications", error="insufficient_scope", scope="mad.application.management.list")";

class Show : public InEveryMode<Show> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.server = R"(
            location ~ ^/v1/organizations/(?<shown>[^/]+)/apps(?:/[^/]+)?\z { app_create $shown; app_create_show on; }
            location ~ ^/old/organizations/(?<old>[^/]+)/apps(?:/[^/]+)?\z { app_create $old; }
            location ~ ^/back/organizations/(?<back>[^/]+)/apps(?:/[^/]+)?\z {
                app_create $back; app_create_show on; app_create_fallback @api;
            }
            location ~ ^/off/organizations/(?<off>[^/]+)/apps(?:/[^/]+)?\z {
                app_create $off; app_create_show on; app_create_mode off;
            }
            location @api { proxy_pass http://127.0.0.1:@port1@; }
            location = /elsewhere { app_create org-1; app_create_show on; }
            location = /included { ssi on; ssi_types *; root @dir@; }
            location = /metrics { app_create_metrics; }
        )";
        options.servers = R"(
            server { listen 127.0.0.1:@port1@; location / { return 200 "$request_method $request_uri"; } }
        )";
        return options;
    }
    static void prepare(Gateway &gateway) {
        write_file(gateway.directory() + "/included", "<!--# include virtual=\"/v1/organizations/org-1/apps\" -->");
    }

  protected:
    struct Owner {
        Organization organization;
        Key key;
    };
    Owner owner(const std::vector<std::string> &permissions = {"mad.application.management.create",
                                                               "mad.application.management.list"}) {
        const Organization organization = gateway().store().organization();
        return {organization, key_of(organization, permissions)};
    }
    Key key_of(const Organization &organization, const std::vector<std::string> &permissions) {
        std::vector<std::string> more;
        for (const std::string &permission : permissions) more.insert(more.end(), {"--permission", permission});
        return gateway().store().key(organization, more);
    }
    static std::string path_of(const Owner &who, const std::string &rest = {}) {
        return "/v1/organizations/" + who.organization.slug + "/apps" + rest;
    }
    static Request read(const Owner &who, const std::string &rest = {}, const std::string &method = "GET") {
        Request request = Gateway::request(who.organization, who.key, "");
        request.method = method;
        request.has_body = false;
        drop_header(request.headers, "Content-Type");
        request.path = path_of(who, rest);
        return request;
    }
    Response create(const Owner &who, const std::string &name) {
        return client().send(Gateway::request(who.organization, who.key, R"({"name":)" + json_string(name) + "}"));
    }
    // The records of all pages, from the newest on.
    std::vector<Json> walk(const Owner &who, int limit) {
        Client connection = client();
        std::vector<Json> all;
        std::string cursor;
        for (;;) {
            const Response response = connection.send(
                read(who, "?limit=" + std::to_string(limit) + (cursor.empty() ? "" : "&cursor=" + cursor)));
            const Json data = expect_created(response);
            const std::vector<Json> page = data.at("/applications").items();
            EXPECT_LE(page.size(), static_cast<std::size_t>(limit));
            all.insert(all.end(), page.begin(), page.end());
            const std::vector<std::string> keys = data.keys();
            if (std::find(keys.begin(), keys.end(), "nextCursor") == keys.end()) return all;
            cursor = data.string("/nextCursor");
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Modes, Show, kModes, mode_name);

TEST_P(Show, ApplicationIsReadByIdAndSlugAsItWasAnswered) {
    const Owner who = owner();
    Request order = Gateway::request(
        who.organization, who.key,
        R"({"name":"Bänking","metadata":{"a":1.0,"b":[null,{"$x":"\u0000"}]},"defaultScripts":{"audit":"a"}})");
    const Response made = client().send(order);
    const Json data = expect_created(made);
    const std::string id = data.string("/id");
    std::string upper = id;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    for (const std::string &name :
         {id, upper, std::string("banking"), std::string("BANKING"), std::string("%62anking")}) {
        const Response response = client().send(read(who, "/" + name));
        expect_created(response);
        EXPECT_EQ(response.body, made.body) << name;
    }
    // By the organization's id too, and whatever the query says.
    Request request = read(who);
    request.path = "/v1/organizations/" + who.organization.id + "/apps/" + id + "?limit=0&cursor=x&validateOnly=7";
    EXPECT_EQ(client().send(request).body, made.body);
}

TEST_P(Show, HeadIsGetWithoutItsBody) {
    const Owner who = owner();
    create(who, "Head");
    for (const char *rest : {"", "/head", "/nobody"}) {
        const Response get = client().send(read(who, rest));
        const Response head = client().send(read(who, rest, "HEAD"));
        EXPECT_EQ(head.status, get.status) << rest;
        EXPECT_EQ(head.body, "");
        EXPECT_EQ(head.header("Content-Length"), std::to_string(get.body.size())) << rest;
        EXPECT_EQ(head.header("Content-Type"), get.header("Content-Type"));
        EXPECT_EQ(head.header("Cache-Control"), "no-store");
        EXPECT_EQ(head.count("X-Request-ID"), 1U);
    }
}

TEST_P(Show, WhatIsNotThereIsNotFound) {
    const Owner who = owner();
    const Owner other = owner();
    const std::string theirs = expect_created(create(other, "Theirs")).string("/id");
    for (const std::string &name :
         {theirs, std::string("theirs"), std::string("nobody"), std::string("x"), std::string("-bad-"),
          std::string("%20"), std::string("6560a1b2c3d4e5f601234567"), std::string(129, 'a')}) {
        expect_not_found(client().send(read(who, "/" + name)));
    }
    // The other organization is as little there as with a create.
    for (const char *rest : {"", "/theirs"}) {
        Request request = read(other, rest);
        set_header(request.headers, "Authorization", "Bearer " + who.key.token);
        expect_not_found(client().send(request));
    }
}

TEST_P(Show, EncodedSlashIsNoSeparator) {
    const Owner who = owner();
    create(who, "Mine");
    EXPECT_EQ(client().send(read(who, "/mine")).status, 200);
    Request request = read(who);
    for (const std::string &slash : {std::string("%2F"), std::string("%2f")}) {
        request.path = path_of(who) + slash + "mine";
        expect_not_found(client().send(request));
        request.path = "/v1/organizations/" + who.organization.slug + slash + "apps";
        expect_not_found(client().send(request));
        // Behind the path it is nothing of the kind.
        request.path = path_of(who) + "/mine?a=" + slash;
        EXPECT_EQ(client().send(request).status, 200);
    }
}

TEST_P(Show, ApplicationsCalledAsPartsOfThePathAre) {
    const Owner who = owner();
    for (const char *name : {"apps", "organizations"}) {
        const Response made = create(who, name);
        EXPECT_EQ(client().send(read(who, std::string("/") + name)).body, made.body);
    }
    EXPECT_EQ(walk(who, 100).size(), 2U);
    // A path without the form of either has no application.
    Request request = read(who);
    request.path = "/elsewhere";
    expect_not_found(client().send(request));
}

TEST_P(Show, KeyNeedsThePermission) {
    const Owner who = owner();
    create(who, "Mine");
    for (const char *rest : {"", "/mine", "/nobody"}) {
        Request request = read(who, rest);
        for (const std::vector<std::string> &permissions :
             {std::vector<std::string>{"mad.application.management.create"}, std::vector<std::string>{"none"}}) {
            set_header(request.headers, "Authorization", "Bearer " + key_of(who.organization, permissions).token);
            const Response response = client().send(request);
            expect_error(response, 401, 4001, kUnauthorized);
            EXPECT_EQ(response.header("WWW-Authenticate"), kListScope);
        }
        set_header(request.headers, "Authorization", "Bearer unknown");
        expect_unauthorized(client().send(request));
        drop_header(request.headers, "Authorization");
        expect_no_token(client().send(request));
    }
    // And this one is for nothing else.
    const Key reader = key_of(who.organization, {"mad.application.management.list"});
    Request request = read(who, "/mine");
    set_header(request.headers, "Authorization", "Bearer " + reader.token);
    EXPECT_EQ(client().send(request).status, 200);
    const Response refused = client().send(Gateway::request(who.organization, reader, R"({"name":"No"})"));
    expect_error(refused, 401, 4001, kUnauthorized);
    EXPECT_NE(refused.header("WWW-Authenticate").find("mad.application.management.create"), std::string::npos);
}

TEST_P(Show, DisabledOrganizationIsNotFound) {
    const Owner who = owner();
    create(who, "Mine");
    EXPECT_EQ(client().send(read(who, "/mine")).status, 200);
    gateway().store().tell({"org", "disable", who.organization.slug});
    Response last;
    EXPECT_TRUE(eventually([&] {
        last = client().send(read(who, "/mine"));
        return last.status == 404;
    }));
    expect_not_found(last);
    expect_not_found(client().send(read(who)));
}

TEST_P(Show, MethodsAreSaid) {
    const Owner who = owner();
    create(who, "Mine");
    const std::vector<std::pair<std::string, std::string>> all = {{"", "GET, HEAD, POST"}, {"/mine", "GET, HEAD"}};
    for (const auto &[rest, allowed] : all) {
        for (const char *method : {"DELETE", "PUT", "PATCH", "OPTIONS"}) {
            const Response response = client().send(read(who, rest, method));
            expect_error(response, 405, 1003, "Method not allowed");
            EXPECT_EQ(response.header("Allow"), allowed) << method << rest;
        }
    }
    // An application is not created under another one's name.
    Request request = Gateway::request(who.organization, who.key, R"({"name":"No"})");
    request.path += "/mine";
    const Response response = client().send(request);
    expect_error(response, 405, 1003, "Method not allowed");
    EXPECT_EQ(response.header("Allow"), "GET, HEAD");
    EXPECT_EQ(gateway().store().count(who.organization), 1);
}

TEST_P(Show, WithoutTheDirectiveAllIsAsEver) {
    const Owner who = owner();
    create(who, "Mine");
    for (const char *rest : {"", "/mine"}) {
        for (const char *method : {"GET", "HEAD", "DELETE"}) {
            Request request = read(who, rest, method);
            request.path.replace(0, 3, "/old");
            const Response response = client().send(request);
            EXPECT_EQ(response.status, 405);
            EXPECT_EQ(response.header("Allow"), "POST");
        }
    }
}

TEST_P(Show, ListIsNewestFirstInPages) {
    const Owner who = owner();
    std::vector<std::string> made;
    for (int i = 0; i < 25; ++i) made.push_back(expect_created(create(who, "App")).string("/id"));
    std::sort(made.rbegin(), made.rend());
    for (const int limit : {1, 7, 25, 100}) {
        std::vector<std::string> ids;
        for (const Json &one : walk(who, limit)) ids.push_back(one.string("/id"));
        EXPECT_EQ(ids, made) << limit;
    }
    const Json data = expect_created(client().send(read(who)));
    EXPECT_EQ(data.keys(), (std::vector<std::string>{"applications", "nextCursor"}));
    EXPECT_EQ(data.at("/applications").items().size(), 20U);
    // Each is the record that create answers and that its own URI has.
    const Json one = data.at("/applications").items().front();
    EXPECT_EQ(expect_created(client().send(read(who, "/" + made.front()))).text(), one.text());
}

TEST_P(Show, EmptyListIsAList) {
    const Owner who = owner();
    EXPECT_EQ(client().send(read(who)).body, R"({"status":true,"data":{"applications":[]}})");
}

TEST_P(Show, ListIsWholeWhileOthersCreate) {
    const Owner who = owner();
    std::set<std::string> early;
    for (int i = 0; i < 12; ++i) early.insert(expect_created(create(who, "Early")).string("/id"));
    std::atomic<bool> is_over = false;
    std::vector<std::thread> others;
    for (int i = 0; i < 2; ++i) {
        others.emplace_back([&] {
            Client connection = client();
            while (!is_over) {
                expect_created(connection.send(Gateway::request(who.organization, who.key, R"({"name":"Late"})")));
            }
        });
    }
    const std::vector<Json> all = walk(who, 3);
    is_over = true;
    for (std::thread &one : others) one.join();
    std::set<std::string> ids;
    for (const Json &one : all) EXPECT_TRUE(ids.insert(one.string("/id")).second) << "twice: " << one.string("/id");
    for (const std::string &id : early) EXPECT_TRUE(ids.contains(id)) << id;
}

TEST_P(Show, WrongParametersAreViolations) {
    const Owner who = owner();
    const Owner other = owner();
    for (int i = 0; i < 2; ++i) create(other, "App");
    const std::string cursor = expect_created(client().send(read(other, "?limit=1"))).string("/nextCursor");
    for (const std::string &query :
         {std::string("limit=0"), std::string("limit=101"), std::string("limit=x"), std::string("limit=1&limit=1"),
          std::string("cursor="), std::string("cursor=bad"), "cursor=" + cursor}) {
        const auto violations = expect_violations(client().send(read(who, "?" + query)));
        ASSERT_EQ(violations.size(), 1U) << query;
        EXPECT_EQ(violations[0].first, "");
        EXPECT_NE(violations[0].second.find(query.substr(0, query.find('='))), std::string::npos) << query;
    }
    EXPECT_EQ(client().send(read(other, "?other=1&cursor=" + cursor)).status, 200);
}

TEST_P(Show, WhatIsNotFoundGoesToTheFallback) {
    const Owner who = owner();
    const Owner other = owner();
    const Response made = create(who, "Mine");
    const auto back = [&](const Owner &whose, const std::string &rest, const std::string &method = "GET") {
        Request request = read(whose, rest, method);
        request.path.replace(0, 3, "/back");
        return request;
    };
    EXPECT_EQ(client().send(back(who, "/mine")).body, made.body);
    for (const char *rest : {"/nobody", "/x", "/6560a1b2c3d4e5f601234567?a=b", "%2Fmine"}) {
        const Request request = back(who, rest);
        const Response response = client().send(request);
        EXPECT_EQ(response.status, 200) << rest;
        EXPECT_EQ(response.body, "GET " + request.path);
    }
    EXPECT_EQ(client().send(back(who, "/nobody", "HEAD")).status, 200);
    EXPECT_EQ(client().send(back(who, "/mine", "DELETE")).body, "DELETE " + back(who, "/mine").path);
    // A list is of this store, and what is refused is refused.
    EXPECT_EQ(expect_created(client().send(back(who, ""))).at("/applications").items().size(), 1U);
    expect_violations(client().send(back(who, "?limit=0")));
    Request request = back(other, "/mine");
    set_header(request.headers, "Authorization", "Bearer " + who.key.token);
    expect_not_found(client().send(request));
    drop_header(request.headers, "Authorization");
    expect_no_token(client().send(request));
}

TEST_P(Show, BodyOfAReadReachesTheFallback) {
    const Owner who = owner();
    Request request = read(who, "/nobody");
    request.path.replace(0, 3, "/back");
    request.has_body = true;
    request.body = std::string(20'000, 'b');
    Client connection = client();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(connection.send(request).body, "GET " + request.path);
    // And one that nobody wants is no hindrance.
    request.path = path_of(who, "/nobody");
    for (int i = 0; i < 3; ++i) expect_not_found(connection.send(request));
}

TEST_P(Show, ModeIsOfCreatesAlone) {
    const Owner who = owner();
    const Response made = create(who, "Mine");
    Request request = read(who, "/mine");
    request.path.replace(0, 3, "/off");
    EXPECT_EQ(client().send(request).body, made.body);
    Request order = Gateway::request(who.organization, who.key, R"({"name":"No"})");
    order.path.replace(0, 3, "/off");
    expect_busy(client().send(order));
}

TEST_P(Show, SubrequestReadsNothing) {
    const Owner who = owner();
    create(who, "Mine");
    Request request = read(who);
    request.path = "/included";
    const Response response = client().send(request);
    EXPECT_EQ(response.body.find("applications\":["), std::string::npos) << response.body;
}

TEST_P(Show, ReadsAreCountedWithTheirCodes) {
    const Owner who = owner();
    const auto counted = [&](const char *labels) {
        return metrics_of(gateway()).at(std::string("app_create_requests_total{") + labels + "}");
    };
    const double good = counted(R"(status="200",code="0")");
    const double missing = counted(R"(status="404",code="3001")");
    for (int i = 0; i < 3; ++i) client().send(read(who));
    client().send(read(who, "/nobody"));
    EXPECT_TRUE(eventually([&] { return counted(R"(status="200",code="0")") == good + 3; }));
    EXPECT_TRUE(eventually([&] { return counted(R"(status="404",code="3001")") == missing + 1; }));
}

}  // namespace
}  // namespace appcreate::test
