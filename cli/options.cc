#include "options.h"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "suggest.h"
#include "usage.h"
#include "values.h"

namespace appctl {
namespace {

constexpr std::array<Option, 4> kGlobal = {{
    {"store", "URI", ""},
    {"json", nullptr, ""},
    {"help", nullptr, ""},
    {"version", nullptr, ""},
}};

std::vector<option> long_options(std::span<const Option> options) {
    std::vector<option> out;
    for (const Option &o : options) {
        out.push_back({o.name, o.value != nullptr ? required_argument : no_argument, nullptr, 0});
    }
    return out;
}

// getopt_long takes "--lim" for "--limit", until another option begins with the same letters. Scripts last longer.
bool is_spelled_out(std::string_view word, std::string_view name) {
    if (!word.starts_with("--")) return false;
    word.remove_prefix(2);
    return word.substr(0, word.find('=')) == name;
}

std::string nearest_option(std::string_view word, std::span<const Option> options) {
    std::vector<std::string> spelled;
    for (const Option &o : options) spelled.push_back(std::string("--") + o.name);
    const std::vector<std::string_view> known(spelled.begin(), spelled.end());
    return did_you_mean(word.substr(0, word.find('=')), known);
}

// One run of getopt_long over argv from `first` on: options go to `take`, other words are left at the end. Returns
// where these start.
template <class Take>
int read_options(int argc, char **argv, int first, bool stop_at_words, std::span<const Option> options,
                 const std::string &where, const Take &take) {
    std::vector<option> longs = long_options(options);
    longs.push_back({});
    // getopt skips argv[0], and 0 makes it forget the run before.
    char **words = argv + first - 1;
    const int n = argc - first + 1;
    optind = 0;
    opterr = 0;
    for (;;) {
        int index = -1;
        const int c = getopt_long(n, words, stop_at_words ? "+:h" : ":h", longs.data(), &index);
        if (c == -1) return first - 1 + optind;
        if (c == 'h') {
            take(kGlobal[2], "");
            continue;
        }
        const std::string last = optopt != 0 ? std::string("-") + static_cast<char>(optopt) : words[optind - 1];
        if (c == ':') throw Misused("the option " + last + " needs a value; " + see_help(where));
        if (c != 0) throw Misused("unknown option " + last + nearest_option(last, options) + "; " + see_help(where));
        const Option &found = options[static_cast<std::size_t>(index)];
        const bool is_separate = optarg != nullptr && optarg == words[optind - 1];
        const std::string_view word = words[optind - (is_separate ? 2 : 1)];
        if (!is_spelled_out(word, found.name)) {
            throw Misused("unknown option " + std::string(word) + "; did you mean --" + found.name + "? " +
                          see_help(where));
        }
        take(found, optarg == nullptr ? "" : optarg);
    }
}

const Command *find_command(std::string_view name) {
    const Command *found = nullptr;
    each_command([&](const Command &command) {
        if (command.name == name) found = &command;
    });
    return found;
}

bool is_group(std::string_view word) {
    bool found = false;
    each_command([&](const Command &command) {
        const std::string_view name = command.name;
        found = found || (name.size() > word.size() && name.starts_with(word) && name[word.size()] == ' ');
    });
    return found;
}

std::string nearest_command(std::string_view name) {
    std::vector<std::string_view> known = {"help", "version"};
    each_command([&](const Command &command) { known.emplace_back(command.name); });
    return did_you_mean(name, known);
}

class CommandLine {
  public:
    CommandLine(int argc, char **argv) noexcept : argc_(argc), argv_(argv) {}

    Invocation read() {
        int at = read_options(argc_, argv_, 1, true, kGlobal, "",
                              [this](const Option &o, const char *v) { take_global(o, v); });
        at = read_command_name(at);
        if (out_.command != nullptr) read_command_options(at);
        if (out_.action == Invocation::kRun) complete();
        return std::move(out_);
    }

  private:
    void take_global(const Option &option, const char *value) {
        const std::string_view name = option.name;
        if (name == "help") out_.action = Invocation::kHelp;
        if (name == "version") out_.action = Invocation::kVersion;
        if (name == "json") out_.arguments.json = true;
        if (name == "store") out_.arguments.store = value;
    }

    // Returns where the words after it start.
    int read_command_name(int at) {
        if (at >= argc_) {
            if (out_.action != Invocation::kRun) return at;
            throw Misused("no command; " + see_help(""));
        }
        std::string name = argv_[at++];
        if (name == "version") {
            out_.action = Invocation::kVersion;
            return at;
        }
        if (name == "help") {
            out_.action = Invocation::kHelp;
            if (at >= argc_) return at;
            name = argv_[at++];
        }
        if (is_group(name)) {
            const std::string group = name;
            if (at >= argc_ || argv_[at][0] == '-') {
                const bool asks =
                    out_.action == Invocation::kHelp ||
                    (at < argc_ && (std::string_view(argv_[at]) == "--help" || std::string_view(argv_[at]) == "-h"));
                if (!asks) throw Misused("\"" + group + "\" needs a command after it; " + see_help(group));
                out_.action = Invocation::kHelp;
                out_.group = group;
                return at;
            }
            name += std::string(" ") + argv_[at++];
            out_.command = find_command(name);
            if (out_.command == nullptr) throw unknown_command(name, group);
            return at;
        }
        out_.command = find_command(name);
        if (out_.command != nullptr) return at;
        // "orgs list" is two words of one name.
        if (at < argc_ && argv_[at][0] != '-' && nearest_command(name).empty()) name += std::string(" ") + argv_[at];
        throw unknown_command(name, "");
    }

