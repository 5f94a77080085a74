// What a command is: a row of a table that the parser, the help and the dispatcher all read.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace appctl {

struct Option {
    const char *name;   // without "--"
    const char *value;  // what the help calls its value, which says what it may be (values.h); nullptr: a switch
    const char *help;
    enum Kind { kOptional, kRequired, kRepeatable } kind = kOptional;
    bool may_be_empty = false;
};

// What was typed, already held against the command's table.
class Arguments {
  public:
    std::string store;  // the URI
    bool json = false;
    std::string operand;

    void add(std::string_view option, std::string_view value) { given_.emplace_back(option, value); }
    [[nodiscard]] bool has(std::string_view option) const noexcept;
    // Empty when it was not given.
    [[nodiscard]] std::string_view text(std::string_view option) const noexcept;
    [[nodiscard]] std::vector<std::string_view> all(std::string_view option) const;
    [[nodiscard]] bool any() const noexcept { return !given_.empty(); }

  private:
    std::vector<std::pair<std::string_view, std::string_view>> given_;
};

struct Command {
    const char *name;  // "init", "org create"
    const char *summary;
    const char *operand;  // what the help calls the one operand, "[ORG]" where it may be left out; nullptr: none
    std::span<const Option> options;
    const char *notes;    // more for --help; nullptr: none
    const char *example;  // for --help and the manual, without "appctl"
    void (*run)(const Arguments &arguments);
    enum StoreOption {
        kTakesStore,     // --store or APP_CREATE_STORE
        kMayTakeStore,   // the same, but it works without
        kNamesItsStores  // by options of its own
    } store = kTakesStore;
};

// All commands, in the order of the help. Each file of commands holds one table.
std::span<const Command> store_commands();
std::span<const Command> copy_commands();
std::span<const Command> freeze_commands();
std::span<const Command> backup_commands();
std::span<const Command> organization_commands();
std::span<const Command> provider_commands();
std::span<const Command> key_commands();
std::span<const Command> application_commands();
std::span<const Command> doctor_commands();

// Exit code 1: what was asked for could not be done.
class Failed : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Exit code 2: what was asked for makes no sense.
class Misused : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace appctl
