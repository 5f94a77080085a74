// Creates applications as a gateway does, through the C ABI.
#pragma once

#include <string>
#include <vector>

namespace clitest {

struct Order {
    std::string body;
    std::string idempotency_key = {};  // empty: none
};

struct Answer {
    int status = 0;
    int code = 0;
    bool is_replay = false;
    std::string body;
};

// In the organization with this slug, all with one key that may create.
std::vector<Answer> create(const std::string &uri, const std::string &organization, const std::vector<Order> &orders);

}  // namespace clitest
