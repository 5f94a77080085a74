// A store as its own library sees it: reachable, of the right schema, with its indexes, and its keys.
#pragma once

#include <string>

#include "doctor/report.h"
#include "doctor/worker.h"

namespace appctl::doctor {

// `uri` as configured. `places` say who uses it; empty: it was named with --store.
void examine_store(const std::string &uri, const std::string &places, const Worker &worker, Report &report);

}  // namespace appctl::doctor
