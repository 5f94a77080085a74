#include "request/record.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace appcreate::test {
namespace {

Application application() {
    Application result;
    result.name = "My \"App\"";
    result.metadata = R"({"a":1})";
    result.scripts = R"({"audit":"x"})";
    result.language = 3;
    return result;
}

RecordFacts facts() {
    RecordFacts result;
    result.id = "507f1f77bcf86cd799439011";
    result.slug = "my-app";
    result.provider = R"({"id":"507f1f77bcf86cd799439012"})";
    result.organization = "507f1f77bcf86cd799439013";
    result.owner = "507f1f77bcf86cd799439016";
    result.role = 1;
    result.retention.build_retention_days = 30;
    result.retention.builds_per_publication = -1;
    result.created_at = 951827696789;
    return result;
}

TEST(RenderAnswer, IsThePublishedRecordInItsOrder) {
    std::string answer = "replaced";
    render_answer(answer, application(), facts());
    EXPECT_EQ(answer,
              R"({"status":true,"data":{"id":"507f1f77bcf86cd799439011","name":"My \"App\"","slug":"my-app",)"
              R"("sdk":{"ios":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false},)"
              R"("android":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false}},)"
              R"("notifications":{"newBuildNotifyCollaborators":false,"newBuildNotifyEmployees":false,)"
              R"("newBuildMessage":"","newFeedbackNotifyCollaborators":false},"description":"","oss":[],)"
              R"("buildPlatforms":[],"security":{"role":"org.admin"},)"
              R"("configuration":{"storageProvider":{"id":"507f1f77bcf86cd799439012"},"notificationLanguage":"de",)"
              R"("buildRetentionDays":-1,"buildsRetainedPerPublication":-1},)"
              R"("retentionApplied":{"maxBillingBuildRetentionDays":30,"buildsRetainedPerPublication":-1},)"
              R"("organization":"507f1f77bcf86cd799439013",)"
              R"("counts":{"totalBuilds":0,"activeInstalls":0,"feedbackCount":0},"metadata":{"a":1},)"
              R"("defaultScripts":{"audit":"x"},"createdBy":"507f1f77bcf86cd799439016",)"
              R"("createdAt":"2000-02-29T12:34:56.789Z","updatedAt":"2000-02-29T12:34:56.789Z"}})");
}

TEST(RenderAnswer, LeavesOutWhatThereIsNot) {
    RecordFacts without = facts();
    without.id = {};
    without.provider = {};
    std::string answer;
    render_answer(answer, application(), without);
    EXPECT_TRUE(answer.starts_with(R"({"status":true,"data":{"name":"My \"App\"","slug":"my-app",)")) << answer;
    EXPECT_NE(answer.find(R"("configuration":{"notificationLanguage":"de",)"), std::string::npos) << answer;
    EXPECT_FALSE(read_json(answer).is_malformed());
}

TEST(RenderAnswer, HasEachRoleAndLanguage) {
    for (std::size_t role = 0; role <= kRoles.size(); ++role) {
        RecordFacts given = facts();
        given.role = static_cast<std::uint8_t>(role);
        std::string answer;
        render_answer(answer, application(), given);
        const std::string_view expected = role < kRoles.size() ? kRoles[role] : "unknown";
        EXPECT_NE(answer.find("\"security\":{\"role\":\"" + std::string(expected) + "\"}"), std::string::npos);
    }
    for (std::size_t language = 0; language < kLanguages.size(); ++language) {
        Application given = application();
        given.language = static_cast<std::uint8_t>(language);
        std::string answer;
        render_answer(answer, given, facts());
        EXPECT_NE(answer.find("\"notificationLanguage\":\"" + std::string(kLanguages[language]) + "\""),
                  std::string::npos);
    }
}

TEST(RecordOf, IsTheInverseOfAnswerOf) {
    std::string answer;
    render_answer(answer, application(), facts());
    const std::string_view record = record_of(answer);
    EXPECT_TRUE(record.starts_with("{\"id\":"));
    EXPECT_FALSE(read_json(record).is_malformed());
    EXPECT_EQ(answer_of(record), answer);
    EXPECT_EQ(record_of("short"), "");
}

TEST(RenderProvider, HoldsItsConfigAsJson) {
    EXPECT_EQ(render_provider("507f1f77bcf86cd799439012", "AWS \"S3\"", "eu-west-1", R"({"bucket":"b"})", "aws-s3"),
              R"({"id":"507f1f77bcf86cd799439012","name":"AWS \"S3\"","region":"eu-west-1",)"
              R"("config":{"bucket":"b"},"provider":"aws-s3"})");
}

}  // namespace
}  // namespace appcreate::test
