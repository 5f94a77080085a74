#include "request/answer_buffer.h"

#include <array>
#include <cstddef>
#include <utility>

namespace appcreate {
namespace {

constexpr std::size_t kOrdinary = 2 << 10;
constexpr std::size_t kLargest = 8 << 10;

constexpr std::size_t kMost = 256;

// AddressSanitizer is to see whether an answer is used after its create was freed.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsReused = false;
#else
constexpr bool kIsReused = true;
#endif

struct Stock {
    std::array<std::string, kMost> buffers;
    std::size_t count = 0;
};

thread_local Stock stock;

}  // namespace

AnswerBuffer::AnswerBuffer() {
    if (stock.count > 0) {
        text_ = std::move(stock.buffers[--stock.count]);
    } else {
        text_.reserve(kOrdinary);
    }
}

AnswerBuffer::~AnswerBuffer() {
    if (!kIsReused || stock.count == kMost || text_.capacity() < kOrdinary || text_.capacity() > kLargest) return;
    text_.clear();
    stock.buffers[stock.count++] = std::move(text_);
}

}  // namespace appcreate
