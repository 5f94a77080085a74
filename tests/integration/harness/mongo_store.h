// The MongoDB kind of the store under test.
#pragma once

#include <memory>
#include <string>

#include "store.h"

namespace appcreate::test {

// A database of its own on mongo-java-server, of which every test program has one; or, where
// APP_CREATE_TEST_MONGODB_URI names one, on that server. It is dropped at the end.
std::unique_ptr<Store> make_mongo_store();

// Empty when there can be one here; otherwise why not.
std::string why_no_mongo_store();
// The same of its lock().
std::string why_no_mongo_lock();

}  // namespace appcreate::test
