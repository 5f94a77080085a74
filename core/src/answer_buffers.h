// Memory for answers, used again and again. An answer is written on one thread and freed on another: left to malloc,
// that fragments a worker's memory, and each answer is too large for malloc's quick lists.
#pragma once

#include <string>

namespace appcreate {

// An empty string with room for an ordinary answer. From the calling thread's own stock.
std::string take_answer_buffer();

// Gives its memory to the calling thread's stock, or frees it where that has enough or it is unusually large.
void give_answer_buffer(std::string &&buffer) noexcept;

}  // namespace appcreate
