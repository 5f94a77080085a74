// A thread of nginx's pool that is busy for as long as a test wants: it looks a key up in a store that another program
// has to itself.
#pragma once

#include <memory>
#include <string>

#include "gateway.h"
#include "raw.h"
#include "support/sqlite_file.h"

namespace appcreate::test {

class HeldThread {
  public:
    // Goes into the server's configuration: for four of a pool, one after the other or at the same time.
    static std::string locations(const std::string &pool = "app_create");
    // It may take a while until a thread has it.
    explicit HeldThread(Gateway &gateway, const std::string &pool = "app_create");
    // Gives the thread back; returns when its look-up has its answer.
    void release();

  private:
    std::unique_ptr<SqliteFile> lock_;
    RawConnection lookup_;
};

// True when nothing has come on a connection though nginx, with one worker, has answered what was sent after it.
bool stays_silent(const Gateway &gateway, RawConnection &connection);

}  // namespace appcreate::test
