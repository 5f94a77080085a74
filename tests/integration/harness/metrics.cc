#include "metrics.h"

#include <regex>
#include <sstream>
#include <stdexcept>

namespace appcreate::test {

Metrics::Metrics(const std::string &text) {
    static const std::regex sample(R"(([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})?) ([-+0-9.e]+))");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (!std::regex_match(line, parts, sample)) {
            throw std::runtime_error("no sample: " + line);
        }
        if (!samples_.emplace(parts[1], std::stod(parts[2])).second) {
            throw std::runtime_error("twice: " + line);
        }
    }
}

double Metrics::at(const std::string &sample) const {
    const auto found = samples_.find(sample);
    return found == samples_.end() ? 0 : found->second;
}

double Metrics::sum(const std::string &name, const std::string &part) const {
    double sum = 0;
    for (const auto &[sample, value] : samples_) {
        if (sample.substr(0, sample.find('{')) == name && sample.find(part) != std::string::npos) {
            sum += value;
        }
    }
    return sum;
}

Response get(const Gateway &gateway, const std::string &path, const Headers &headers) {
    Request request;
    request.method = "GET";
    request.path = path;
    request.headers = headers;
    request.has_body = false;
    return gateway.client().send(request);
}

Metrics metrics_of(const Gateway &gateway) { return Metrics(get(gateway, "/metrics").body); }

}  // namespace appcreate::test
