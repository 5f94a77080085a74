#include "usage.h"

#include <algorithm>

namespace appctl {
namespace {

constexpr std::size_t kWidth = 100;

constexpr std::string_view kStoreOption =
    "  --store URI  the store: sqlite:/path/apps.db or mongodb://host/database; or file:/path or env:NAME, which\n"
    "               hold such a URI; the environment variable APP_CREATE_STORE stands for it\n";
constexpr std::string_view kUris =
    "URI: sqlite:/path/apps.db or mongodb://host/database; or file:/path or env:NAME, which hold such a URI.\n\n";
constexpr std::string_view kGlobalOptions =
    "  --json       print one JSON document, a list as an array\n"
    "  --help       print this help\n";

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 failed (the message on stderr says why), 2 wrong usage.\n";

// Appends words, broken into lines of kWidth; every line after the first begins with `indent` spaces.
class Wrapped {
  public:
    Wrapped(std::string start, std::size_t indent) : text_(std::move(start)), column_(text_.size()), indent_(indent) {}
    void add(const std::string &word) {
        const bool is_first = column_ == 0 || text_.back() == ' ';
        if (column_ + 1 + word.size() > kWidth) {
            text_ += "\n" + std::string(indent_, ' ') + word;
            column_ = indent_ + word.size();
            return;
        }
        text_ += (is_first ? "" : " ") + word;
        column_ += word.size() + (is_first ? 0 : 1);
    }
    void add_all(std::string_view words) {
        while (!words.empty()) {
            const std::size_t end = std::min(words.find(' '), words.size());
            add(std::string(words.substr(0, end)));
            words.remove_prefix(std::min(end + 1, words.size()));
        }
    }
    [[nodiscard]] const std::string &text() const noexcept { return text_; }

  private:
    std::string text_;
    std::size_t column_;
    std::size_t indent_;
};

std::string left_column(const Option &option) {
    std::string out = std::string("--") + option.name;
    if (option.value != nullptr) out += std::string(" ") + option.value;
    return out;
}

std::string usage_line(const Command &command) {
    Wrapped out(
        command.store == Command::kNamesItsStores ? "usage: appctl [--json]" : "usage: appctl [--store URI] [--json]",
        10);
    out.add(command.name);
    for (const Option &o : command.options) {
        std::string word = left_column(o);
        if (o.kind != Option::kRequired) word.insert(0, "[").append("]");
        if (o.kind == Option::kRepeatable) word += "...";
        out.add(word);
    }
    if (command.operand != nullptr) out.add(command.operand);
    return out.text() + "\n";
}

void append_commands(std::string &out, std::string_view group) {
    std::size_t width = 0;
    const auto is_listed = [group](const Command &command) {
        return group.empty() || std::string_view(command.name).starts_with(std::string(group) + " ");
    };
    const auto left = [](const Command &command) {
        return std::string(command.name) + (command.operand != nullptr ? std::string(" ") + command.operand : "");
    };
    each_command([&](const Command &command) {
        if (is_listed(command)) width = std::max(width, left(command).size());
    });
    each_command([&](const Command &command) {
        if (!is_listed(command)) return;
        std::string name = left(command);
        name.resize(width, ' ');
        out += "  " + name + "  " + command.summary + "\n";
    });
}

}  // namespace

std::array<std::span<const Command>, 9> command_tables() {
    return {store_commands(),    backup_commands(), copy_commands(),        freeze_commands(), organization_commands(),
            provider_commands(), key_commands(),    application_commands(), doctor_commands()};
}

std::string help_of_everything() {
    std::string out =
        "usage: appctl [--store URI] [--json] COMMAND [OPTION...]\n"
        "\n"
        "Looks after the store of nginx-app-create: organizations, storage providers, keys and applications.\n"
        "It works while nginx serves.\n"
        "\n";
    append_commands(out, "");
    out += "\n";
    out += kStoreOption;
    out += kGlobalOptions;
    out += "  --version    print the version\n\n";
    out += "\"appctl COMMAND --help\" tells more of each, \"appctl help COMMAND\" too.\n";
    out += kExitCodes;
    return out;
}

std::string help_of_group(std::string_view group) {
    std::string out = "usage: appctl [--store URI] [--json] " + std::string(group) + " COMMAND [OPTION...]\n\n";
    append_commands(out, group);
    out += "\n\"appctl " + std::string(group) + " COMMAND --help\" tells more of each.\n";
    return out;
}

std::string help_of(const Command &command) {
    std::string out = usage_line(command);
    out += std::string("\n") + command.summary + ".\n";
    if (command.notes != nullptr) out += std::string(command.notes) + "\n";
    out += "\n";
    std::size_t width = 0;
    for (const Option &o : command.options) width = std::max(width, left_column(o).size());
    for (const Option &o : command.options) {
        std::string left = left_column(o);
        left.resize(width, ' ');
        Wrapped line("  " + left + "  ", width + 4);
        line.add_all(o.help);
        out += line.text() + "\n";
    }
    if (!command.options.empty()) out += "\n";
    out += command.store == Command::kNamesItsStores ? kUris : kStoreOption;
    out += kGlobalOptions;
    out += std::string("\nExample:\n  appctl ") + command.example + "\n";
    return out;
}

std::string see_help(std::string_view where) {
    return "see \"appctl " + std::string(where) + (where.empty() ? "" : " ") + "--help\"";
}

}  // namespace appctl
