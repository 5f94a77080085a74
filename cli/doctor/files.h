// Where a SQLite store lies: its file system, the room on it, the length of its log.
#pragma once

#include <string>

#include "doctor/report.h"

namespace appctl::doctor {

void examine_files(const std::string &path, Report &report);

// The machine's clock, which decides when keys end.
void examine_clock(Report &report);

}  // namespace appctl::doctor
