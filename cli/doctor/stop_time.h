// How long the service manager lets nginx stop, against what a worker may need to finish its creates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "doctor/configuration.h"

namespace appctl::doctor {

// nginx's times ("1500ms", "3s", "1m 30s", "5") and systemd's ("1min 30s", "5s"), in milliseconds; nullopt: not one.
std::optional<std::int64_t> milliseconds_of(std::string_view text);

// The longest app_create_timeout of all locations that may create; nginx's default where none is set.
std::int64_t longest_timeout(const std::vector<Directive> &directives);

// What systemd gives the unit of nginx, in milliseconds; nullopt: it does not say, or there is no end.
std::optional<std::int64_t> stop_time_of_nginx();

}  // namespace appctl::doctor
