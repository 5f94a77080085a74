// What somebody may have meant who typed something else.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace appctl {

// The nearest of `known` by letters left out, added, changed or swapped; empty where none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// "; did you mean \"org create\"?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace appctl
