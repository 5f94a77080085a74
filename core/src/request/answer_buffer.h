// Memory for an answer, used again and again. An answer is written on one thread and freed on another: left to malloc,
// that fragments a worker's memory, and each answer is too large for malloc's quick lists.
#pragma once

#include <string>

namespace appcreate {

// A string that comes from the stock of the thread that makes it, and goes into that of the thread that frees it.
class AnswerBuffer {
  public:
    // Empty, with room for an ordinary answer.
    AnswerBuffer();
    AnswerBuffer(const AnswerBuffer &) = delete;
    AnswerBuffer &operator=(const AnswerBuffer &) = delete;
    // Frees the memory where the stock has enough, or where it is unusually large.
    ~AnswerBuffer();

    [[nodiscard]] std::string &text() noexcept { return text_; }
    [[nodiscard]] const std::string &text() const noexcept { return text_; }

  private:
    std::string text_;
};

}  // namespace appcreate
