#include "request/record.h"

#include <algorithm>
#include <array>

#include "json/writer.h"

namespace appcreate {
namespace {

constexpr std::string_view kBeforeRecord = R"({"status":true,"data":)";
constexpr std::string_view kAfterRecord = "}";
constexpr std::string_view kBeforeList = R"({"applications":[)";
constexpr std::string_view kBeforeCursor = R"(,"nextCursor":")";

constexpr std::string_view kBeforeRole =
    R"(,"sdk":{"ios":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false},)"
    R"("android":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false}},)"
    R"("notifications":{"newBuildNotifyCollaborators":false,"newBuildNotifyEmployees":false,)"
    R"("newBuildMessage":"","newFeedbackNotifyCollaborators":false},)"
    R"("description":"","oss":[],"buildPlatforms":[],"security":{"role":")";
constexpr std::string_view kBeforeRetention = R"(","buildRetentionDays":-1,"buildsRetainedPerPublication":-1},)"
                                              R"("retentionApplied":{"maxBillingBuildRetentionDays":)";
constexpr std::string_view kBeforeMetadata =
    R"(","counts":{"totalBuilds":0,"activeInstalls":0,"feedbackCount":0},"metadata":)";

// All that is neither constant above nor counted below: keys, numbers, ids, times.
constexpr std::size_t kRest = 512;

}  // namespace

std::string render_provider(std::string_view id, std::string_view name, std::string_view region,
                            std::string_view config, std::string_view provider) {
    std::string out = R"({"id":)";
    append_string(out, id);
    out += R"(,"name":)";
    append_string(out, name);
    out += R"(,"region":)";
    append_string(out, region);
    out += R"(,"config":)";
    out += config;
    out += R"(,"provider":)";
    append_string(out, provider);
    out += '}';
    return out;
}

void render_answer(std::string &answer, const Application &application, const RecordFacts &facts) {
    std::array<char, 24> time;
    write_timestamp(facts.created_at, time.data());
    const std::string_view created_at(time.data(), time.size());

    answer.clear();
    answer.reserve(kBeforeRecord.size() + kBeforeRole.size() + kBeforeRetention.size() + kBeforeMetadata.size() +
                   2 * application.name.size() + application.metadata.size() + application.scripts.size() +
                   facts.provider.size() + facts.slug.size() + kRest);
    answer += kBeforeRecord;
    if (facts.id.empty()) {
        answer += R"({"name":)";
    } else {
        answer += R"({"id":")";
        answer += facts.id;
        answer += R"(","name":)";
    }
    append_string(answer, application.name);
    answer += R"(,"slug":")";
    answer += facts.slug;
    answer += '"';
    answer += kBeforeRole;
    answer += kRoles[std::min<std::size_t>(facts.role, kRoles.size() - 1)];
    answer += R"("},"configuration":{)";
    if (!facts.provider.empty()) {
        answer += R"("storageProvider":)";
        answer += facts.provider;
        answer += ',';
    }
    answer += R"("notificationLanguage":")";
    answer += kLanguages[application.language];
    answer += kBeforeRetention;
    append_integer(answer, facts.retention.build_retention_days);
    answer += R"(,"buildsRetainedPerPublication":)";
    append_integer(answer, facts.retention.builds_per_publication);
    answer += R"(},"organization":")";
    answer += facts.organization;
    answer += kBeforeMetadata;
    answer += application.metadata;
    answer += R"(,"defaultScripts":)";
    answer += application.scripts;
    answer += R"(,"createdBy":")";
    answer += facts.owner;
    answer += R"(","createdAt":")";
    answer += created_at;
    answer += R"(","updatedAt":")";
    answer += created_at;
    answer += R"("})";
    answer += kAfterRecord;
}

std::string_view record_of(std::string_view answer) noexcept {
    if (answer.size() < kBeforeRecord.size() + kAfterRecord.size()) return {};
    return answer.substr(kBeforeRecord.size(), answer.size() - kBeforeRecord.size() - kAfterRecord.size());
}

std::string answer_of(std::string_view record) {
    std::string answer;
    render_answer_of(answer, record);
    return answer;
}

void render_answer_of(std::string &answer, std::string_view record) {
    answer.clear();
    answer.reserve(kBeforeRecord.size() + record.size() + kAfterRecord.size());
    answer.append(kBeforeRecord).append(record).append(kAfterRecord);
}

void render_list(std::string &answer, std::span<const std::string> records, std::string_view next_cursor) {
    std::size_t size = kBeforeRecord.size() + kBeforeList.size() + kBeforeCursor.size() + next_cursor.size() + kRest;
    for (const std::string &record : records) size += record.size() + 1;
    answer.clear();
    answer.reserve(size);
    answer.append(kBeforeRecord).append(kBeforeList);
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (i != 0) answer += ',';
        answer += records[i];
    }
    answer += ']';
    if (!next_cursor.empty()) answer.append(kBeforeCursor).append(next_cursor).append("\"");
    answer.append("}").append(kAfterRecord);
}

}  // namespace appcreate
