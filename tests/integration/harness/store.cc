#include "store.h"

#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "files.h"
#include "mongo_store.h"
#include "support/sqlite_file.h"

namespace appcreate::test {

namespace {

constexpr const char *kOwner = "6565656565656565656565aa";

std::string words(const std::vector<std::string> &arguments) {
    std::string all;
    for (const std::string &one : arguments) {
        all += " " + one;
    }
    return all;
}

class SqliteLock : public StoreLock {
  public:
    SqliteLock(const std::string &path, const std::string &begin) : file_(path) { file_.execute(begin); }
    ~SqliteLock() override { file_.execute("ROLLBACK"); }

  private:
    SqliteFile file_;
};

class SqliteStore : public Store {
  public:
    explicit SqliteStore(const std::string &directory) : path_(directory + "/apps.db") {}
    [[nodiscard]] std::string uri() const override { return "sqlite:" + path_; }
    std::unique_ptr<StoreLock> lock() override { return lock_sqlite(path_); }
    // As a program that wants a file in WAL mode to itself holds it.
    std::unique_ptr<StoreLock> lock_out() override {
        return std::make_unique<SqliteLock>(path_, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    }

  private:
    std::string path_;
};

}  // namespace

Outcome Store::appctl(std::vector<std::string> arguments, const std::string &input) const {
    arguments.insert(arguments.begin(), {appctl_path(), "--store", uri()});
    return run(arguments, {.input = input});
}

Json Store::ask(std::vector<std::string> arguments, const std::string &input) const {
    arguments.insert(arguments.begin(), "--json");
    const Outcome outcome = appctl(arguments, input);
    if (outcome.status != 0) {
        throw std::runtime_error("appctl" + words(arguments) + " exited with " + std::to_string(outcome.status) + ": " +
                                 outcome.err);
    }
    return Json::parse(outcome.out);
}

void Store::tell(const std::vector<std::string> &arguments) const {
    const Outcome outcome = appctl(arguments);
    if (outcome.status != 0) {
        throw std::runtime_error("appctl" + words(arguments) + " exited with " + std::to_string(outcome.status) + ": " +
                                 outcome.err);
    }
}

void Store::change_plan(const std::vector<std::string> &arguments) const {
    tell(arguments);
    std::this_thread::sleep_for(traits().plan_age);
}

void Store::init() const {
    if (ask({"init"}).text() != R"({"initialized":true})") {
        throw std::runtime_error("appctl init did not say that it initialized");
    }
}

Organization Store::organization(const Plan &plan) {
    const std::string slug = "org-" + std::to_string(++organizations_);
    std::vector<std::string> arguments = {"org", "create", "--name", "Organization " + slug, "--slug", slug};
    if (plan.limit) {
        arguments.insert(arguments.end(), {"--limit", std::to_string(*plan.limit)});
    }
    arguments.insert(arguments.end(), plan.more.begin(), plan.more.end());
    return {ask(arguments).string("/id"), slug};
}

Key Store::key(const Organization &organization, const std::vector<std::string> &more) {
    std::vector<std::string> arguments = {"key", "create", "--org", organization.id, "--owner", kOwner};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Json made = ask(arguments);
    tokens_.insert(made.string("/token"));
    return {made.string("/id"), made.string("/token"), kOwner};
}

Key Store::key_with_token(const Organization &organization, const std::string &token) {
    tokens_.insert(token);
    const Json made =
        ask({"key", "create", "--org", organization.id, "--owner", kOwner, "--token-file", "-"}, token + "\n");
    return {made.string("/id"), token, kOwner};
}

std::string Store::provider(const Organization &organization, const std::vector<std::string> &more) {
    std::vector<std::string> arguments = {"provider", "create",     "--org",  organization.id, "--name",
                                          "Bucket",   "--provider", "aws-s3", "--region",      "eu-west-1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ask(arguments).string("/id");
}

std::vector<Json> Store::applications(const Organization &organization) const {
    std::vector<Json> all;
    for (;;) {
        std::vector<std::string> arguments = {"app", "list", "--org", organization.id, "--max", "5000"};
        if (!all.empty()) {
            arguments.insert(arguments.end(), {"--after", all.back().string("/id")});
        }
        const std::vector<Json> page = ask(arguments).items();
        if (page.empty()) {
            return all;
        }
        all.insert(all.end(), page.begin(), page.end());
    }
}

std::int64_t Store::count(const Organization &organization) const {
    return ask({"app", "count", "--org", organization.id}).integer("/count");
}

std::unique_ptr<StoreLock> lock_sqlite(const std::string &path) {
    return std::make_unique<SqliteLock>(path, "BEGIN IMMEDIATE");
}

StoreKind store_kind() {
    const std::string kind = environment_or("APP_CREATE_TEST_STORE", "sqlite");
    if (kind == "sqlite") {
        return StoreKind::sqlite;
    }
    if (kind == "mongodb") {
        return StoreKind::mongodb;
    }
    throw std::runtime_error("APP_CREATE_TEST_STORE is neither sqlite nor mongodb: " + kind);
}

std::string why_no_store() { return store_kind() == StoreKind::mongodb ? why_no_mongo_store() : std::string(); }

std::string why_no_lock() { return store_kind() == StoreKind::mongodb ? why_no_mongo_lock() : std::string(); }

std::unique_ptr<Store> make_store(const std::string &directory) {
    if (store_kind() == StoreKind::mongodb) {
        return make_mongo_store();
    }
    return std::make_unique<SqliteStore>(directory);
}

std::string appctl_path() { return environment_or("APP_CREATE_TEST_APPCTL", APP_CREATE_BUILT_APPCTL); }

std::set<std::string> ids_in_file(const std::string &file, const Organization &organization) {
    const Outcome outcome =
        run({appctl_path(), "--store", "sqlite:" + file, "--json", "app", "list", "--org", organization.slug});
    if (outcome.status != 0) throw std::runtime_error("appctl failed on " + file + ": " + outcome.err);
    std::set<std::string> out;
    for (const Json &record : Json::parse(outcome.out).items()) out.insert(record.string("/id"));
    return out;
}

}  // namespace appcreate::test
