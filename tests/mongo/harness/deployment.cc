#include "harness/deployment.h"

#include <bson/bson.h>

#include <algorithm>
#include <cstdlib>

namespace appcreate::test {

std::string uri_of(const Deployment &deployment) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    const char *uri = std::getenv(deployment.variable);
    return uri == nullptr ? "" : uri;
}

std::string why_absent(const Deployment &deployment) {
    if (!uri_of(deployment).empty()) return {};
    return std::string(deployment.variable) + " is not set; it names a " + deployment.what + " that this test may use";
}

std::string in_database(const std::string &uri, const std::string &database) {
    const std::size_t hosts = uri.find("://") + 3;
    const std::size_t question = std::min(uri.find('?'), uri.size());
    const std::size_t slash = std::min(uri.find('/', hosts), question);
    std::string options = uri.substr(question);
    if (uri.find('@') != std::string::npos && options.find("authSource=") == std::string::npos) {
        const std::string old = slash + 1 < question ? uri.substr(slash + 1, question - slash - 1) : "admin";
        options += (options.empty() ? "?" : "&") + ("authSource=" + old);
    }
    return uri.substr(0, slash) + "/" + database + options;
}

std::string unique_database() {
    bson_oid_t id;
    bson_oid_init(&id, nullptr);
    char text[25];
    bson_oid_to_string(&id, text);
    return std::string("app-create-test-") + text;
}

}  // namespace appcreate::test
