// appctl app …
#include <algorithm>

#include "creates.h"
#include "harness.h"

namespace appcreate::test {
namespace {

class Applications : public AppctlTest {
  protected:
    void SetUp() override { make_organization(); }
};

std::string record_of(const std::string &answer) {
    constexpr std::string_view kStart = R"({"status":true,"data":)";
    EXPECT_TRUE(answer.starts_with(kStart));
    return answer.substr(kStart.size(), answer.size() - kStart.size() - 1);
}

TEST_F(Applications, ShowPrintsTheRecordAsTheApiReturnedIt) {
    const std::string record = record_of(create_applications({"First App"})[0]);
    const std::string id = Json::parse(record).string("/id");
    for (const std::string &name : {id, std::string("first-app"), std::string("First-App")}) {
        EXPECT_EQ(appctl({"--json", "app", "show", "--org", "acme", name}).out, record + "\n");
    }
    expect_failure(1, {"app", "show", "--org", "acme", "second-app"}, "second-app");
    expect_failure(1, {"app", "show", "--org", "acme", kNobody}, kNobody);
    expect_failure(1, {"app", "show", "--org", "nobody", id}, "nobody");
    expect_failure(2, {"app", "show", "--org", "acme", "a b"}, "its slug");
}

TEST_F(Applications, PeopleGetIndentedJson) {
    const std::string record = record_of(create_applications({"First App"})[0]);
    const std::string shown = appctl({"app", "show", "--org", "acme", "first-app"}).out;
    EXPECT_TRUE(shown.starts_with("{\n  \"id\": \"")) << shown;
    EXPECT_NE(shown.find("\n  \"sdk\": {\n    \"ios\": {\n      \"ota\": false,\n"), std::string::npos) << shown;
    EXPECT_NE(shown.find("\n  \"oss\": [],\n"), std::string::npos) << shown;
    EXPECT_EQ(Json::parse(shown), Json::parse(record));
}

TEST_F(Applications, WhatPeopleGetKeepsNumbersAndStringsAsTheyAre) {
    const std::string body =
        R"({"name":"Odd","metadata":{"tiny":1e-5,"small":0.0001,"tenth":0.1,"big":1e15,"huge":1e16,"whole":100.0,)"
        R"("zero":0.0,"exact":9007199254740994.0,"least":-9223372036854775808,"digits":0.12345678901234567,)"
        R"("controls":"\u001b\u0000\n\"\\/\u007f\u0085","z\u001fx":{},"none":[],"":[1,{"x":[]},null,true],"Größe":"名"}})";
    ASSERT_EQ(create(uri_, "acme", {{body}})[0].status, 200);
    const std::string shown = appctl({"app", "show", "--org", "acme", "odd"}).out;
    const std::size_t at = shown.find("  \"metadata\": {\n");
    ASSERT_NE(at, std::string::npos) << shown;
    EXPECT_EQ(shown.substr(at, shown.find("\n  }", at) - at), R"(  "metadata": {
    "tiny": 1e-05,
    "small": 0.0001,
    "tenth": 0.1,
    "big": 1000000000000000.0,
    "huge": 1e+16,
    "whole": 100.0,
    "zero": 0.0,
    "exact": 9007199254740994.0,
    "least": -9223372036854775808,
    "digits": 0.12345678901234566,
    "controls": "\u001b\u0000\n\"\\/??",
    "z\u001fx": {},
    "none": [],
    "": [
      1,
      {
        "x": []
      },
      null,
      true
    ],
    "Größe": "名")");
    // In one line too, and never another number.
    EXPECT_EQ(appctl({"provider", "create", "--org", "acme", "--name", "n", "--provider", "s3", "--region", "",
                      "--config", R"({"a":[0.1,{"b":"\u001b"}],"n":1e2})"})
                      .out.find("config:       {\"a\":[0.1,{\"b\":\"\\u001b\"}],\"n\":100.0}\n") != std::string::npos,
              true);
}

