// What "nginx -t" says of app_create_identity (docs/operations.md, "When the configuration is read").
#include <string>

#include "harness/config_suite.h"

namespace appcreate::test {
namespace {

class IdentityConfig : public ConfigSuite {
  protected:
    static std::string identity(const std::string &parameters, const std::string &more = "") {
        return location(more + " app_create org;\napp_create_identity " + parameters + "; #here");
    }
    const std::string kStore = "app_create_store sqlite:@dir@/store/apps.db;\n";
};

TEST_F(IdentityConfig, ThatIsIncomplete) {
    expect_refused(identity("owner=$ssl_client_s_dn organization=$ssl_client_i_dn"),
                   "\"app_create_identity\" must have the \"permissions\" parameter");
    expect_refused(identity("owner=$ssl_client_s_dn permissions=a"), "must have the \"organization\" parameter");
    expect_refused(identity("organization=$ssl_client_s_dn permissions=a"), "must have the \"owner\" parameter");
    for (const char *parameter : {"x", "owner", "owner=", "Owner=$ssl_client_s_dn", "on"}) {
        expect_refused(identity(parameter), std::string("invalid parameter \"") + parameter + "\"");
    }
    expect_refused(identity("owner=$ssl_client_s_dn owner=$ssl_client_i_dn"), "duplicate parameter \"owner=");
    expect_refused(identity("owner=0123456789abcdef01234567 organization=$ssl_client_s_dn permissions=a"),
                   "everybody would be that owner");
    expect_taken(
        identity("owner=$ssl_client_s_dn organization=0123456789abcdef01234567 permissions=a,b role=org.admin"));
}

TEST_F(IdentityConfig, ThatAClientGivesItself) {
    for (const char *variable : {"http_x_owner", "arg_owner", "cookie_owner", "HTTP_X", "args", "uri", "request_uri",
                                 "1", "remote_user", "query_string"}) {
        expect_refused(identity(std::string("owner=$") + variable + " organization=$ssl_client_s_dn permissions=a"),
                       "is what a client says of itself");
        expect_refused(identity(std::string("owner=$ssl_client_s_dn organization=x${") + variable + "} permissions=a"),
                       "is what a client says of itself");
    }
    const std::string group =
        " { app_create $of_path;\napp_create_identity owner=$ssl_client_s_dn "
        "organization=$of_path permissions=a; #here\n}";
    expect_refused(server(kStore + "location ~ ^/(?<of_path>.*)\\z" + group), "is what a client says of itself");
    expect_refused(server(kStore + "server_name ~^(?<of_path>.*)\\.example\\z;\nlocation /" + group),
                   "is what a client says of itself");
}

TEST_F(IdentityConfig, ThatNobodySets) {
    const std::string set = "auth_request_set $owner $upstream_http_x_owner;\n";
    const std::string parameters = "owner=$owner organization=$ssl_client_s_dn permissions=a";
    expect_refused(identity(parameters, set), "there is no \"auth_request\"");
    expect_refused(identity(parameters, "auth_request off;\n" + set), "there is no \"auth_request\"");
    expect_taken(identity(parameters, "auth_request /verify;\n" + set));
    expect_refused(identity(parameters, "satisfy any;\nauth_request /verify;\n" + set), "satisfy all");
}

}  // namespace
}  // namespace appcreate::test
