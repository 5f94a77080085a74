// Memory that child processes share, as a host gives it to its workers.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace appcreate::test {

class SharedMemory {
  public:
    explicit SharedMemory(std::size_t size)
        : size_(size), memory_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
        if (memory_ == MAP_FAILED) throw std::bad_alloc();
    }
    SharedMemory(const SharedMemory &) = delete;
    SharedMemory &operator=(const SharedMemory &) = delete;
    ~SharedMemory() { munmap(memory_, size_); }
    [[nodiscard]] void *get() const { return memory_; }

  private:
    const std::size_t size_;
    void *memory_;
};

}  // namespace appcreate::test
