// What people are told who typed something that cannot be.
#include <algorithm>

#include "harness.h"

namespace appcreate::test {
namespace {

class Messages : public AppctlTest {};

TEST_F(Messages, AMisspeltCommandIsRecognized) {
    expect_failure(2, {"org", "craete"}, "unknown command \"org craete\"; did you mean \"org create\"?");
    expect_failure(2, {"orgs", "list"}, "did you mean \"org list\"?");
    expect_failure(2, {"key", "revok"}, "did you mean \"key revoke\"?");
    expect_failure(2, {"inti"}, "did you mean \"init\"?");
    expect_failure(2, {"versoin"}, "did you mean \"version\"?");
    const Outcome none = appctl({"frobnicate"});
    EXPECT_EQ(none.err.find("did you mean"), std::string::npos) << none.err;
}

TEST_F(Messages, AMisspeltOptionIsRecognized) {
    expect_failure(2, {"org", "create", "--nmae", "A"}, "unknown option --nmae; did you mean \"--name\"?");
    expect_failure(2, {"org", "create", "--slgu=a"}, "did you mean \"--slug\"?");
    const Outcome none = appctl({"org", "create", "--frobnicate"});
    EXPECT_EQ(none.err.find("did you mean"), std::string::npos) << none.err;
}

TEST_F(Messages, HelpAndVersionAreWordsToo) {
    EXPECT_EQ(run({APPCTL, "help"}).out, run({APPCTL, "--help"}).out);
    EXPECT_EQ(run({APPCTL, "help", "org"}).out, run({APPCTL, "org", "--help"}).out);
    EXPECT_EQ(run({APPCTL, "help", "org", "create"}).out, run({APPCTL, "org", "create", "--help"}).out);
    EXPECT_EQ(run({APPCTL, "help"}).status, 0);
    EXPECT_EQ(run({APPCTL, "version"}).out, run({APPCTL, "--version"}).out);
    EXPECT_EQ(run({APPCTL, "help", "frobnicate"}).status, 2);
}

TEST_F(Messages, NothingTypedIsUsage) {
    const Outcome result = run({APPCTL});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, run({APPCTL, "--help"}).out);
}

TEST_F(Messages, AWrongValueIsNamedWithItsOption) {
    expect_failure(2, {"key", "create", "--org", "acme", "--owner", "bob"},
                   "the option --owner takes 24 hexadecimal digits, not \"bob\"");
    expect_failure(2, {"org", "create", "--name", "A", "--slug", "acme", "--id", "xyz"},
                   "the option --id takes 24 hexadecimal digits, not \"xyz\"");
    expect_failure(2, {"org", "create", "--name", "A", "--slug", "a b"}, "never 24 hexadecimal digits, not \"a b\"");
    expect_failure(2, {"app", "list", "--org", "a b"}, "the option --org takes an organization's id");
    expect_failure(2, {"key", "revoke", "xyz"}, "ID takes 24 hexadecimal digits, not \"xyz\"");
    const std::vector<std::string> create = {"key", "create", "--org", "acme", "--owner", kOwner, "--role"};
    const auto with_role = [&](const char *role) {
        std::vector<std::string> words = create;
        words.emplace_back(role);
        return words;
    };
    expect_failure(2, with_role("admin"), "the option --role takes one of org.owner org.admin");
    expect_failure(2, with_role("admin"), "not \"admin\"; did you mean \"org.admin\"?");
    expect_failure(2, with_role("app.ower"), "did you mean \"app.owner\"?");
}

TEST_F(Messages, ANumberThatIsTooLargeIsToldTheLargest) {
    for (const char *number : {"9223372036854775807", "99999999999999999999"}) {
        expect_failure(2, {"org", "create", "--name", "A", "--slug", "acme", "--limit", number},
                       std::string("takes a whole number of at most 9223372036854775806, not \"") + number + "\"");
    }
    expect_failure(2, {"org", "create", "--name", "A", "--slug", "acme", "--limit", "-99999999999999999999"},
                   "from 0 on");
}

TEST_F(Messages, AUriFileHoldsOneLine) {
    make_organization();
    for (const std::string &content : {uri_ + "\n" + uri_ + "\n", "\n" + uri_, uri_ + "\n\n", uri_ + "\r\n#\r\n"}) {
        write_file("uri", content);
        const Outcome result = run({APPCTL, "--store", "file:" + file("uri"), "org", "list"});
        EXPECT_EQ(result.status, 2) << content;
        EXPECT_NE(result.err.find("\"" + file("uri") + "\" has more than one line"), std::string::npos) << result.err;
    }
    write_file("uri", uri_ + "\r\n");
    EXPECT_EQ(run({APPCTL, "--store", "file:" + file("uri"), "org", "list"}).status, 0);
}

TEST_F(Messages, AMisspeltMongodbOptionIsRecognized) {
    for (const auto &[option, meant] : std::vector<std::pair<std::string, std::string>>{
             {"replicSet=rs0", "replicaSet"}, {"reaplicaSet=rs0", "replicaSet"}, {"authSuorce=admin", "authSource"}}) {
        const Outcome result = run({APPCTL, "--store", "mongodb://127.0.0.1:1/apps?" + option, "org", "list"});
        EXPECT_EQ(result.status, 2);
        EXPECT_NE(result.err.find("did you mean \"" + meant + "\"?"), std::string::npos) << result.err;
    }
    // What may be a piece of a password is not compared with anything.
    const Outcome result = run({APPCTL, "--store", "mongodb://u:p?replicSet=x@host/apps", "org", "list"});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.err.find("replic"), std::string::npos) << result.err;
}

