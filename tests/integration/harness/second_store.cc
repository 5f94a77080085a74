#include "second_store.h"

#include <stdexcept>

#include "answers.h"

namespace appcreate::test {

SecondStore::SecondStore(Gateway &gateway) : gateway_(gateway), path_(gateway.directory() + "/store/second.db") {}

void SecondStore::make() const {
    const std::string token_file = gateway_.directory() + "/token";
    const Organization &organization = gateway_.organization();
    write_file(token_file, token());
    gateway_.forbid(token());
    (void)tell({"init"});
    (void)tell({"org", "create", "--name", "Second", "--slug", organization.slug, "--id", organization.id});
    (void)tell(
        {"key", "create", "--org", organization.id, "--owner", gateway_.key().owner, "--token-file", token_file});
}

std::string SecondStore::token() { return "a-token-of-the-second-store-long-enough-0123456789"; }

Request SecondStore::request(const std::string &path, const std::string &body) const {
    Request request = gateway_.request(body);
    request.path = path;
    set_header(request.headers, "Authorization", "Bearer " + token());
    return request;
}

std::int64_t SecondStore::count() const {
    return Json::parse(tell({"--json", "app", "count", "--org", gateway_.organization().id})).integer("/count");
}

std::string SecondStore::tell(std::vector<std::string> words) const {
    words.insert(words.begin(), {appctl_path(), "--store", "sqlite:" + path_});
    Outcome outcome = run(words);
    if (outcome.status != 0) {
        throw std::runtime_error("appctl failed on the second store: " + outcome.err);
    }
    return std::move(outcome.out);
}

}  // namespace appcreate::test