TEST_F(Applications, ListPrintsTheRecordsInOrder) {
    EXPECT_EQ(appctl({"--json", "app", "list", "--org", "acme"}).out, "[]\n");
    const std::vector<std::string> answers = create_applications({"One", "Two", "Three"});
    std::string expected;
    for (const std::string &answer : answers) {
        expected += (expected.empty() ? "[\n" : ",\n") + record_of(answer);
    }
    EXPECT_EQ(appctl({"--json", "app", "list", "--org", "acme"}).out, expected + "\n]\n");
}

TEST_F(Applications, ListGoesPageByPage) {
    static_cast<void>(create_applications({"One", "Two", "Three", "Four", "Five"}));
    std::vector<std::string> slugs;
    std::string after;
    for (;;) {
        std::vector<std::string> words = {"app", "list", "--org", "acme", "--max", "2"};
        if (!after.empty()) words.insert(words.end(), {"--after", after});
        const Json page = json(words);
        for (const Json &one : page.items()) slugs.push_back(one.string("/slug"));
        if (page.size() < 2) break;
        after = page.string("/1/id");
    }
    EXPECT_EQ(slugs, (std::vector<std::string>{"one", "two", "three", "four", "five"}));
    expect_failure(2, {"app", "list", "--org", "acme", "--after", "x"}, "24 hexadecimal digits");
    expect_failure(1, {"app", "list", "--org", "nobody"}, "nobody");
}

TEST_F(Applications, Count) {
    EXPECT_EQ(appctl({"--json", "app", "count", "--org", "acme"}).out, "{\"count\":0}\n");
    static_cast<void>(create_applications({"One", "One", "One"}));
    EXPECT_EQ(json({"app", "count", "--org", "acme"}).integer("/count"), 3);
    EXPECT_EQ(appctl({"app", "count", "--org", "acme"}).out, "count: 3\n");
    expect_failure(1, {"app", "count", "--org", "nobody"}, "nobody");
}

TEST_F(Applications, PeopleGetATable) {
    static_cast<void>(create_applications({"Größe", "A longer name"}));
    const std::string table = appctl({"app", "list", "--org", "acme"}).out;
    EXPECT_TRUE(table.starts_with("ID                        SLUG           NAME           CREATED\n")) << table;
    EXPECT_NE(table.find("  a-longer-name  A longer name  20"), std::string::npos) << table;
    EXPECT_NE(table.find("  grosse         Größe          20"), std::string::npos) << table;
}

TEST_F(Applications, AReaderThatGoesAwayIsNoNews) {
    std::vector<std::string> names(300, "A name that fills the pipe");
    static_cast<void>(create_applications(names));
    for (const auto &words : std::vector<std::vector<std::string>>{{"app", "list", "--org", "acme"},
                                                                   {"app", "list", "--org", "acme", "--json"}}) {
        // SIGPIPE as a shell leaves it, and ignored as some parents leave it.
        const Outcome ignored = appctl(words, {.closed_output = true});
        EXPECT_EQ(ignored.err, "");
        EXPECT_TRUE(ignored.status == 1 || ignored.status == 128 + 13) << ignored.status;
    }
    std::string pipe = std::string(APPCTL) + " --store " + uri_ + " app list --org acme | head -n 1";
    const Outcome head = run({"/bin/sh", "-c", pipe});
    EXPECT_EQ(head.status, 0);
    EXPECT_EQ(head.err, "");
    EXPECT_EQ(std::count(head.out.begin(), head.out.end(), '\n'), 1);
}

TEST_F(Applications, AFullDiskIsReported) {
    static_cast<void>(create_applications({"One"}));
    const Outcome result = appctl({"app", "list", "--org", "acme"}, {.full_output = true});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("cannot write to standard output: No space left on device"), std::string::npos)
        << result.err;
}

}  // namespace
}  // namespace appcreate::test
