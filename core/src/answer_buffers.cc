#include "answer_buffers.h"

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

std::string take_answer_buffer() {
    if (stock.count > 0) return std::move(stock.buffers[--stock.count]);
    std::string buffer;
    buffer.reserve(kOrdinary);
    return buffer;
}

void give_answer_buffer(std::string &&buffer) noexcept {
    if (!kIsReused || stock.count == kMost || buffer.capacity() < kOrdinary || buffer.capacity() > kLargest) return;
    buffer.clear();
    stock.buffers[stock.count++] = std::move(buffer);
}

}  // namespace appcreate
