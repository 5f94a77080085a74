#include "harness/presets.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace appcreate::test {
namespace {

constexpr std::string_view kLimits =
    R"({"maxBsonObjectSize":16777216,"maxMessageSizeBytes":48000000,"maxWriteBatchSize":100000,
        "minWireVersion":0,"maxWireVersion":8,"readOnly":false,"ok":{"$numberDouble":"1.0"}})";

Bson hello(const std::string &json) { return merged(bson(json).get(), bson(kLimits).get()); }

std::string quoted(const std::string &text) { return "\"" + text + "\""; }

std::shared_ptr<const Bson> shared(Bson document) { return std::make_shared<const Bson>(std::move(document)); }

}  // namespace

Bson standalone_hello() { return hello(R"({"ismaster":true,"isWritablePrimary":true})"); }

Bson mongos_hello() { return hello(R"({"ismaster":true,"isWritablePrimary":true,"msg":"isdbgrid"})"); }

Bson member_hello(const Member &member) {
    const bool is_primary = member.me == member.primary;
    std::string hosts;
    for (const std::string &host : member.hosts) hosts += (hosts.empty() ? "" : ",") + quoted(host);
    std::string text = R"({"setName":)" + quoted(member.set) + R"(,"setVersion":1,"hosts":[)" + hosts + R"(],"me":)" +
                       quoted(member.me) + R"(,"ismaster":)" + (is_primary ? "true" : "false") +
                       R"(,"isWritablePrimary":)" + (is_primary ? "true" : "false") + R"(,"secondary":)" +
                       (is_primary ? "false" : "true");
    if (!member.primary.empty()) text += R"(,"primary":)" + quoted(member.primary);
    if (is_primary) {
        const std::string election = std::to_string(member.election);
        text += R"(,"electionId":{"$oid":")" + std::string(24 - election.size(), '0') + election + "\"}";
    }
    return hello(text + "}");
}

Bson not_writable_primary() { return std::move(Reply::error(10107, "NotWritablePrimary", "not primary").document); }

Bson not_authorized() { return std::move(Reply::error(13, "Unauthorized", "not authorized").document); }

Bson stepped_down() {
    return std::move(Reply::error(11602, "InterruptedDueToReplStateChange", "operation was interrupted").document);
}

Bson duplicate_key_error(int index) {
    return bson(R"({"n":0,"ok":{"$numberDouble":"1.0"},"writeErrors":[{"code":11000,"index":)" + std::to_string(index) +
                R"(,"errmsg":"E11000 duplicate key error"}]})");
}

Bson write_concern_timeout(const Bson &reply) {
    return merged(reply.get(), bson(R"({"writeConcernError":{"code":64,"codeName":"WriteConcernFailed",
        "errmsg":"waiting for replication timed out","errInfo":{"wtimeout":true}}})")
                                   .get());
}

Bson write_concern_failed(const Bson &reply) {
    return merged(reply.get(), bson(R"({"writeConcernError":{"code":91,"codeName":"ShutdownInProgress",
        "errmsg":"the server is shutting down"}})")
                                   .get());
}

Change name_duplicates(std::string index) {
    const std::string said = index.empty() ? "" : " collection: apps.applications index: " + index + " dup key: { }";
    return [said](const Bson &reply) {
        std::string errors;
        for (std::size_t i = 0; i < length_at(reply.get(), "writeErrors"); ++i) {
            const std::string path = "writeErrors." + std::to_string(i);
            const auto at = integer_at(reply.get(), (path + ".index").c_str()).value_or(0);
            errors += (errors.empty() ? "" : ",") + std::string(R"({"code":11000,"index":)") + std::to_string(at) +
                      R"(,"errmsg":"E11000 duplicate key error)" + said + "\"}";
        }
        if (errors.empty()) return copy(reply.get());
        return merged(reply.get(), bson(R"({"writeErrors":[)" + errors + "]}").get());
    };
}

Change first_documents(std::size_t n) {
    return [n](const Bson &command) {
        Bson out = without(command.get(), "documents");
        Bson documents(bson_new());
        bson_iter_t all;
        bson_iter_t one;
        std::size_t taken = 0;
        if (bson_iter_init_find(&all, command.get(), "documents") && bson_iter_recurse(&all, &one)) {
            while (taken < n && bson_iter_next(&one)) {
                bson_append_iter(documents.get(), std::to_string(taken++).c_str(), -1, &one);
            }
        }
        bson_append_array(out.get(), "documents", -1, documents.get());
        return out;
    };
}

Bson empty_cursor(const Bson &reply) {
    const std::string where = text_at(reply.get(), "cursor.ns");
    const Bson none = bson(R"({"cursor":{"id":{"$numberLong":"0"},"ns":")" + where + R"(","firstBatch":[]}})");
    return merged(reply.get(), none.get());
}

Change always(Bson document) {
    return [said = shared(std::move(document))](const Bson &) { return copy(said->get()); };
}

Script script_of(Bson document) {
    return [said = shared(std::move(document))](const Command &, int) {
        Reply reply;
        reply.document = copy(said->get());
        return reply;
    };
}

Change with_members(Bson document) {
    return [said = shared(std::move(document))](const Bson &reply) { return merged(reply.get(), said->get()); };
}

Reply authentication_failed() { return Reply::error(18, "AuthenticationFailed", "Authentication failed."); }

}  // namespace appcreate::test