    static Misused unknown_command(const std::string &name, const std::string &group) {
        return Misused("unknown command \"" + name + "\"" + nearest_command(name) + "; " + see_help(group));
    }

    void read_command_options(int at) {
        const Command &command = *out_.command;
        std::vector<Option> options(command.options.begin(), command.options.end());
        const std::size_t own = options.size();
        options.insert(options.end(), kGlobal.begin(), kGlobal.end());
        at = read_options(argc_, argv_, at, false, options, command.name, [&](const Option &o, const char *v) {
            const bool is_own = std::any_of(options.begin(), options.begin() + static_cast<std::ptrdiff_t>(own),
                                            [&](const Option &x) { return std::string_view(x.name) == o.name; });
            if (is_own) {
                take_own(o, v);
            } else {
                take_global(o, v);
            }
        });
        if (out_.action != Invocation::kRun) return;
        take_operand(at);
        for (const Option &o : command.options) {
            if (o.kind == Option::kRequired && !out_.arguments.has(o.name)) {
                throw Misused(std::string("the option --") + o.name + " is missing; " + see_help(command.name));
            }
        }
    }

    void take_own(const Option &option, const char *value) {
        const std::string name = option.name;
        if (option.kind != Option::kRepeatable && out_.arguments.has(name)) {
            throw Misused("the option --" + name + " is given twice");
        }
        if (option.value != nullptr && *value == '\0' && !option.may_be_empty) {
            throw Misused("the option --" + name + " must not be empty");
        }
        if (option.value != nullptr) check_value("the option --" + name, option.value, value);
        out_.arguments.add(option.name, value);
    }

    void take_operand(int at) {
        const Command &command = *out_.command;
        const int wanted = command.operand != nullptr ? 1 : 0;
        const bool is_optional = wanted != 0 && *command.operand == '[';
        if (is_optional && argc_ == at) return;
        if (argc_ - at < wanted) {
            throw Misused(std::string(command.operand) + " is missing; " + see_help(command.name));
        }
        if (argc_ - at > wanted) {
            throw Misused("unexpected argument \"" + std::string(argv_[at + wanted]) + "\"; " + see_help(command.name));
        }
        if (wanted == 0) return;
        out_.arguments.operand = argv_[at];
        std::string name = command.operand;
        if (is_optional) name = name.substr(1, name.size() - 2);
        if (out_.arguments.operand.empty()) throw Misused(name + " must not be empty");
        check_value(name, name, out_.arguments.operand);
    }

    void complete() {
        if (out_.command != nullptr && out_.command->store == Command::kNamesItsStores) {
            if (out_.arguments.store.empty()) return;
            throw Misused(std::string("\"") + out_.command->name + "\" does not take --store; " +
                          see_help(out_.command->name));
        }
        if (!out_.arguments.store.empty()) return;
        const char *store = std::getenv("APP_CREATE_STORE");
        const bool is_named = store != nullptr && *store != '\0';
        if (!is_named && out_.command != nullptr && out_.command->store == Command::kMayTakeStore) return;
        if (!is_named) {
            throw Misused(
                "no store; name it with --store URI or in the environment variable APP_CREATE_STORE, "
                "as in --store sqlite:/var/lib/app-create/apps.db");
        }
        out_.arguments.store = store;
    }

    int argc_;
    char **argv_;
    Invocation out_;
};

}  // namespace

Invocation read_command_line(int argc, char **argv) { return CommandLine(argc, argv).read(); }

std::int64_t number(const Arguments &arguments, std::string_view option, std::int64_t min) {
    const std::string_view text = arguments.text(option);
    // The largest number stands for "unset" in app_create.h.
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() - 1;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = end == text.data() + text.size();
    if (is_whole && !text.empty() && (error == std::errc::result_out_of_range || value > kMax) && text[0] != '-') {
        throw Misused("the option --" + std::string(option) + " takes a whole number of at most " +
                      std::to_string(kMax) + ", not \"" + std::string(text) + "\"");
    }
    if (error != std::errc() || !is_whole || value < min) {
        throw Misused("the option --" + std::string(option) + " takes a whole number from " + std::to_string(min) +
                      " on, not \"" + std::string(text) + "\"");
    }
    return value;
}

std::int64_t duration(const Arguments &arguments, std::string_view option) {
    const std::string_view text = arguments.text(option);
    if (text == "0") return 0;
    constexpr std::string_view kUnits = "smhd";
    constexpr std::array<std::int64_t, 4> kSeconds = {1, 60, 3600, 86400};
    constexpr std::int64_t kMost = 3650LL * 86400;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const std::size_t which = unit.size() == 1 ? kUnits.find(unit) : std::string_view::npos;
    if (error != std::errc() || which == std::string_view::npos || value < 0 || value > kMost / kSeconds[which]) {
        throw Misused("the option --" + std::string(option) +
                      " takes a time of at most ten years, as in 90s, 30m, 24h or 7d, not \"" + std::string(text) +
                      "\"");
    }
    return value * kSeconds[which] * 1000;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

bool Arguments::has(std::string_view option) const noexcept {
    return std::any_of(given_.begin(), given_.end(), [option](const auto &g) { return g.first == option; });
}

std::string_view Arguments::text(std::string_view option) const noexcept {
    const auto found =
        std::find_if(given_.begin(), given_.end(), [option](const auto &g) { return g.first == option; });
    return found == given_.end() ? std::string_view() : found->second;
}

std::vector<std::string_view> Arguments::all(std::string_view option) const {
    std::vector<std::string_view> out;
    for (const auto &[name, value] : given_) {
        if (name == option) out.push_back(value);
    }
    return out;
}

}  // namespace appctl
