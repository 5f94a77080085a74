// Records as the API reads them: by id, by slug, and an organization's newest. Of the primary, and of what a majority
// has: a create that was answered is found.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "mongo/driver/pool.h"
#include "request/read.h"

namespace appcreate::mongo {

std::optional<std::string> find_record(const Client &client, const ObjectId &organization,
                                       const std::variant<ObjectId, std::string> &name);
// By the index of organizations and ids.
RecordPage list_records(const Client &client, const ObjectId &organization, const std::optional<ObjectId> &before,
                        std::size_t limit);

}  // namespace appcreate::mongo
