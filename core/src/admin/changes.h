// What specs make of entities: new ones, with their ids and times, and changed ones.
#pragma once

#include "base/entities.h"
#include "store/store.h"

namespace appcreate {

Organization new_organization(const OrganizationSpec &spec);
StorageProvider new_provider(const ProviderSpec &spec, const ObjectId &organization);
ApiKey new_key(const KeySpec &spec, const ObjectId &organization);

void apply(const OrganizationSpec &spec, Organization &organization);
// All but whether it is the organization's default.
void apply(const ProviderChange &change, StorageProvider &provider);

}  // namespace appcreate
