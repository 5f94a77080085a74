// What nginx's workers may do where the store lies: tried as their user, in a process of its own.
#pragma once

#include <cstdint>
#include <string>

#include "doctor/report.h"

namespace appctl::doctor {

struct Worker {
    std::string user;   // empty: whoever runs this
    std::string group;  // empty: the user's own
};

// Reports what a worker may not: read and write the files of the SQLite store at `path`, make files in its directory,
// lock one, and sync it.
void try_as_worker(const Worker &worker, const std::string &path, Report &report);

}  // namespace appctl::doctor
