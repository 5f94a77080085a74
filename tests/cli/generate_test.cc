// The manual page and the completions that the build makes.
#include <algorithm>
#include <sstream>

#include "harness.h"

namespace appcreate::test {
namespace {

class Generated : public AppctlTest {
  protected:
    static std::string make(const std::string &kind) {
        const Outcome result = run({APPCTL, "--generate", kind});
        EXPECT_EQ(result.status, 0) << result.err;
        return result.out;
    }
    // Empty: not installed.
    static std::string program(const std::string &name) {
        for (const char *directory : {"/bin/", "/usr/bin/", "/usr/local/bin/"}) {
            if (std::filesystem::exists(directory + name)) return directory + name;
        }
        return {};
    }
    // The words that begin the lines of a help behind `start`, up to two blanks.
    static std::vector<std::string> listed(const std::string &help, const std::string &start) {
        std::vector<std::string> out;
        std::istringstream lines(help);
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with(start)) continue;
            out.push_back(line.substr(2, line.find("  ", 2) - 2));
        }
        return out;
    }
    // A command as the help lists it, "org show ORG", with the options that its own help has.
    static void expect_in_manual(const std::string &manual, const std::string &listed_as) {
        const std::size_t operand = listed_as.find_first_of("[ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        const std::string command = operand == std::string::npos ? listed_as : listed_as.substr(0, operand - 1);
        const std::size_t at = manual.find(".SS " + command + "\n");
        ASSERT_NE(at, std::string::npos) << command;
        const std::string section = manual.substr(at, manual.find("\n.S", at + 1) - at);
        std::vector<std::string> words = {APPCTL, "help"};
        std::istringstream names(command);
        for (std::string name; names >> name;) words.push_back(name);
        for (const std::string &line : listed(run(words).out, "  --")) {
            std::string option = line.substr(0, line.find(' '));
            if (option == "--store" || option == "--json" || option == "--help") continue;
            for (std::size_t i = 0; (i = option.find('-', i)) != std::string::npos; i += 2) option.insert(i, "\\");
            EXPECT_NE(section.find("\n.TP\n\\fB" + option + "\\fR"), std::string::npos) << command << " " << option;
        }
    }
    // What bash offers behind these words; the last one is being typed.
    [[nodiscard]] std::string completed(const std::vector<std::string> &words) const {
        std::string script = ". " + file("appctl.bash") + "\nCOMP_WORDS=(appctl";
        for (const std::string &word : words) script += " '" + word + "'";
        script += ")\nCOMP_CWORD=" + std::to_string(words.size()) + "\n_appctl\nprintf '%s ' \"${COMPREPLY[@]}\"\n";
        const Outcome result = run({program("bash"), "-euc", script});
        EXPECT_EQ(result.status, 0) << result.err;
        return " " + result.out;
    }
};

TEST_F(Generated, TheManualHasEveryCommandAndOption) {
    const std::string manual = make("man");
    EXPECT_TRUE(manual.starts_with(".TH APPCTL 1 ")) << manual.substr(0, 80);
    for (const char *section : {".SH NAME", ".SH SYNOPSIS", ".SH COMMANDS", ".SH EXIT STATUS", ".SH ENVIRONMENT"}) {
        EXPECT_NE(manual.find(section), std::string::npos) << section;
    }
    const std::string help = run({APPCTL, "--help"}).out;
    const std::size_t start = help.find("  init ");
    const std::vector<std::string> commands = listed(help.substr(start, help.find("\n\n", start) - start), "  ");
    EXPECT_GT(commands.size(), 20U);
    for (const std::string &command : commands) expect_in_manual(manual, command);
}

TEST_F(Generated, GroffTakesTheManual) {
    if (program("groff").empty()) GTEST_SKIP() << "groff is not installed: the manual was not rendered";
    const std::string manual = make("man");
    write_file("appctl.1", manual);
    const Outcome rendered = run({program("groff"), "-man", "-Tascii", "-ww", "-z", file("appctl.1")});
    EXPECT_EQ(rendered.status, 0);
    EXPECT_EQ(rendered.err, "");
}

TEST_F(Generated, BashOffersWhatFits) {
    write_file("appctl.bash", make("bash"));
    EXPECT_EQ(completed({"o"}), " org ");
    EXPECT_EQ(completed({"org", "cr"}), " create ");
    EXPECT_EQ(completed({"org", "create", "--s"}), " --slug --store ");
    EXPECT_EQ(completed({"--json", "key", "ro"}), " rotate ");
    EXPECT_EQ(completed({"key", "create", "--role", "app.e"}), " app.editor ");
    EXPECT_EQ(completed({"key", "create", "--owner", "5"}), "  ");
    EXPECT_EQ(completed({"doc"}), " doctor ");
    write_file("a-file", "");
    EXPECT_EQ(completed({"backup", file("a-f")}), " " + file("a-file") + " ");
    EXPECT_EQ(completed({"key", "create", "--token-file", file("a-f")}), " " + file("a-file") + " ");
    EXPECT_NE(completed({"--"}).find(" --version "), std::string::npos);
}

TEST_F(Generated, ZshOffersWhatFits) {
    if (program("zsh").empty()) GTEST_SKIP() << "zsh is not installed: its completion was not run";
    const std::string text = make("zsh");
    EXPECT_TRUE(text.starts_with("#compdef appctl\n"));
    write_file("_appctl", text);
    // What it hands to zsh, which leaves out what does not begin with the last word.
    const auto offered = [&](const std::string &line) {
        const Outcome result = run({program("zsh"), "-feuc",
                                    "compadd() { print -r -- \"added $*\" }\n_files() { print files }\n"
                                    "_describe() { print -rl -- $choices }\n"
                                    "words=(appctl " +
                                        line + ")\nCURRENT=$#words\n. " + file("_appctl")});
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_EQ(result.err, "");
        return "\n" + result.out;
    };
    EXPECT_NE(offered("o").find("\norg:has commands of its own\n"), std::string::npos);
    EXPECT_NE(offered("org cr").find("\ncreate:makes an organization and prints it\n"), std::string::npos);
    EXPECT_EQ(offered("org cr").find("\nrotate:"), std::string::npos);
    EXPECT_NE(offered("--json key rotate --o").find("\n--overlap:how long the old token goes on"), std::string::npos);
    EXPECT_EQ(offered("org create --ov").find("--overlap"), std::string::npos);
    EXPECT_TRUE(offered("key create --role app.e").starts_with("\nadded -- org.owner "));
    EXPECT_EQ(offered("key create --owner 5"), "\n");
    EXPECT_EQ(offered("backup a-f"), "\nfiles\n");
    EXPECT_EQ(offered("key create --token-file a-f"), "\nfiles\n");
}

TEST_F(Generated, FishOffersWhatFits) {
    if (program("fish").empty()) GTEST_SKIP() << "fish is not installed: its completion was not run";
    write_file("appctl.fish", make("fish"));
    const auto offered = [&](const std::string &line) {
        const Outcome result = run(
            {program("fish"), "--no-config", "-c", "source " + file("appctl.fish") + "; complete -C '" + line + "'"},
            {.environment = {{"HOME", dir_.string()}, {"XDG_CONFIG_HOME", dir_.string()}}});
        EXPECT_EQ(result.status, 0) << result.err;
        return result.out;
    };
    EXPECT_TRUE(offered("appctl org cr").starts_with("create\t")) << offered("appctl org cr");
    EXPECT_TRUE(offered("appctl key rotate --ov").starts_with("--overlap")) << offered("appctl key rotate --ov");
    EXPECT_NE(offered("appctl key create --role ").find("app.editor"), std::string::npos);
    EXPECT_EQ(offered("appctl org create --ov"), "");
}

TEST_F(Generated, OtherKindsAreRefused) {
    const Outcome result = run({APPCTL, "--generate", "html"});
    EXPECT_EQ(result.status, 2);
    EXPECT_NE(result.err.find("man, bash, zsh or fish"), std::string::npos);
    // It is the build's own: no help has it.
    EXPECT_EQ(run({APPCTL, "--help"}).out.find("generate"), std::string::npos);
}

}  // namespace
}  // namespace appcreate::test
