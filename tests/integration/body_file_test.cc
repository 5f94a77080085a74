// A body that nginx keeps in a file, and that cannot be read from there any more (docs/api.md, "Codes": 500/1000).
#include <filesystem>

#include "harness/answers.h"
#include "harness/held_thread.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

namespace fs = std::filesystem;

class BodyFile : public SharedGateway<BodyFile> {
  public:
    static GatewayOptions options() {
        GatewayOptions options;
        // While it is held, bodies wait in their files to be read.
        options.thread_pool = "threads=1";
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
        options.server = R"(
            app_create_timeout 30s;
        )" + HeldThread::locations();
        // By name, or nobody could cut it.
        options.location = "client_body_in_file_only clean;";
        return options;
    }

  protected:
    // The file of a body of `size` bytes, once all of it is there.
    static fs::path file_of(std::size_t size) {
        fs::path found;
        EXPECT_TRUE(eventually([&] {
            for (const auto &entry : fs::recursive_directory_iterator(gateway().directory() + "/body")) {
                if (entry.is_regular_file() && entry.file_size() == size) {
                    found = entry.path();
                }
            }
            return !found.empty();
        }));
        return found;
    }
};

TEST_F(BodyFile, CutShortIs1000AndTheNextIsServed) {
    const Request request =
        gateway().request(R"({"name":"File","metadata":{"m":")" + std::string(100000, 'm') + "\"}}");
    expect_created(gateway().client().send(request));
    const std::int64_t before = gateway().store().count(gateway().organization());
    HeldThread thread(gateway());
    RawConnection cut(gateway().port(Protocol::http1));
    RawConnection whole(gateway().port(Protocol::http1));
    ASSERT_TRUE(cut.send(http1_bytes(request)));
    const fs::path file = file_of(request.body.size());
    ASSERT_FALSE(file.empty());
    fs::resize_file(file, request.body.size() / 2);
    ASSERT_TRUE(whole.send(http1_bytes(request)));
    thread.release();

    const auto refused = cut.receive();
    ASSERT_TRUE(refused);
    expect_error(*refused, 500, 1000, "Internal error");
    const auto made = whole.receive();
    ASSERT_TRUE(made);
    expect_created(*made);
    EXPECT_EQ(gateway().store().count(gateway().organization()), before + 1);
    EXPECT_TRUE(gateway().logs("app_create failed"));
    EXPECT_EQ(gateway().static_file(), "static\n");
}

}  // namespace
}  // namespace appcreate::test
