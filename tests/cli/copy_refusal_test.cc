// appctl copy where it must not or cannot: conflicts, damage, wrong usage.
#include "copies.h"

namespace appcreate::test {
namespace {

class CopyRefusal : public CopyTest {
  protected:
    // A store with a copy of it.
    void make_both() {
        fill();
        expect_copied();
    }
    [[nodiscard]] std::string id_of(const std::string &path, const std::string &table,
                                    const std::string &condition) const {
        return query(path, "SELECT lower(hex(id)) FROM " + table + " WHERE " + condition);
    }
};

TEST_F(CopyRefusal, OrganizationsThatDiffer) {
    make_both();
    const std::string id = id_of(path_, "organizations", "slug = 'acme'");
    const std::vector<std::vector<std::string>> changes = {
        {"name = 'Other'", "name"},
        {"slug = 'other'", "slug"},
        {"enabled = 0", "state (enabled)"},
        {"application_limit = 7", "limit"},
        {"build_retention_days = 1", "number of build retention days"},
        {"builds_per_publication = 1", "number of builds per publication"}};
    for (const auto &change : changes) {
        execute(path_, "CREATE TABLE kept AS SELECT * FROM organizations");
        execute(path_, "UPDATE organizations SET " + change[0] + " WHERE slug = 'acme'");
        expect_refused({target_path_, "the organization " + id + " is there with another " + change[1],
                        "\"appctl org set " + id + "\""});
        execute(path_, "DELETE FROM organizations; INSERT INTO organizations SELECT * FROM kept; DROP TABLE kept");
    }
    expect_copied();
}

TEST_F(CopyRefusal, AnotherDefaultProvider) {
    make_both();
    execute(target_path_,
            "UPDATE organizations SET default_provider = (SELECT rowid FROM providers WHERE region = '')"
            " WHERE slug = 'acme'");
    expect_refused({"another default storage provider", "appctl provider delete"});
}

TEST_F(CopyRefusal, TheSlugOfAnotherOrganization) {
    fill();
    EXPECT_EQ(run({APPCTL, "--store", target_, "init"}).status, 0);
    EXPECT_EQ(run({APPCTL, "--store", target_, "org", "create", "--name", "X", "--slug", "acme"}).status, 0);
    expect_refused({"the slug \"acme\" of the organization " + id_of(path_, "organizations", "slug = 'acme'"),
                    "belongs to the organization " + id_of(target_path_, "organizations", "slug = 'acme'"),
                    "appctl org set"});
    EXPECT_EQ(query(target_path_, "SELECT count(*) FROM organizations"), "1") << "a page goes in whole or not at all";
    // The remedy of the message.
    EXPECT_EQ(run({APPCTL, "--store", target_, "org", "set", "acme", "--slug", "former-acme"}).status, 0);
    expect_copied();
    EXPECT_EQ(query(target_path_, "SELECT count(*) FROM organizations WHERE slug = 'former-acme'"), "1");
}

TEST_F(CopyRefusal, ProvidersThatDiffer) {
    make_both();
    const std::string id = id_of(path_, "providers", "region = ''");
    execute(target_path_, R"(UPDATE providers SET config = '{"b":1}' WHERE region = '')");
    expect_refused({"the storage provider " + id + " is there with another config", "appctl provider delete --org "});
    // The remedy of the message.
    EXPECT_EQ(run({APPCTL, "--store", target_, "provider", "delete", "--org", "acme", id}).status, 0);
    expect_copied();
    expect_same();
}

TEST_F(CopyRefusal, AKeyThatWasRevokedMeanwhile) {
    make_both();
    const std::string id = id_of(path_, "keys", "role = 7");
    EXPECT_EQ(appctl({"key", "revoke", id}).status, 0);
    expect_refused({"the key " + id + " is not revoked there", "appctl key revoke " + id});
    EXPECT_EQ(run({APPCTL, "--store", target_, "key", "revoke", id}).status, 0);
    expect_copied();
    expect_same();
}

TEST_F(CopyRefusal, ATokenOfAnotherKey) {
    make_both();
    const std::string id = id_of(path_, "keys", "role = 7");
    execute(target_path_, "UPDATE keys SET id = x'0000000000000000000000aa' WHERE role = 7");
    expect_refused({"the token of the key " + id + " belongs to the key 0000000000000000000000aa"});
}

TEST_F(CopyRefusal, RecordsThatDiffer) {
    make_both();
    const std::string id = id_of(path_, "applications", "slug = 'kept'");
    execute(target_path_, "UPDATE applications SET data = replace(data, '1.0', '1.5') WHERE slug = 'kept'");
    expect_refused({"the application " + id + " is there with another record", "copy into an empty store"});
}

TEST_F(CopyRefusal, TheSlugOfAnotherApplication) {
    make_both();
    const std::string id = id_of(path_, "applications", "slug = 'kept'");
    execute(target_path_, "UPDATE applications SET id = x'0000000000000000000000aa' WHERE slug = 'kept'");
    expect_refused(
        {"the slug \"kept\" of the application " + id + " belongs to the application 0000000000000000000000aa"});
}

TEST_F(CopyRefusal, AnIdempotencyKeyThatMadeAnotherApplication) {
    make_both();
    const std::string id = id_of(path_, "applications", "slug = 'kept'");
    execute(target_path_,
            "UPDATE idempotency SET application = (SELECT rowid FROM applications WHERE slug = 'large')"
            " WHERE application = (SELECT rowid FROM applications WHERE slug = 'kept')");
    expect_refused({"the Idempotency-Key that made the application " + id + " has made the application " +
                    id_of(path_, "applications", "slug = 'large'") + " there"});
}

TEST_F(CopyRefusal, NumbersThatDifferAtTheEnd) {
    make_both();
    EXPECT_EQ(create(target_, "acme", {{R"({"name":"Made there"})"}}).at(0).status, 200);
    expect_refused({"the organization \"acme\" (" + id_of(path_, "organizations", "slug = 'acme'") + ")",
                    "has 12 applications in store \"" + path_ + "\" and 13 in store \"" + target_path_ + "\""});
}

TEST_F(CopyRefusal, ADamagedSource) {
    fill();
    execute(path_, "UPDATE applications SET organization = 4711 WHERE slug = 'large'");
    expect_refused({id_of(path_, "applications", "slug = 'large'"), "appctl check"});
    EXPECT_EQ(run({APPCTL, "--store", target_, "check"}).status, 0);
}

TEST_F(CopyRefusal, ASourceThatIsNotThereMakesNoTarget) {
    expect_refused({path_, "no such file"});
    EXPECT_FALSE(std::filesystem::exists(target_path_));
}

TEST_F(CopyRefusal, AnotherProgramsFileIsNoTarget) {
    fill();
    write_file("copy.db", std::string(5000, 'x'));
    expect_refused({target_path_});
    EXPECT_EQ(std::filesystem::file_size(target_path_), 5000U);
}

TEST_F(CopyRefusal, WrongUsage) {
    make_organization();
    const auto misused = [](const std::vector<std::string> &words, const std::string &message) {
        std::vector<std::string> command = {APPCTL};
        command.insert(command.end(), words.begin(), words.end());
        const Outcome result = run(command);
        EXPECT_EQ(result.status, 2) << message;
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
    };
    misused({"copy", "--to", target_}, "the option --from is missing");
    misused({"copy", "--from", uri_}, "the option --to is missing");
    misused({"copy", "--from", uri_, "--to", target_, "extra"}, "unexpected argument \"extra\"");
    misused({"--store", uri_, "copy", "--from", uri_, "--to", target_}, "\"copy\" does not take --store");
    misused({"copy", "--from", uri_, "--to", target_, "--store", uri_}, "\"copy\" does not take --store");
    misused({"copy", "--from", uri_, "--to", uri_}, "would be copied into itself");
    misused({"copy", "--from", uri_, "--to", "copy.db"}, "no known scheme");
    misused({"copy", "--from", uri_, "--to", "mongodb://user:hunter2@host/db?w=1"}, "majority");
    EXPECT_FALSE(std::filesystem::exists(target_path_));
}

TEST_F(CopyRefusal, TheEnvironmentsStoreIsNoneOfItsOwn) {
    fill();
    EXPECT_EQ(copy({}, {.environment = {{"APP_CREATE_STORE", "sqlite:" + file("other.db")}}}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(file("other.db")));
    // URIs may be kept out of the list of processes.
    write_file("uri", target_);
    const Outcome result =
        run({APPCTL, "copy", "--from", "env:FIRST", "--to", "file:" + file("uri")}, {.environment = {{"FIRST", uri_}}});
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(CopyRefusal, OnlyMongoDBIsSharded) {
    expect_failure(2, {"init", "--shard"}, "--shard is for MongoDB stores only");
    EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace appcreate::test
