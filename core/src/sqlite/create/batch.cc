#include "sqlite/create/batch.h"

#include <cstring>

#include "base/views.h"
#include "slug/slug.h"
#include "sqlite/create/freeze.h"

namespace appcreate::sqlite {
namespace {

constexpr std::string_view kProvider =
    "SELECT id, name, region, config, provider FROM providers WHERE id = ? AND organization = ?";
constexpr std::string_view kInsert =
    "INSERT INTO applications(organization, id, slug, created_at, data) VALUES(?, ?, ?, ?, ?)"
    " ON CONFLICT(organization, slug) DO NOTHING";
constexpr std::string_view kStored = "SELECT slug, data FROM applications WHERE id = ? AND organization = ?";
constexpr std::string_view kCount = "UPDATE organizations SET applications = ? WHERE rowid = ?";

constexpr std::size_t kIdSize = 24;

std::string select_organization(const Connection &connection) {
    return std::string(
               "SELECT o.rowid, o.enabled, o.application_limit, o.applications, o.build_retention_days,"
               " o.builds_per_publication, p.id, p.name, p.region, p.config, p.provider, ") +
           (has_organization_freezes(connection) ? "o.frozen" : "0") +
           " FROM organizations o LEFT JOIN providers p ON p.rowid = o.default_provider WHERE o.id = ?";
}

// The provider in five columns from `first`.
std::string provider_json(const Run &run, int first) {
    return render_provider(run.id_at(first).hex(), run.text_at(first + 1), run.text_at(first + 2),
                           run.text_at(first + 3), run.text_at(first + 4));
}

// SQLite undid the statement and the transaction goes on: an id that exists, a record beyond what a row can hold.
bool is_its_own_fault(const Error &error) noexcept {
    return error.primary() == SQLITE_CONSTRAINT || error.primary() == SQLITE_TOOBIG;
}

}  // namespace

Batch::Batch(const Connection &connection)
    : connection_(connection),
      idempotency_(connection),
      slugs_(connection),
      key_use_(connection),
      provider_(connection.prepare(kProvider)),
      insert_(connection.prepare(kInsert)),
      stored_(connection.prepare(kStored)),
      count_(connection.prepare(kCount)),
      schema_version_(connection.prepare("PRAGMA schema_version")),
      schema_version_seen_(schema_version()) {
    look_at_schema();
}

void Batch::run(std::span<Create *const> creates, Freeze frozen) {
    organizations_.clear();
    frozen_ = frozen;
    notice_other_content();
    for (Create *create : creates) run_one(*create);
    store_counts();
    key_use_.note();
}

std::int64_t Batch::schema_version() {
    Run run(schema_version_);
    return run.row() ? run.integer_at(0) : 0;
}

// A restore puts other content under this connection, which raises the version: what was learnt is of the one before.
void Batch::notice_other_content() {
    const std::int64_t version = schema_version();
    if (version == schema_version_seen_) return;
    slugs_.hints.clear();
    look_at_schema();
    schema_version_seen_ = version;
}

// What later versions added is there, or not.
void Batch::look_at_schema() {
    key_use_.look_again();
    organization_.emplace(connection_.prepare(select_organization(connection_)));
}

void Batch::forget() noexcept {
    slugs_.hints.clear();
    key_use_.forget();
}

void Batch::run_one(Create &create) {
    OrganizationState &org = organization(view(create.key().organization));
    if (create.may_be_stored() && find_stored(create, org)) {
        org.is_confirmed_anew = true;
        return;
    }
    if (!org.enabled) return create.refuse(AC_CODE_NOT_FOUND);
    if (create.request()) {
        const Idempotency::Found found = idempotency_.find(*create.request(), create.fingerprint(), now_ms());
        if (found.verdict == Idempotency::Verdict::kReused) return create.refuse(AC_CODE_KEY_REUSED);
        if (found.verdict == Idempotency::Verdict::kReplay) return create.replayed(answer_of(found.record));
    }
    if (org.frozen != 0 && !create.validate_only()) return create.refuse_frozen(org.frozen);
    std::string_view json = org.default_provider;
    if (const auto &named = create.application().provider) {
        json = provider(org, *named);
        if (json.empty()) return create.refuse(AC_CODE_PROVIDER);
    }
    if (org.limit && org.applications >= *org.limit) return create.refuse(AC_CODE_LIMIT);
    if (create.validate_only()) return validate(create, org, json);
    make(create, org, json);
}

// A process that was killed before it told of it. What it wrote may not be on the disk yet: only a commit of this
// transaction makes it so.
bool Batch::find_stored(Create &create, const OrganizationState &org) {
    Run run(stored_);
    if (!run.blob(create.chosen_id()->bytes).integer(org.rowid).row()) return false;
    const std::string slug(run.text_at(0));
    create.answer_buffer() = answer_of(run.blob_at(1));
    create.created(*create.chosen_id(), slug);
    return true;
}

void Batch::make(Create &create, OrganizationState &org, std::string_view provider) {
    const ObjectId id = create.chosen_id() ? *create.chosen_id() : ObjectId::make();
    char hex[kIdSize];
    id.write_hex(hex);
    const std::string_view id_hex(hex, kIdSize);
    RecordFacts facts = facts_of(create, org, provider);
    facts.id = id_hex;
    std::string slug;
    try {
        slug = insert(create, org, facts, id);
    } catch (const Error &error) {
        if (!is_its_own_fault(error)) throw;
        return create.refuse(AC_CODE_INTERNAL);
    }
    if (create.request()) {
        idempotency_.keep(*create.request(), create.fingerprint(), sqlite3_last_insert_rowid(connection_.raw()),
                          facts.created_at);
    }
    ++org.applications;
    if (const auto key = ObjectId::parse(view(create.key().id))) key_use_.add(*key);
    create.created(id, slug);
}

// The slug that it would get now; the number after it may be taken meanwhile.
void Batch::validate(Create &create, const OrganizationState &org, std::string_view provider) {
    RecordFacts facts = facts_of(create, org, provider);
    const std::string base = base_slug(create.application(), ObjectId::make());
    const std::uint64_t last = slugs_.hints.last_taken(org.rowid, base);
    std::uint64_t number = last + 1;
    if (slugs_.is_taken(org.rowid, slug_of_number(base, number))) number = slugs_.free_above(org.rowid, base, number);
    const std::string slug = slug_of_number(base, number);
    facts.slug = slug;
    render_answer(create.answer_buffer(), create.application(), facts);
    create.would_create(slug);
}

// Returns the slug. A base that was met before starts behind its last number, others with the base itself; the insert
// says whether that is taken, and only then is there anything to look for.
std::string Batch::insert(Create &create, const OrganizationState &org, RecordFacts &facts, const ObjectId &id) {
    const std::string base = base_slug(create.application(), id);
    const std::uint64_t last = slugs_.hints.last_taken(org.rowid, base);
    std::uint64_t number = last + 1;
    std::string slug = slug_of_number(base, number);
    const bool was_free = try_insert(create, org, facts, id, slug);
    if (!was_free) {
        number = slugs_.free_above(org.rowid, base, number);
        slug = slug_of_number(base, number);
        if (!try_insert(create, org, facts, id, slug)) {
            throw Error(SQLITE_CORRUPT, "the index of slugs contradicts itself");
        }
    }
    if (number > 1) slugs_.hints.remember(org.rowid, base, number);
    return slug;
}

bool Batch::try_insert(Create &create, const OrganizationState &org, RecordFacts &facts, const ObjectId &id,
                       std::string_view slug) {
    facts.slug = slug;
    std::string &answer = create.answer_buffer();
    render_answer(answer, create.application(), facts);
    return Run(insert_)
               .integer(org.rowid)
               .blob(id.bytes)
               .text(slug)
               .integer(facts.created_at)
               .blob(record_of(answer))
               .done() == 1;
}

RecordFacts Batch::facts_of(const Create &create, const OrganizationState &org, std::string_view provider) {
    RecordFacts facts;
    facts.provider = provider;
    facts.organization = view(create.key().organization);
    facts.owner = view(create.key().owner);
    facts.role = create.key().role;
    facts.retention = org.retention;
    facts.created_at = now_ms();
    return facts;
}

std::string Batch::base_slug(const Application &application, const ObjectId &id) {
    return application.slug.empty() ? slug_of_id(id.hex()) : application.slug;
}

// One that does not exist is not enabled.
Batch::OrganizationState &Batch::organization(std::string_view id_hex) {
    const ObjectId id = ObjectId::parse(id_hex).value_or(ObjectId{});
    const auto [place, is_new] = organizations_.try_emplace(id);
    OrganizationState &org = place->second;
    if (!is_new) return org;
    Run run(*organization_);
    if (!run.blob(id.bytes).row()) return org;
    org.rowid = run.integer_at(0);
    org.enabled = run.integer_at(1) != 0;
    if (!run.is_null(2)) org.limit = run.integer_at(2);
    org.applications = org.before = run.integer_at(3);
    org.retention = {run.integer_at(4), run.integer_at(5)};
    if (!run.is_null(6)) org.default_provider = provider_json(run, 6);
    org.frozen = frozen_ != 0 ? frozen_ : freeze_of(run.integer_at(11));
    return org;
}

const std::string &Batch::provider(OrganizationState &org, const ObjectId &id) {
    const auto [place, is_new] = org.providers.try_emplace(id);
    if (is_new) {
        Run run(provider_);
        if (run.blob(id.bytes).integer(org.rowid).row()) place->second = provider_json(run, 0);
    }
    return place->second;
}

void Batch::store_counts() {
    for (const auto &[id, org] : organizations_) {
        if (org.applications == org.before && !org.is_confirmed_anew) continue;
        Run(count_).integer(org.applications).integer(org.rowid).done();
    }
}

}  // namespace appcreate::sqlite
