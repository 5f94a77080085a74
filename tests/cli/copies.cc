#include "copies.h"

#include <array>

#include "support/sqlite_file.h"

namespace appcreate::test {
namespace {

// Without rowids, and in an order of their own.
constexpr std::array<const char *, 5> kRows = {
    "SELECT hex(o.id), o.slug, o.name, enabled, application_limit, applications, build_retention_days,"
    " builds_per_publication, o.created_at, hex(p.id) FROM organizations o"
    " LEFT JOIN providers p ON p.rowid = o.default_provider ORDER BY o.id",
    "SELECT hex(p.id), hex(o.id), p.name, region, config, provider, p.created_at FROM providers p"
    " JOIN organizations o ON o.rowid = p.organization ORDER BY p.id",
    "SELECT hex(k.id), hex(o.id), hex(digest), hex(owner), role, permissions, revoked, expires_at, k.created_at"
    " FROM keys k JOIN organizations o ON o.rowid = k.organization ORDER BY k.id",
    "SELECT hex(a.id), hex(o.id), a.slug, a.created_at, typeof(data), data FROM applications a"
    " JOIN organizations o ON o.rowid = a.organization ORDER BY a.id",
    "SELECT hex(request), hex(fingerprint), expires_at, hex(a.id) FROM idempotency i"
    " JOIN applications a ON a.rowid = i.application ORDER BY request"};

std::vector<Order> odd_orders() {
    std::vector<Order> out;
    for (const char *metadata :
         {R"({})", R"({"":1,"a.b":2,"$set":3,".":4,"$":5,"a..b":6})", R"({"nul":"a\u0000b","\u00e4":"\ud83d\ude00"})",
          R"({"n":[9223372036854775807,-9223372036854775808,0,1.0,-0.5,5e-324,1.7976931348623157e308]})",
          R"({"z":null,"a":true,"m":[[],{},[{"deep":[1,[2,[3]]]}]]})",
          R"({"_id":"x","id":"y","place":7,"request":"z"})",
          R"({"createdAt":"2026-01-01T00:00:00.000Z","organization":"507f1f77bcf86cd799439011"})"}) {
        out.push_back({std::string(R"({"name":"Odd","metadata":)") + metadata + "}"});
    }
    out.push_back({R"({"name":"Größe 漢字","configuration":{"notificationLanguage":"de","storageProvider":""},)"
                   R"("defaultScripts":{"audit":"#!/bin/sh\n\techo \"x\"\n","runner":""}})"});
    out.push_back({"{\"name\":\"\xf0\x9f\x98\x80\"}"});
    out.push_back({R"({"name":"Large","metadata":{"x":")" + std::string(300'000, 'x') + R"("}})"});
    return out;
}

}  // namespace

Order kept_order() { return {R"({"name":"Kept","metadata":{"n":1.0}})", "\"retry-1\""}; }

void CopyTest::fill() {
    const auto done = [this](const std::vector<std::string> &words, const RunOptions &options = {}) {
        const Outcome result = appctl(words, options);
        EXPECT_EQ(result.status, 0) << result.err;
        return result.out;
    };
    done({"init"});
    done({"org", "create", "--name", "Acme", "--slug", "acme", "--build-retention-days", "30",
          "--builds-per-publication", "-1"});
    done({"org", "create", "--name", "Größe & Söhne", "--slug", "full", "--limit", "3"});
    done({"org", "create", "--name", "Over", "--slug", "over"});
    done({"org", "create", "--name", "Closed", "--slug", "closed", "--limit", "0"});
    done({"org", "disable", "closed"});
    done({"provider", "create", "--org", "acme", "--name", "First", "--provider", "s3", "--region", "", "--config",
          R"({"a.b":[1,2.50,"\u0000"],"":{}})"});
    done({"provider", "create", "--org", "acme", "--name", "Second", "--provider", "gcs", "--region", "eu", "--config",
          R"("production \"storage\"")", "--default"});
    done({"key", "create", "--org", "acme", "--owner", kOwner, "--role", "app.viewer", "--permission", "none"});
    done({"key", "create", "--org", "acme", "--owner", kNobody, "--permission", "a", "--permission",
          "mad.application.management.create", "--expires", "2020-01-01T00:00:00.001Z"});
    done({"key", "create", "--org", "closed", "--owner", kOwner, "--token-file", "-"},
         {.input = "a-token-of-its-own-0123456789abcdef"});
    const Json key = json({"key", "create", "--org", "full", "--owner", kOwner});
    done({"key", "revoke", key.string("/id")});

    std::vector<Order> orders = odd_orders();
    orders.push_back(kept_order());
    orders.push_back({R"({"name":"Kept"})", "retry-2"});
    for (const Answer &answer : create(uri_, "acme", orders)) EXPECT_EQ(answer.status, 200) << answer.body;
    for (const char *slug : {"full", "over"}) {
        const std::vector<Order> three(3, {R"({"name":"Same name"})"});
        for (const Answer &answer : create(uri_, slug, three)) EXPECT_EQ(answer.status, 200) << answer.body;
    }
    done({"org", "set", "over", "--limit", "2"});
}

Outcome CopyTest::copy(const std::vector<std::string> &more, const RunOptions &options) const {
    std::vector<std::string> command = {APPCTL, "copy", "--from", uri_, "--to", target_};
    command.insert(command.end(), more.begin(), more.end());
    return run(command, options);
}

void CopyTest::expect_copied() const {
    const Outcome result = copy({"--json"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    const Json counts = Json::parse(result.out);
    for (const auto &[key, table] :
         std::vector<std::pair<const char *, const char *>>{{"organizations", "organizations"},
                                                            {"providers", "providers"},
                                                            {"keys", "keys"},
                                                            {"applications", "applications"}}) {
        EXPECT_EQ(std::to_string(counts.integer(std::string("/") + key)),
                  query(path_, std::string("SELECT count(*) FROM ") + table))
            << key;
    }
}

void CopyTest::expect_refused(const std::vector<std::string> &messages) const {
    const Outcome result = copy();
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    for (const std::string &message : messages) {
        EXPECT_NE(result.err.find(message), std::string::npos) << message << " in " << result.err;
    }
}

std::string CopyTest::dump(const std::string &path) {
    SqliteFile file(path);
    std::string out;
    for (const char *sql : kRows) out += file.rows(sql) + "\n";
    return out;
}

std::string CopyTest::query(const std::string &path, const std::string &sql) {
    std::string out = SqliteFile(path).rows(sql);
    if (!out.empty()) out.pop_back();
    return out;
}

void CopyTest::execute(const std::string &path, const std::string &sql) { SqliteFile(path).execute(sql); }

}  // namespace appcreate::test
