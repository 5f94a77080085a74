// post_action: nginx goes on with a request that has had its answer, or whose client is gone, while a thread may still
// be at it. What comes back then finds a request that is no longer ours.
#include "harness/answers.h"
#include "harness/held_thread.h"
#include "harness/mute_server.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

class PostAction : public SharedGateway<PostAction> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        options.thread_pool = "threads=1";
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
        options.server = R"(
            app_create_timeout 30s;
            location = /answered { post_action /after; app_create org-1; }
            location = /after { proxy_pass http://127.0.0.1:@port1@/told; }
            location = /plain { app_create org-1; }
            location = /patient { post_action /held; app_create org-1; }
            location = /hasty { post_action /held; app_create_timeout 1s; app_create org-1; }
            location = /hasty_too { app_create_timeout 1s; app_create org-1; }
            location = /held { proxy_pass http://127.0.0.1:@port2@; }
        )" + HeldThread::locations();
        options.servers = "server { listen 127.0.0.1:@port1@; location = /told { return 204; } }";
        return options;
    }

  protected:
    static Request at(const std::string &path, const std::string &token = gateway().key().token) {
        Request request = gateway().request(R"({"name":"After"})");
        request.path = path;
        set_header(request.headers, "Authorization", "Bearer " + token);
        return request;
    }
    // Its client is gone, and the post_action has begun. True when there was no answer until then.
    bool leave(const Request &request) {
        bool silent = false;
        {
            RawConnection connection(gateway().port(Protocol::http1));
            connection.send(http1_bytes(request));
            silent = stays_silent(gateway(), connection);
        }
        EXPECT_TRUE(server_.is_asked());
        return silent;
    }
    // One that was never looked up.
    static std::string unknown() {
        static int number = 0;
        return "nobody-" + std::to_string(++number);
    }
    // Whatever was on its way before is back, on the only thread; the post_actions go on.
    void expect_serving() const {
        expect_created(gateway().client().send(at("/plain")));
        expect_unauthorized(gateway().client().send(at("/plain", unknown())));
        EXPECT_FALSE(server_.was_left()) << "a post_action was cut short";
    }
    static std::int64_t count() { return gateway().store().count(gateway().organization()); }

    MuteServer server_{gateway().extra_port(2)};
};

TEST_F(PostAction, ComesAfterTheAnswer) {
    const std::int64_t before = count();
    expect_created(gateway().client().send(at("/answered")));
    EXPECT_TRUE(eventually([] { return gateway().access_log_of_test().find("/told") != std::string::npos; }));
    EXPECT_EQ(count(), before + 1);
}

TEST_F(PostAction, WhileACreateIsOnItsWay) {
    NEEDS_LOCK();
    expect_created(gateway().client().send(at("/plain")));
    const std::int64_t before = count();
    {
        const auto lock = gateway().store().lock();
        EXPECT_TRUE(leave(at("/patient")));
    }
    expect_serving();
    // The client that went away was in the list before the one that has its answer.
    EXPECT_EQ(count(), before + 2);
}

TEST_F(PostAction, WhileAKeyIsLookedUp) {
    HeldThread thread(gateway());
    const std::int64_t before = count();
    EXPECT_TRUE(leave(at("/patient", unknown())));
    const Key key = gateway().store().key(gateway().organization());
    EXPECT_TRUE(leave(at("/patient", key.token)));
    thread.release();
    expect_serving();
    EXPECT_EQ(count(), before + 1) << "the request was gone on with";
}

TEST_F(PostAction, WhileTheTimeRunsOut) {
    NEEDS_LOCK();
    expect_created(gateway().client().send(at("/hasty_too")));
    const std::int64_t before = count();
    HeldThread thread(gateway());
    {
        const auto lock = gateway().store().lock();
        leave(at("/hasty"));
        leave(at("/hasty", unknown()));
        // Their time is up when it is for those that asked later.
        expect_database_error(gateway().client().send(at("/hasty_too")));
        expect_database_error(gateway().client().send(at("/hasty_too", unknown())));
        EXPECT_FALSE(server_.was_left()) << "a post_action was cut short";
    }
    thread.release();
    expect_serving();
    const std::int64_t late = count() - before - 1;
    EXPECT_LE(late, gateway().store().traits().works_off_late ? 2 : 0) << "what ran out of time was made";
}

}  // namespace
}  // namespace appcreate::test
