// The rows of a copy as MongoDB keeps them: documents of each kind, written and read.
#pragma once

#include <cstdint>
#include <optional>

#include "copy/copy.h"
#include "mongo/driver/bson.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {

// Of each kind:
//   kName     its collection
//   document  what is inserted
//   read      from a document; throws Failure(AC_ECHECK) when that lacks what a row must have
//   rival     a filter: who has what only one can have
template <class Row>
struct Collection;

template <>
struct Collection<Organization> {
    static constexpr const char *kName = kOrganizations;
    static Bson document(const Organization &row);
    static Organization read(const BsonReader &reader);
    static Bson rival(const Organization &row);
};

template <>
struct Collection<StorageProvider> {
    static constexpr const char *kName = kProviders;
    static Bson document(const StorageProvider &row);
    static StorageProvider read(const BsonReader &reader);
};

template <>
struct Collection<ApiKey> {
    static constexpr const char *kName = kKeys;
    static Bson document(const ApiKey &row);
    static ApiKey read(const BsonReader &reader);
    static Bson rival(const ApiKey &row);
};

template <>
struct Collection<ApplicationCopy> {
    static constexpr const char *kName = kApplications;
    // No place: its own id. Throws Failure when the record would not come back byte for byte.
    static Bson document(const ApplicationCopy &row, const std::optional<std::int64_t> &place);
    static ApplicationCopy read(const BsonReader &reader);
    static Bson rival(const ApplicationCopy &row);
};

// What is kept of a request, in the document of the application that it made.
template <>
struct Collection<RequestCopy> {
    static constexpr const char *kName = kApplications;
    static RequestCopy read(const BsonReader &reader);
};

}  // namespace appcreate::mongo
