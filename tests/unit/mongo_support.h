// A MongoDB store in a database of its own.
#pragma once

#include <memory>
#include <string>

#include "store_support.h"

namespace appcreate::test {

class MongoUnderTest final : public StoreUnderTest {
  public:
    // `server` is a URI; its database is replaced by one that is dropped at the end.
    explicit MongoUnderTest(const std::string &server);
    ~MongoUnderTest() override;
    std::unique_ptr<Store> open() override;
    std::unique_ptr<Store> serve() override;
    void expire_requests() override;

  private:
    [[nodiscard]] StoreOptions options() const;

    const std::string database_;
    const std::string uri_;
};

}  // namespace appcreate::test
