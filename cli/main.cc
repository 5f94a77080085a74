// appctl: looks after the store of nginx-app-create. Everything it does, it does through app_create.h.
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "app_create.h"
#include "command.h"
#include "generate.h"
#include "options.h"
#include "output.h"
#include "usage.h"

namespace appctl {
namespace {

enum ExitCode { kDone = 0, kFailed = 1, kMisused = 2 };

int complain(std::string_view message, ExitCode code) {
    std::cerr << "appctl: " << message << "\n";
    return code;
}

std::string help(const Invocation &invocation) {
    if (invocation.command != nullptr) return help_of(*invocation.command);
    return invocation.group.empty() ? help_of_everything() : help_of_group(invocation.group);
}

void act(const Invocation &invocation) {
    switch (invocation.action) {
        case Invocation::kHelp:
            print(help(invocation));
            break;
        case Invocation::kVersion:
            print(std::string("appctl ") + ac_version() + "\n");
            break;
        case Invocation::kRun:
            invocation.command->run(invocation.arguments);
            break;
    }
    flush_output();
}

int run(int argc, char **argv) {
    try {
        if (argc < 2) {
            std::cerr << help_of_everything();
            return kMisused;
        }
        if (argc == 3 && std::string_view(argv[1]) == "--generate") {
            print(generate(argv[2]));
            flush_output();
            return kDone;
        }
        act(read_command_line(argc, argv));
        return kDone;
    } catch (const Misused &misused) {
        return complain(misused.what(), kMisused);
    } catch (const Failed &failed) {
        std::fflush(stdout);
        return complain(failed.what(), kFailed);
    } catch (const OutputError &output) {
        if (output.error == EPIPE) return kFailed;
        return complain("cannot write to standard output: " + std::string(std::strerror(output.error)) +
                            "; what the command changes is changed",
                        kFailed);
    } catch (const std::exception &exception) {
        return complain(exception.what(), kFailed);
    }
}

}  // namespace
}  // namespace appctl

int main(int argc, char **argv) {
    // For the widths of characters; what is printed is UTF-8 in every locale.
    std::setlocale(LC_CTYPE, "C.UTF-8");
    return appctl::run(argc, argv);
}
