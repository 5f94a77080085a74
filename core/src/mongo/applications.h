// Applications in administration.
#pragma once

#include <optional>
#include <string_view>

#include "mongo/pool.h"
#include "store.h"

namespace appcreate::mongo {

// In the order of their ids, in pages of their own.
void list_applications(const Session &session, std::string_view org, std::optional<ObjectId> after, std::size_t max,
                       const RowSink &row);
std::string find_application(const Session &session, std::string_view org, std::string_view app);

}  // namespace appcreate::mongo
