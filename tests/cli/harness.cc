#include "harness.h"

#include "creates.h"

namespace appcreate::test {

Outcome AppctlTest::appctl(const std::vector<std::string> &arguments, const RunOptions &options) const {
    std::vector<std::string> command = {APPCTL, "--store", uri_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, options);
}

Json AppctlTest::json(const std::vector<std::string> &arguments, const RunOptions &options) const {
    std::vector<std::string> words = {"--json"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Outcome result = appctl(words, options);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return Json::parse(result.out);
}

void AppctlTest::expect_failure(int status, const std::vector<std::string> &arguments, std::string_view message,
                                const RunOptions &options) const {
    const Outcome result = appctl(arguments, options);
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
    EXPECT_TRUE(result.err.starts_with("appctl: ")) << result.err;
}

void AppctlTest::make_organization() {
    EXPECT_EQ(appctl({"init"}).status, 0);
    EXPECT_EQ(appctl({"org", "create", "--name", "Acme", "--slug", "acme"}).status, 0);
}

std::vector<std::string> AppctlTest::create_applications(const std::vector<std::string> &names) const {
    std::vector<Order> orders;
    for (const std::string &name : names) orders.push_back({R"({"name":")" + name + R"("})"});
    std::vector<std::string> bodies;
    for (const Answer &answer : create(uri_, "acme", orders)) {
        EXPECT_EQ(answer.status, 200) << answer.body;
        bodies.push_back(answer.body);
    }
    return bodies;
}

}  // namespace appcreate::test
