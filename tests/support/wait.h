// Waiting for what comes by itself.
#pragma once

#include <chrono>
#include <functional>

namespace appcreate::test {

// Polls until `done` is true; false when that takes longer than `limit`, which is for machines that are busy: what a
// test is about does not take that long.
bool eventually(const std::function<bool()> &done, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace appcreate::test
