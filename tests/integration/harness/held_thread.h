// A thread of nginx's pool that is busy for as long as a test wants: it waits for the lock of the second store.
#pragma once

#include <memory>
#include <string>

#include "second_store.h"

namespace appcreate::harness {

class HeldThread {
  public:
    // Sends a create to `path`, a location of the second store. It may take a while until a thread has it.
    HeldThread(Gateway &gateway, const std::string &path);
    // Gives the thread back; the answer of that create.
    Response release();

  private:
    std::unique_ptr<StoreLock> lock_;
    RawConnection create_;
};

// True when nothing has come on a connection though nginx, with one worker, has answered what was sent after it.
bool stays_silent(const Gateway &gateway, RawConnection &connection);

}  // namespace appcreate::harness
