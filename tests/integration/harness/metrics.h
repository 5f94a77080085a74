// Prometheus text as tests read it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway.h"

namespace appcreate::test {

// Locations for a server: /metrics, /live and /ready.
inline constexpr const char *kWatching = R"(
    location = /metrics { app_create_metrics; }
    location = /live { app_create_health live; }
    location = /ready { app_create_health; }
)";

class Metrics {
  public:
    // Throws for a line that is none of the format.
    explicit Metrics(const std::string &text);
    // `sample` as the page has it, NAME{LABEL="…",…}; 0 where it is not there.
    [[nodiscard]] double at(const std::string &sample) const;
    [[nodiscard]] bool has(const std::string &sample) const { return samples_.count(sample) > 0; }
    // Over all samples of a name whose labels hold `part`.
    [[nodiscard]] double sum(const std::string &name, const std::string &part = {}) const;
    // Of those of counters and histograms.
    [[nodiscard]] const std::map<std::string, double> &samples() const { return samples_; }

  private:
    std::map<std::string, double> samples_;
};

Response get(const Gateway &gateway, const std::string &path, const Headers &headers = {});
Metrics metrics_of(const Gateway &gateway);

}  // namespace appcreate::test
