#include "mongo/providers.h"

#include "mongo/json_bson.h"
#include "mongo/organizations.h"
#include "mongo/query.h"
#include "mongo/schema.h"

namespace appcreate::mongo {
namespace {

void set_default(const Session &session, const ObjectId &organization, const ObjectId &provider) {
    Bson filter;
    Writer(filter).id("_id", organization);
    Bson update;
    Writer(update).document("$set", [&](Writer &set) { set.id("defaultStorageProvider", provider); });
    update_one(session, kOrganizations, filter, update);
}

void clear_default(const Session &session, const ObjectId &organization, const ObjectId &provider) {
    Bson filter;
    Writer(filter).id("_id", organization).id("defaultStorageProvider", provider);
    Bson update;
    Writer(update).document("$set", [](Writer &set) { set.null("defaultStorageProvider"); });
    update_one(session, kOrganizations, filter, update);
}

}  // namespace

ProviderRow create_provider(const Session &session, const ProviderSpec &spec) {
    const OrganizationEntry organization = find_organization(session, spec.org);
    const ObjectId id = spec.id ? *spec.id : ObjectId::make();
    Bson document;
    Writer out(document);
    out.id("_id", id).id("organization", organization.id).text("name", spec.name).text("region", spec.region);
    append_json(out, "config", spec.config);
    out.text("provider", spec.provider).time("createdAt", now_ms());
    if (!insert_one(session, kProviders, document)) {
        throw Failure(AC_EEXISTS, "the id " + id.hex() + " belongs to another storage provider; choose another");
    }
    if (spec.is_default) set_default(session, organization.id, id);
    return {id.hex(), spec.name, spec.region, spec.config, spec.provider, organization.row.id, spec.is_default};
}

void list_providers(const Session &session, std::string_view org, const RowSink &row) {
    const OrganizationEntry organization = find_organization(session, org);
    Bson filter;
    Writer(filter).id("organization", organization.id);
    Bson sort;
    Writer(sort).integer("_id", 1);
    FindOptions options;
    options.sort = &sort;
    find(session, kProviders, filter, options, [&](const Reader &reader) {
        ProviderRow out;
        out.id = reader.id("_id").value_or(ObjectId{}).hex();
        out.name = reader.text("name").value_or("");
        out.region = reader.text("region").value_or("");
        out.provider = reader.text("provider").value_or("");
        if (const auto config = reader.document("config")) append_object(out.config, *config);
        out.organization = organization.row.id;
        out.is_default = out.id == organization.row.default_provider;
        return row(render(out));
    });
}

void delete_provider(const Session &session, std::string_view org, const ObjectId &id) {
    const OrganizationEntry organization = find_organization(session, org);
    clear_default(session, organization.id, id);
    Bson filter;
    Writer(filter).id("_id", id).id("organization", organization.id);
    if (!delete_one(session, kProviders, filter)) {
        throw Failure(AC_ENOTFOUND, "no storage provider " + id.hex() + " in organization \"" + organization.row.slug +
                                        "\"; run \"appctl provider list --org " + organization.row.slug + "\"");
    }
}

}  // namespace appcreate::mongo
