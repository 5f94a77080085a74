// Creates applications as a gateway does, through the C ABI.
#pragma once

#include <string>
#include <vector>

#include "support/creates.h"

namespace appcreate::test {

// In the organization with this slug, all with one key that may create.
std::vector<Answer> create(const std::string &uri, const std::string &organization, const std::vector<Order> &orders);

}  // namespace appcreate::test
