// A second store beside the gateway's, always an SQLite file: to lead requests to, or to hold a thread with.
// Configurations name it sqlite:@dir@/store/second.db.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway.h"

namespace appcreate::test {

class SecondStore {
  public:
    explicit SecondStore(Gateway &gateway);

    // Its organization has the id and the slug of the gateway's, as a clone's would have; its key has a token of its
    // own.
    void make() const;
    static std::string token();
    // A create, well-formed, for a location that leads here.
    [[nodiscard]] Request request(const std::string &path, const std::string &body) const;
    [[nodiscard]] std::int64_t count() const;
    [[nodiscard]] std::unique_ptr<StoreLock> lock() const { return lock_sqlite(path_); }

  private:
    // Throws when it fails.
    [[nodiscard]] std::string tell(std::vector<std::string> words) const;

    Gateway &gateway_;
    std::string path_;
};

}  // namespace appcreate::test
