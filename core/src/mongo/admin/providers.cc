#include "mongo/admin/providers.h"

#include "admin/changes.h"
#include "mongo/admin/organizations.h"
#include "mongo/driver/json_bson.h"
#include "mongo/driver/query.h"
#include "mongo/schema/entities.h"
#include "mongo/schema/schema.h"

namespace appcreate::mongo {
namespace {

void set_default(const Client &client, const ObjectId &organization, const ObjectId &provider) {
    Bson filter;
    BsonWriter(filter).id("_id", organization);
    Bson update;
    BsonWriter(update).document("$set", [&](BsonWriter &set) { set.id("defaultStorageProvider", provider); });
    update_one(client, kOrganizations, filter, update);
}

void clear_default(const Client &client, const ObjectId &organization, const ObjectId &provider) {
    Bson filter;
    BsonWriter(filter).id("_id", organization).id("defaultStorageProvider", provider);
    Bson update;
    BsonWriter(update).document("$set", [](BsonWriter &set) { set.null("defaultStorageProvider"); });
    update_one(client, kOrganizations, filter, update);
}

ProviderRow read(const BsonReader &reader, const OrganizationEntry &organization) {
    ProviderRow out{read_provider(reader)};
    append_member(out.config, reader.get(), "config");
    out.is_default = out.id == organization.row.default_provider;
    return out;
}

Bson one_of(const OrganizationEntry &organization, const ObjectId &provider) {
    Bson filter;
    BsonWriter(filter).id("_id", provider).id("organization", organization.row.id);
    return filter;
}

Failure no_provider(const OrganizationEntry &organization, const ObjectId &id) {
    return {AC_ENOTFOUND, "no storage provider " + id.hex() + " in organization \"" + organization.row.slug +
                              "\"; run \"appctl provider list --org " + organization.row.slug + "\""};
}

}  // namespace

ProviderRow create_provider(const Client &client, const ProviderSpec &spec) {
    const OrganizationEntry organization = find_organization(client, spec.org);
    ProviderRow row{new_provider(spec, organization.row.id)};
    row.is_default = spec.is_default;
    if (!insert_one(client, kProviders, document_of(row))) {
        throw Failure(AC_EEXISTS, "the id " + row.id.hex() + " belongs to another storage provider; choose another");
    }
    if (row.is_default) set_default(client, organization.row.id, row.id);
    return row;
}

void list_providers(const Client &client, std::string_view org, const RowSink &row) {
    const OrganizationEntry organization = find_organization(client, org);
    Bson filter;
    BsonWriter(filter).id("organization", organization.row.id);
    Bson sort;
    BsonWriter(sort).integer("_id", 1);
    FindOptions options;
    options.sort = &sort;
    find(client, kProviders, filter, options,
         [&](const BsonReader &reader) { return row(render(read(reader, organization))); });
}

ProviderRow change_provider(const Client &client, std::string_view org, const ObjectId &id,
                            const ProviderChange &change) {
    const OrganizationEntry organization = find_organization(client, org);
    const Bson filter = one_of(organization, id);
    Bson update;
    BsonWriter(update).document("$set", [&](BsonWriter &set) {
        append_changes(set, change);
        set.time("updatedAt", now_ms());
    });
    if (update_one(client, kProviders, filter, update).matched == 0) throw no_provider(organization, id);
    if (change.is_default == true) set_default(client, organization.row.id, id);
    if (change.is_default == false) clear_default(client, organization.row.id, id);
    const OrganizationEntry after = find_organization(client, organization.row.id.hex());
    std::optional<ProviderRow> row;
    find(client, kProviders, filter, {}, [&](const BsonReader &reader) {
        row = read(reader, after);
        return false;
    });
    if (!row) throw no_provider(organization, id);
    return *std::move(row);
}

void delete_provider(const Client &client, std::string_view org, const ObjectId &id) {
    const OrganizationEntry organization = find_organization(client, org);
    clear_default(client, organization.row.id, id);
    if (!delete_one(client, kProviders, one_of(organization, id))) throw no_provider(organization, id);
}

}  // namespace appcreate::mongo
