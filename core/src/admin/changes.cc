#include "admin/changes.h"

namespace appcreate {

void apply(const OrganizationSpec &spec, Organization &organization) {
    if (spec.name) organization.name = *spec.name;
    if (spec.slug) organization.slug = *spec.slug;
    if (spec.limit) organization.limit = *spec.limit;
    if (spec.build_retention_days) organization.retention.build_retention_days = *spec.build_retention_days;
    if (spec.builds_per_publication) organization.retention.builds_per_publication = *spec.builds_per_publication;
    if (spec.enabled) organization.enabled = *spec.enabled;
}

Organization new_organization(const OrganizationSpec &spec) {
    Organization out;
    out.id = spec.id ? *spec.id : ObjectId::make();
    out.created_at = now_ms();
    apply(spec, out);
    return out;
}

void apply(const ProviderChange &change, StorageProvider &provider) {
    if (change.name) provider.name = *change.name;
    if (change.provider) provider.provider = *change.provider;
    if (change.region) provider.region = *change.region;
    if (change.config) provider.config = *change.config;
}

StorageProvider new_provider(const ProviderSpec &spec, const ObjectId &organization) {
    StorageProvider out;
    out.id = spec.id ? *spec.id : ObjectId::make();
    out.organization = organization;
    out.name = spec.name;
    out.region = spec.region;
    out.provider = spec.provider;
    out.config = spec.config;
    out.created_at = now_ms();
    return out;
}

ApiKey new_key(const KeySpec &spec, const ObjectId &organization) {
    ApiKey out;
    out.id = ObjectId::make();
    out.organization = organization;
    out.owner = spec.owner;
    out.digest = sha256(spec.token);
    out.role = spec.role;
    out.permissions = spec.permissions;
    out.expires_at = spec.expires_at;
    out.created_at = now_ms();
    out.name = spec.name;
    return out;
}

}  // namespace appcreate
