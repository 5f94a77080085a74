// Completions for bash, zsh and fish. All three look for the command among the words that were typed, and offer what
// its table says.
#include <algorithm>
#include <vector>

#include "generate.h"
#include "usage.h"
#include "values.h"

namespace appctl {
namespace {

struct Word {
    std::string name;
    std::string help;
};

std::string first_word(std::string_view name) { return std::string(name.substr(0, name.find(' '))); }
bool is_in_group(std::string_view name) { return name.find(' ') != std::string_view::npos; }

// "org", "key", …
std::vector<std::string> groups() {
    std::vector<std::string> out;
    each_command([&](const Command &command) {
        const std::string word = first_word(command.name);
        if (is_in_group(command.name) && std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
    });
    return out;
}

// What may stand first.
std::vector<Word> first_words() {
    std::vector<Word> out;
    each_command([&](const Command &command) {
        if (!is_in_group(command.name)) out.push_back({command.name, command.summary});
    });
    for (const std::string &group : groups()) out.push_back({group, "has commands of its own"});
    out.push_back({"help", "prints the help of a command"});
    out.push_back({"version", "prints the version"});
    return out;
}

std::vector<Word> words_of_group(const std::string &group) {
    std::vector<Word> out;
    each_command([&](const Command &command) {
        const std::string_view name = command.name;
        if (is_in_group(name) && first_word(name) == group) {
            out.push_back({std::string(name.substr(group.size() + 1)), command.summary});
        }
    });
    return out;
}

std::vector<Word> options_of(const Command &command) {
    std::vector<Word> out;
    for (const Option &option : command.options) out.push_back({std::string("--") + option.name, option.help});
    if (command.store != Command::kNamesItsStores) out.push_back({"--store", "the store"});
    out.push_back({"--json", "print one JSON document"});
    out.push_back({"--help", "print the help"});
    return out;
}

std::string names(const std::vector<Word> &words, std::string_view between) {
    std::string out;
    for (const Word &word : words) out += (out.empty() ? "" : std::string(between)) + word.name;
    return out;
}

// The options whose value is of this kind, "--a|--b".
std::string options_with_value(bool (*is_kind)(std::string_view kind)) {
    std::vector<Word> found;
    each_command([&](const Command &command) {
        for (const Option &option : command.options) {
            const std::string name = std::string("--") + option.name;
            const bool is_new =
                std::none_of(found.begin(), found.end(), [&](const Word &word) { return word.name == name; });
            if (option.value != nullptr && is_kind(option.value) && is_new) found.push_back({name, ""});
        }
    });
    return names(found, "|");
}

bool is_role(std::string_view kind) { return kind == "ROLE"; }
bool is_file(std::string_view kind) { return kind == "FILE" || kind == "PATH"; }
bool is_other(std::string_view kind) { return !is_role(kind) && !is_file(kind); }

std::string operand_files() {
    std::vector<Word> found;
    each_command([&](const Command &command) {
        if (command.operand != nullptr && is_file(command.operand)) found.push_back({command.name, ""});
    });
    return names(found, "|");
}

std::string single_commands() {
    std::vector<Word> found;
    each_command([&](const Command &command) {
        if (!is_in_group(command.name)) found.push_back({command.name, ""});
    });
    return names(found, "|");
}

std::string all_groups() {
    std::vector<Word> found;
    for (const std::string &group : groups()) found.push_back({group, ""});
    return names(found, "|");
}

// In single quotes of a shell.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

// 'name:help' of zsh's _describe, where a colon ends the name.
std::string described(const std::vector<Word> &words) {
    std::string out;
    for (const Word &word : words) out += (out.empty() ? "" : " ") + quoted(word.name + ":" + word.help);
    return out;
}

}  // namespace

std::string generate_bash() {
    std::string out =
        "# bash completion of appctl\n"
        "_appctl() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' group='' words='' i\n"
        "    COMPREPLY=()\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n";
    out += "            " + single_commands() +
           ")\n"
           "                command=${COMP_WORDS[i]}\n"
           "                break\n"
           "                ;;\n";
    out += "            " + all_groups() +
           ")\n"
           "                group=${COMP_WORDS[i]}\n"
           "                ((i + 1 < COMP_CWORD)) && command=\"$group ${COMP_WORDS[i + 1]}\"\n"
           "                break\n"
           "                ;;\n"
           "        esac\n"
           "    done\n"
           "    case $prev in\n";
    out += "        " + options_with_value(is_role) + ")\n            mapfile -t COMPREPLY < <(compgen -W '" +
           all_roles() + "' -- \"$cur\")\n            return\n            ;;\n";
    out += "        " + options_with_value(is_file) +
           ")\n            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n            return\n            ;;\n";
    out += "        --store|" + options_with_value(is_other) + ")\n            return\n            ;;\n    esac\n";
    out += "    if [[ $cur == -* ]]; then\n        case $command in\n";
    each_command([&](const Command &command) {
        out += "            " + quoted(command.name) + ") words='" + names(options_of(command), " ") + "' ;;\n";
    });
    out += "            *) words='--store --json --help --version' ;;\n        esac\n";
    out += "    elif [[ -z $command && -z $group ]]; then\n        words='" + names(first_words(), " ") + "'\n";
    out += "    elif [[ -z $command ]]; then\n        case $group in\n";
    for (const std::string &group : groups()) {
        out += "            " + group + ") words='" + names(words_of_group(group), " ") + "' ;;\n";
    }
    out += "        esac\n    else\n        case $command in\n            " + operand_files() +
           ")\n                mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n                return\n"
           "                ;;\n        esac\n    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "}\n"
           "complete -F _appctl appctl\n";
    return out;
}

std::string generate_zsh() {
    std::string out =
        "#compdef appctl\n"
        "_appctl() {\n"
        "    local command group i\n"
        "    local -a choices\n"
        "    for ((i = 2; i < CURRENT; i++)); do\n"
        "        case $words[i] in\n";
    out += "            (" + single_commands() + ") command=$words[i]; break ;;\n";
    out += "            (" + all_groups() +
           ")\n                group=$words[i]\n"
           "                ((i + 1 < CURRENT)) && command=\"$group $words[i+1]\"\n"
           "                break\n                ;;\n        esac\n    done\n";
    out += "    case $words[CURRENT-1] in\n";
    out += "        (" + options_with_value(is_role) + ") compadd -- " + all_roles() + "; return ;;\n";
    out += "        (" + options_with_value(is_file) + ") _files; return ;;\n";
    out += "        (--store|" + options_with_value(is_other) + ") return ;;\n    esac\n";
    out += "    if [[ $words[CURRENT] == -* ]]; then\n        case $command in\n";
    each_command([&](const Command &command) {
        out += "            (" + quoted(command.name) + ") choices=(" + described(options_of(command)) + ") ;;\n";
    });
    out +=
        "            (*) choices=('--store:the store' '--json:print one JSON document' '--help:print the help'"
        " '--version:print the version') ;;\n        esac\n";
    out += "    elif [[ -z $command && -z $group ]]; then\n        choices=(" + described(first_words()) + ")\n";
    out += "    elif [[ -z $command ]]; then\n        case $group in\n";
    for (const std::string &group : groups()) {
        out += "            (" + group + ") choices=(" + described(words_of_group(group)) + ") ;;\n";
    }
    out += "        esac\n    else\n        case $command in\n            (" + operand_files() +
           ") _files; return ;;\n        esac\n    fi\n"
           "    _describe -o appctl choices\n"
           "}\n"
           "_appctl \"$@\"\n";
    return out;
}

std::string generate_fish() {
    std::string out =
        "# fish completion of appctl\n"
        "function __appctl_command\n"
        "    set -l words (commandline -opc)\n"
        "    set -l group\n"
        "    for word in $words[2..-1]\n"
        "        if test -n \"$group\"\n"
        "            echo \"$group $word\"\n"
        "            return\n"
        "        end\n"
        "        switch $word\n";
    std::string single = single_commands();
    std::replace(single.begin(), single.end(), '|', ' ');
    std::string grouped = all_groups();
    std::replace(grouped.begin(), grouped.end(), '|', ' ');
    out += "            case " + single + "\n                echo $word\n                return\n";
    out += "            case " + grouped +
           "\n                set group $word\n        end\n    end\n    echo $group\nend\n";
    out += "complete -c appctl -f\n";
    const auto add = [&out](const std::string &command, const std::string &what) {
        out += "complete -c appctl -n 'test \"$(__appctl_command)\" = \"" + command + "\"' " + what + "\n";
    };
    for (const Word &word : first_words()) add("", "-a " + word.name + " -d " + quoted(word.help));
    for (const std::string &group : groups()) {
        for (const Word &word : words_of_group(group)) add(group, "-a " + word.name + " -d " + quoted(word.help));
    }
    out +=
        "complete -c appctl -l store -x -d 'the store'\n"
        "complete -c appctl -l json -d 'print one JSON document'\n"
        "complete -c appctl -l help -d 'print the help'\n"
        "complete -c appctl -l version -d 'print the version'\n";
    each_command([&](const Command &command) {
        for (const Option &option : command.options) {
            std::string what = std::string("-l ") + option.name + " -d " + quoted(option.help);
            if (option.value != nullptr && is_file(option.value)) {
                what += " -r -F";
            } else if (option.value != nullptr) {
                what += is_role(option.value) ? " -x -a " + quoted(all_roles()) : " -x";
            }
            add(command.name, what);
        }
        if (command.operand != nullptr && is_file(command.operand)) add(command.name, "-F");
    });
    return out;
}

}  // namespace appctl