TEST_F(Messages, NothingIsSaidToBeTriedAgain) {
    const Outcome result = run({APPCTL, "--store", "mongodb://127.0.0.1:1/apps", "org", "list"});
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("; check that the server runs, its address, and TLS\n"), std::string::npos) << result.err;
}

TEST_F(Messages, CheckAndItsRepairSayTheSameOfADamagedFile) {
    make_organization();
    for (int i = 0; i < 40; ++i) {
        ASSERT_EQ(appctl({"provider", "create", "--org", "acme", "--name", "n", "--provider", "s3", "--region", "",
                          "--config", "{\"x\":\"" + std::string(400, 'x') + "\"}"})
                      .status,
                  0);
    }
    const auto size = std::filesystem::file_size(path_);
    std::filesystem::resize_file(path_, size - 2 * 4096);
    const Outcome check = appctl({"check"});
    const Outcome repair = appctl({"check", "--repair"});
    EXPECT_EQ(check.status, 1);
    EXPECT_EQ(repair.status, 1);
    EXPECT_NE(check.out.find("malformed"), std::string::npos) << check.out;
    EXPECT_EQ(check.out, repair.out);
    EXPECT_EQ(check.err, repair.err);
    EXPECT_NE(check.err.find("which no repair mends"), std::string::npos) << check.err;
    // The same damage is one line, and the head.
    EXPECT_EQ(std::count(check.out.begin(), check.out.end(), '\n'), 2) << check.out;
}

TEST_F(Messages, WideCharactersTakeTwoColumns) {
    make_organization();
    // "e" with an accent of its own takes one column, what is East Asian two, a zero-width joiner none.
    ASSERT_EQ(appctl({"org", "create", "--name", "東京都", "--slug", "tokyo"}).status, 0);
    ASSERT_EQ(appctl({"org", "create", "--name", "Cafe\u0301s", "--slug", "cafes"}).status, 0);
    ASSERT_EQ(appctl({"org", "create", "--name", "ＡＢ", "--slug", "wide"}).status, 0);
    const std::string table = appctl({"org", "list"}).out;
    EXPECT_NE(table.find("  acme   Acme    true     -      0             false\n"), std::string::npos) << table;
    EXPECT_NE(table.find("  tokyo  東京都  true     -      0             false\n"), std::string::npos) << table;
    EXPECT_NE(table.find("  cafes  Cafe\u0301s   true     -      0             false\n"), std::string::npos) << table;
    EXPECT_NE(table.find("  wide   ＡＢ    true     -      0             false\n"), std::string::npos) << table;
}

}  // namespace
}  // namespace appcreate::test
