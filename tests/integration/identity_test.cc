// app_create_identity: who asks is known to the gateway (docs/directives.md, "app_create_identity").
#include <cstdint>
#include <string>
#include <utility>

#include "harness/answers.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kMay = "mad.application.management.create";

class Identity : public InEveryMode<Identity> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        // Says of a client what the test says.
        options.servers = R"(
            server {
                listen 127.0.0.1:@port1@;
                location / {
                    add_header X-Owner $http_x_test_owner;
                    add_header X-Organization $http_x_test_organization;
                    add_header X-Slug $http_x_test_slug;
                    add_header X-Role $http_x_test_role;
                    add_header X-Permissions $http_x_test_permissions;
                    if ($http_x_test_stranger) { return 403; }
                    return 204;
                }
            }
        )";
        options.server = R"(
            location = /verify {
                internal;
                proxy_pass http://127.0.0.1:@port1@;
                proxy_pass_request_body off;
                proxy_set_header Content-Length "";
            }
            auth_request_set $owner $upstream_http_x_owner;
            auth_request_set $organization $upstream_http_x_organization;
            auth_request_set $slug $upstream_http_x_slug;
            auth_request_set $role $upstream_http_x_role;
            auth_request_set $permissions $upstream_http_x_permissions;
            location ~ ^/id/(?<organization_of_id>[^/]*)\z {
                auth_request /verify;
                app_create $organization_of_id;
                app_create_identity owner=$owner organization=$organization slug=$slug role=$role
                                    permissions=$permissions;
                add_header X-Key $app_create_key;
                location ~ ^/id/org-1\z { auth_request off; app_create org-1; app_create_identity off; }
            }
        )";
        return options;
    }

  protected:
    // As somebody who is verified elsewhere, and shows no key.
    Request by(const std::string &owner, const std::string &permissions = kMay) {
        Request request = Gateway::request(org_, gateway().key(), R"({"name":"App"})");
        drop_header(request.headers, "Authorization");
        request.path = "/id/" + org_.id;
        set_header(request.headers, "X-Test-Owner", owner);
        set_header(request.headers, "X-Test-Organization", org_.id);
        set_header(request.headers, "X-Test-Permissions", permissions);
        return request;
    }
    static Request with(Request request, const std::string &name, const std::string &value) {
        set_header(request.headers, name, value);
        return request;
    }
    static Request at(Request request, std::string path) {
        request.path = std::move(path);
        return request;
    }
    std::int64_t count() { return gateway().store().count(org_); }

    const std::string owner_ = "0123456789abcdef01234567", other_ = "76543210fedcba9876543210";
    Organization org_ = gateway().store().organization();
};
INSTANTIATE_TEST_SUITE_P(Modes, Identity, kModes, mode_name);

TEST_P(Identity, CreatesForItsOwnerAndInItsRole) {
    const Json made = expect_created(client().send(with(by("0123456789ABCDEF01234567"), "X-Test-Role", "org.editor")));
    EXPECT_EQ(made.string("/createdBy"), owner_);
    EXPECT_EQ(made.string("/organization"), org_.id);
    EXPECT_EQ(made.string("/security/role"), "org.editor");
    EXPECT_EQ(expect_created(client().send(by(owner_))).string("/security/role"), "unknown");
    EXPECT_EQ(count(), 2);
}

TEST_P(Identity, AsksForNoKey) {
    expect_created(client().send(with(by(owner_), "Authorization", "Bearer of.another.kind")));
    expect_created(client().send(with(by(owner_), "Authorization", "Basic dXNlcjpzZWNyZXQ=")));
}

TEST_P(Identity, NeedsThePermission) {
    for (const char *permissions : {"mad.application.management.list", "mad.application.management.creates",
                                    "xmad.application.management.create", "none"}) {
        const Response response = client().send(by(owner_, permissions));
        expect_error(response, 401, 4001, kUnauthorized);
        EXPECT_NE(response.header("WWW-Authenticate").find("insufficient_scope"), std::string::npos);
    }
    for (const std::string &permissions :
         {std::string("a b ") + kMay, std::string("a,") + kMay + ",b", kMay + std::string(" x")}) {
        expect_created(client().send(by(owner_, permissions)));
    }
}

TEST_P(Identity, NobodyIsNoToken) {
    Request nobody = by(owner_);
    drop_header(nobody.headers, "X-Test-Owner");
    drop_header(nobody.headers, "X-Test-Organization");
    expect_no_token(client().send(nobody));
    // An API key does not help: keys are not asked for here.
    expect_no_token(client().send(with(nobody, "Authorization", "Bearer " + gateway().key().token)));
    EXPECT_EQ(count(), 0);
}

TEST_P(Identity, IncompleteOrMalformedIsUnauthorized) {
    for (const char *name : {"X-Test-Owner", "X-Test-Organization"}) {
        for (const char *value : {"0123456789abcdef0123456", "0123456789abcdef012345678", "org-1", "alice"}) {
            expect_unauthorized(client().send(with(by(owner_), name, value)));
        }
        Request half = by(owner_);
        drop_header(half.headers, name);
        expect_unauthorized(client().send(half));
    }
    expect_unauthorized(client().send(with(by(owner_), "X-Test-Slug", "a/b")));
    EXPECT_EQ(count(), 0);
}

TEST_P(Identity, KnowsItsOwnOrganizationAlone) {
    const Organization other = gateway().store().organization();
    expect_not_found(client().send(at(by(owner_), "/id/" + other.id)));
    expect_not_found(client().send(at(by(owner_), "/id/" + org_.slug)));
    expect_created(client().send(with(at(by(owner_), "/id/" + org_.slug), "X-Test-Slug", org_.slug)));
    // None that the store knows.
    expect_not_found(client().send(
        at(with(by(owner_), "X-Test-Organization", "00000000000000000000dead"), "/id/00000000000000000000dead")));
}

TEST_P(Identity, WhoIsNotVerifiedIsRefusedByWhatVerifies) {
    const Response response = client().send(with(by(owner_), "X-Test-Stranger", "yes"));
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(count(), 0);
}

TEST_P(Identity, IdempotencyKeyIsTheOwnersInItsOrganization) {
    const auto keyed = [&](const Request &request) { return with(request, "Idempotency-Key", "once"); };
    const Json first = expect_created(client().send(keyed(by(owner_))));
    EXPECT_EQ(expect_created(client().send(keyed(by(owner_)))).string("/id"), first.string("/id"));
    EXPECT_NE(expect_created(client().send(keyed(by(other_)))).string("/id"), first.string("/id"));
    const Organization other = gateway().store().organization();
    expect_created(client().send(keyed(at(with(by(owner_), "X-Test-Organization", other.id), "/id/" + other.id))));
    EXPECT_EQ(count(), 2);
}

TEST_P(Identity, OffAsksForKeysAgain) {
    expect_no_token(client().send(at(by(owner_), "/id/org-1")));
    const Request keyed = with(by(owner_), "Authorization", "Bearer " + gateway().key().token);
    expect_created(client().send(at(keyed, "/id/org-1")));
}

TEST_P(Identity, KeyOfLogsIsTheSameForOneOwnerAndIsNoStoredOne) {
    const std::string key = client().send(by(owner_)).header("X-Key");
    EXPECT_EQ(key.size(), 24U);
    EXPECT_EQ(client().send(by(owner_)).header("X-Key"), key);
    EXPECT_NE(client().send(by(other_)).header("X-Key"), key);
}

}  // namespace
}  // namespace appcreate::test
