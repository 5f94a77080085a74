// The nginx that is installed: its version, its module, the configuration that it would run with.
#pragma once

#include <string>
#include <vector>

#include "doctor/report.h"

namespace appctl::doctor {

struct StoreUse {
    std::string uri;  // as configured
    std::vector<std::string> places;
};

struct Nginx {
    std::string user;   // of the workers; empty: not known
    std::string group;  // empty: the user's own
    std::vector<StoreUse> stores;
    bool is_known = false;  // its configuration could be read
};

// `binary` and `configuration` are empty where they were not given: what is installed is looked for.
Nginx examine_nginx(const std::string &binary, const std::string &configuration, Report &report);

}  // namespace appctl::doctor
