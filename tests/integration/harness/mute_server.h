// A server that takes connections and does not answer, until it ends.
#pragma once

#include <vector>

namespace appcreate::test {

class MuteServer {
  public:
    explicit MuteServer(int port);
    MuteServer(const MuteServer &) = delete;
    MuteServer &operator=(const MuteServer &) = delete;
    ~MuteServer();
    // Waits until it has been asked once more.
    bool is_asked();
    // Has nginx ended a connection, though it has no answer there?
    [[nodiscard]] bool was_left() const;

  private:
    int listener_;
    std::vector<int> connections_;
};

}  // namespace appcreate::test
