// Options, help and exit codes.
#include "harness.h"

namespace appcreate::test {
namespace {

class Usage : public AppctlTest {};

const std::vector<std::vector<std::string>> kCommands = {{"init"},
                                                         {"check"},
                                                         {"org", "create"},
                                                         {"org", "list"},
                                                         {"org", "show"},
                                                         {"org", "set"},
                                                         {"org", "enable"},
                                                         {"org", "disable"},
                                                         {"org", "delete"},
                                                         {"provider", "create"},
                                                         {"provider", "list"},
                                                         {"provider", "set"},
                                                         {"provider", "delete"},
                                                         {"key", "create"},
                                                         {"key", "list"},
                                                         {"key", "show"},
                                                         {"key", "set"},
                                                         {"key", "rotate"},
                                                         {"key", "revoke"},
                                                         {"app", "list"},
                                                         {"app", "show"},
                                                         {"app", "delete"},
                                                         {"app", "count"}};

TEST_F(Usage, EveryCommandHasHelp) {
    for (const auto &command : kCommands) {
        std::vector<std::string> words = {APPCTL};
        words.insert(words.end(), command.begin(), command.end());
        words.emplace_back("--help");
        const Outcome result = run(words);
        std::string name = command[0];
        if (command.size() == 2) name += " " + command[1];
        EXPECT_EQ(result.status, 0) << name;
        EXPECT_EQ(result.err, "") << name;
        EXPECT_TRUE(result.out.starts_with("usage: appctl [--store URI] [--json] " + name)) << result.out;
        EXPECT_NE(result.out.find("--store URI"), std::string::npos) << name;
        EXPECT_NE(result.out.find("\nExample:\n  appctl "), std::string::npos) << name;
        // Everything's help lists it.
        EXPECT_NE(run({APPCTL, "--help"}).out.find("\n  " + name + " "), std::string::npos) << name;
    }
}

TEST_F(Usage, CopyNamesItsStoresByItself) {
    const Outcome result = run({APPCTL, "copy", "--help"});
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.out.starts_with("usage: appctl [--json] copy --from URI --to URI\n")) << result.out;
    EXPECT_EQ(result.out.find("--store"), std::string::npos) << result.out;
    EXPECT_NE(run({APPCTL, "--help"}).out.find("\n  copy "), std::string::npos);
}

TEST_F(Usage, HelpNamesTheOptions) {
    const std::string out = run({APPCTL, "key", "create", "-h"}).out;
    for (const char *option : {"--org ORG", "--owner ID", "[--role ROLE]", "[--permission P]...", "[--expires TIME]",
                               "[--token-file FILE]"}) {
        EXPECT_NE(out.find(option), std::string::npos) << option << " in " << out;
    }
    EXPECT_NE(run({APPCTL, "org", "--help"}).out.find("org disable ORG"), std::string::npos);
    EXPECT_NE(run({APPCTL, "--help", "org"}).out.find("org disable ORG"), std::string::npos);
}

TEST_F(Usage, VersionIsTheLibrarys) {
    const Outcome result = run({APPCTL, "--version"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "appctl 1.0.0\n");
}

TEST_F(Usage, UnknownWordsAreRefused) {
    expect_failure(2, {"frobnicate"}, "unknown command \"frobnicate\"");
    expect_failure(2, {"org"}, "\"org\" needs a command after it");
    expect_failure(2, {"org", "frobnicate"}, "unknown command \"org frobnicate\"");
    expect_failure(2, {"org", "list", "--frobnicate"}, "unknown option --frobnicate");
    expect_failure(2, {"org", "list", "-x"}, "unknown option -x");
    expect_failure(2, {"--frobnicate", "org", "list"}, "unknown option --frobnicate");
    expect_failure(2, {"org", "list", "extra"}, "unexpected argument \"extra\"");
    expect_failure(2, {"org", "show", "acme", "extra"}, "unexpected argument \"extra\"");
    expect_failure(2, {}, "no command");
}

TEST_F(Usage, OptionsAreSpelledOut) {
    expect_failure(2, {"org", "create", "--nam", "Acme", "--slug", "acme"},
                   "unknown option --nam; did you mean --name?");
    expect_failure(2, {"org", "create", "--nam=Acme", "--slug", "acme"}, "unknown option --nam=Acme");
    expect_failure(2, {"org", "list", "--js"}, "unknown option --js");
}

TEST_F(Usage, MissingAndEmptyValuesAreRefused) {
    expect_failure(2, {"org", "create", "--name", "Acme"}, "the option --slug is missing");
    expect_failure(2, {"org", "create", "--slug"}, "the option --slug needs a value");
    expect_failure(2, {"org", "create", "--name", "", "--slug", "acme"}, "the option --name must not be empty");
    expect_failure(2, {"org", "show"}, "ORG is missing");
    expect_failure(2, {"org", "show", ""}, "ORG must not be empty");
    expect_failure(2, {"app", "list"}, "the option --org is missing");
    expect_failure(2, {"org", "create", "--name", "A", "--name", "B", "--slug", "acme"},
                   "the option --name is given twice");
}

TEST_F(Usage, NumbersAreStrict) {
    for (const char *number :
         {"", " 1", "1 ", "+1", "0x10", "1e3", "-1", "99999999999999999999", "9223372036854775807"}) {
        expect_failure(2, {"org", "create", "--name", "A", "--slug", "acme", "--limit", number}, "--limit");
    }
    expect_failure(2, {"org", "create", "--name", "A", "--slug", "acme", "--build-retention-days", "-2"}, "from -1 on");
    expect_failure(2, {"app", "list", "--org", "acme", "--max", "0"}, "from 1 on");
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Usage, TheStoreComesFromTheOptionOrTheEnvironment) {
    const Outcome none = run({APPCTL, "init"});
    EXPECT_EQ(none.status, 2);
    EXPECT_NE(none.err.find("--store"), std::string::npos);
    EXPECT_NE(none.err.find("APP_CREATE_STORE"), std::string::npos);
    EXPECT_EQ(run({APPCTL, "init"}, {.environment = {{"APP_CREATE_STORE", ""}}}).status, 2);

    EXPECT_EQ(run({APPCTL, "init"}, {.environment = {{"APP_CREATE_STORE", uri_}}}).status, 0);
    EXPECT_TRUE(std::filesystem::exists(path_));
    // The option wins.
    const Outcome result =
        run({APPCTL, "init", "--store", "sqlite:" + file("other.db")}, {.environment = {{"APP_CREATE_STORE", uri_}}});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(std::filesystem::exists(file("other.db")));
    // And a file or a variable may hold it.
    write_file("uri", uri_ + "\n");
    EXPECT_EQ(run({APPCTL, "--store", "file:" + file("uri"), "org", "list"}).status, 0);
    EXPECT_EQ(run({APPCTL, "--store", "env:STORE", "org", "list"}, {.environment = {{"STORE", uri_}}}).status, 0);
}

TEST_F(Usage, WrongStoresAreRefused) {
    for (const auto &[uri, message] :
         std::vector<std::pair<std::string, std::string>>{{"apps.db", "no known scheme"},
                                                          {"sqlite:apps.db", "must be absolute"},
                                                          {"postgres://x", "unknown scheme \"postgres\""},
                                                          {"mongodb://user:hunter2@host/db?w=1", "majority"},
                                                          {"env:APPCTL_TEST_UNSET", "is not set"},
                                                          {"file:/nonexistent", "cannot read"}}) {
        const Outcome result = run({APPCTL, "--store", uri, "org", "list"});
        EXPECT_EQ(result.status, 2) << uri;
        EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
        EXPECT_EQ(result.err.find("hunter2"), std::string::npos);
    }
}

TEST_F(Usage, JsonMayStandAnywhere) {
    make_organization();
    for (const auto &words : std::vector<std::vector<std::string>>{{"--json", "org", "list"},
                                                                   {"org", "list", "--json"},
                                                                   {"org", "show", "--json", "acme"},
                                                                   {"org", "show", "acme", "--json"}}) {
        const Outcome result = appctl(words);
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_TRUE(result.out.starts_with("[") || result.out.starts_with("{")) << result.out;
    }
}

}  // namespace
}  // namespace appcreate::test
