// appctl doctor: does everything that belongs to a gateway fit together?
#include <array>
#include <string>

#include "command.h"
#include "doctor/files.h"
#include "doctor/nginx.h"
#include "doctor/report.h"
#include "doctor/store.h"
#include "output.h"

namespace appctl {
namespace {

using doctor::Nginx;
using doctor::Report;
using doctor::StoreUse;
using doctor::Worker;

constexpr std::array<Option, 2> kOptions = {{
    {"nginx", "PATH", "nginx's binary; without it: the first in PATH"},
    {"conf", "FILE", "its configuration; without it: the one that nginx takes by itself"},
}};

std::string list_of(const StoreUse &use) {
    std::string out;
    for (const std::string &place : use.places) out += (out.empty() ? "" : ", ") + place;
    return out;
}

void examine(const Arguments &arguments) {
    Report report;
    const Nginx nginx =
        doctor::examine_nginx(std::string(arguments.text("nginx")), std::string(arguments.text("conf")), report);
    doctor::examine_clock(report);
    const Worker worker{nginx.user, nginx.group};
    bool is_seen = arguments.store.empty();
    for (const StoreUse &use : nginx.stores) {
        doctor::examine_store(use.uri, list_of(use), worker, report);
        is_seen = is_seen || use.uri == arguments.store;
    }
    if (!is_seen) {
        if (nginx.is_known) {
            report.warn("store", "--store", "nginx's configuration does not use it under this name",
                        "name it in app_create_store as it is named here");
        }
        doctor::examine_store(arguments.store, "", worker, report);
    }
    report.print(arguments.json);
    flush_output();
    if (report.errors() != 0) {
        throw Failed("errors: " + std::to_string(report.errors()) + ", warnings: " + std::to_string(report.warnings()) +
                     "; below each stands what to do");
    }
}

constexpr std::array<Command, 1> kCommands = {{
    {"doctor", "looks whether nginx, its module, its configuration and the store fit together", nullptr, kOptions,
     "Reads the configuration with \"nginx -T\" and looks at every store that it names, and at the one of --store.\n"
     "Tries as the workers' user to write, lock and sync a temporary file beside a SQLite store: run it as root.\n"
     "Exit code 1 when there is an error; warnings alone are 0.",
     "doctor --conf /etc/nginx/nginx.conf", examine, Command::kMayTakeStore},
}};

}  // namespace

std::span<const Command> doctor_commands() { return kCommands; }

}  // namespace appctl
