#include "admin/rows.h"

#include "base/day.h"
#include "base/values.h"
#include "json/writer.h"

namespace appcreate {
namespace {

// The members of one object, in the order of the calls. Keys are plain ASCII words.
class ObjectWriter {
  public:
    ObjectWriter &text(std::string_view key, std::string_view value) {
        begin(key);
        append_string(out_, value);
        return *this;
    }
    ObjectWriter &text_or_null(std::string_view key, std::string_view value) {
        return value.empty() ? raw(key, "null") : text(key, value);
    }
    ObjectWriter &id(std::string_view key, const ObjectId &value) { return text(key, value.hex()); }
    ObjectWriter &integer(std::string_view key, std::int64_t value) {
        begin(key);
        append_integer(out_, value);
        return *this;
    }
    ObjectWriter &boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    ObjectWriter &time(std::string_view key, std::int64_t ms) { return text(key, timestamp(ms)); }
    ObjectWriter &raw(std::string_view key, std::string_view json) {
        begin(key);
        out_ += json;
        return *this;
    }
    std::string take() {
        out_ += '}';
        return std::move(out_);
    }

  private:
    void begin(std::string_view key) {
        out_ += out_.empty() ? '{' : ',';
        append_string(out_, key);
        out_ += ':';
    }

    std::string out_;
};

std::string render_strings(const std::vector<std::string> &values) {
    std::string out = "[";
    for (const std::string &value : values) {
        if (out.size() > 1) out += ',';
        append_string(out, value);
    }
    out += ']';
    return out;
}

}  // namespace

std::string render(const OrganizationRow &row) {
    ObjectWriter out;
    out.id("id", row.id).text("name", row.name).text("slug", row.slug).boolean("enabled", row.enabled);
    if (row.limit) {
        out.integer("limit", *row.limit);
    } else {
        out.raw("limit", "null");
    }
    out.integer("maxBillingBuildRetentionDays", row.retention.build_retention_days)
        .integer("buildsRetainedPerPublication", row.retention.builds_per_publication);
    if (row.default_provider) {
        out.id("defaultStorageProvider", *row.default_provider);
    } else {
        out.raw("defaultStorageProvider", "null");
    }
    out.integer("applications", row.applications).time("createdAt", row.created_at).boolean("frozen", row.frozen != 0);
    return out.take();
}

std::string render(const ProviderRow &row) {
    ObjectWriter out;
    out.id("id", row.id)
        .text("name", row.name)
        .text("region", row.region)
        .raw("config", row.config)
        .text("provider", row.provider)
        .id("organization", row.organization)
        .boolean("default", row.is_default);
    return out.take();
}

std::string render(const KeyRow &row) {
    ObjectWriter out;
    out.id("id", row.id)
        .id("organization", row.organization)
        .id("owner", row.owner)
        .text("role", kRoles[row.role < kRoles.size() ? row.role : kRoles.size() - 1])
        .raw("permissions", render_strings(row.permissions))
        .boolean("revoked", row.revoked);
    if (row.expires_at != 0) {
        out.time("expiresAt", row.expires_at);
    } else {
        out.raw("expiresAt", "null");
    }
    out.time("createdAt", row.created_at)
        .text_or_null("lastUsed", row.used_on == 0 ? std::string() : date(row.used_on))
        .text_or_null("name", row.name);
    if (row.replaces) {
        out.id("replaces", *row.replaces).time("replacedExpiresAt", row.replaced_expires_at);
    }
    return out.take();
}

std::string render(const ProblemRow &row) {
    ObjectWriter out;
    out.text("problem", row.problem)
        .text_or_null("organization", row.organization)
        .text("detail", row.detail)
        .boolean("repaired", row.repaired);
    return out.take();
}

bool is_about_file(std::string_view problem_row) noexcept { return problem_row.starts_with(R"({"problem":"file",)"); }

}  // namespace appcreate
