// What a MongoDB store's URI may say, and what is refused with the reason, before any server is asked.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "app_create.h"
#include "support/files.h"

namespace appcreate::test {

namespace {

constexpr const char *kSecret = "hunter2";

struct Parsed {
    ac_status status = AC_OK;
    std::string message;
    std::string name;
    int kind = -1;
};

Parsed parse(const std::string &text) {
    ac_uri *uri = nullptr;
    ac_error error{};
    Parsed out;
    out.status = ac_uri_parse({text.data(), text.size()}, &uri, &error);
    if (out.status != AC_OK) {
        out.message = error.message;
        return out;
    }
    const ac_str name = ac_uri_name(uri);
    out.name.assign(name.data, name.len);
    out.kind = ac_uri_kind(uri);
    ac_uri_free(uri);
    return out;
}

void expect_refused(const std::string &text, const std::string &reason) {
    const Parsed parsed = parse(text);
    EXPECT_EQ(parsed.status, AC_EINVAL) << text;
    EXPECT_NE(parsed.message.find(reason), std::string::npos) << text << ": " << parsed.message;
    EXPECT_EQ(parsed.message.find(kSecret), std::string::npos) << parsed.message;
}

void expect_named(const std::string &text, const std::string &name) {
    const Parsed parsed = parse(text);
    EXPECT_EQ(parsed.status, AC_OK) << text << ": " << parsed.message;
    EXPECT_EQ(parsed.kind, AC_STORE_MONGODB) << text;
    EXPECT_EQ(parsed.name, name);
    EXPECT_EQ(parsed.name.find(kSecret), std::string::npos) << parsed.name;
}

// Options after "mongodb://host/apps?".
std::string with(const std::string &options) { return "mongodb://host/apps?" + options; }

TEST(MongoUri, IsNamedByItsHostsAndDatabase) {
    expect_named("mongodb://host", "mongodb://host:27017/app_create");
    expect_named("mongodb://host/apps", "mongodb://host:27017/apps");
    expect_named("mongodb://a:1,b:2/apps?replicaSet=rs0", "mongodb://a:1,b:2/apps");
    expect_named("mongodb://[::1]:27018/apps", "mongodb://[::1]:27018/apps");
    expect_named("mongodb+srv://cluster.example.net/apps", "mongodb+srv://cluster.example.net/apps");
    expect_named("mongodb://%2Ftmp%2Fmongodb-27017.sock/apps", "mongodb:///tmp/mongodb-27017.sock/apps");
}

TEST(MongoUri, ItsNameHoldsNoCredentials) {
    const std::string credentials = std::string("someone:") + kSecret + "@";
    expect_named("mongodb://" + credentials + "host/apps", "mongodb://host:27017/apps");
    expect_named("mongodb://" + credentials + "a:1,b:2/apps?authSource=admin&authMechanism=SCRAM-SHA-256",
                 "mongodb://a:1,b:2/apps");
    expect_named("mongodb+srv://" + credentials + "cluster.example.net",
                 "mongodb+srv://cluster.example.net/app_create");
    expect_named("mongodb://" + credentials + "host/apps?tls=true&tlsCertificateKeyFilePassword=" + kSecret,
                 "mongodb://host:27017/apps");
}

TEST(MongoUri, WriteConcernIsMajorityOrAbsent) {
    expect_named(with("w=majority"), "mongodb://host:27017/apps");
    expect_named(with("w=majority&journal=true"), "mongodb://host:27017/apps");
    for (const char *w : {"0", "1", "2", "3", "rack", "-1"}) {
        expect_refused(with(std::string("w=") + w), w[0] == '-' ? "" : "\"w\" must be \"majority\" or absent");
    }
    expect_refused(with("W=1"), "\"w\" must be");
    expect_refused(with("w=majority&w=1"), "the option \"w\" is there twice");
    expect_refused(with("safe=false"), "\"safe\" would weaken");
}

TEST(MongoUri, TheJournalIsNotSwitchedOff) {
    expect_named(with("journal=true"), "mongodb://host:27017/apps");
    expect_refused(with("journal=false"), "\"journal\" must be true or absent");
    expect_refused(with("JOURNAL=false"), "\"journal\" must be true or absent");
}

TEST(MongoUri, ReadsGoToThePrimary) {
    expect_named(with("readPreference=primary"), "mongodb://host:27017/apps");
    for (const char *mode : {"primaryPreferred", "secondary", "secondaryPreferred", "nearest"}) {
        expect_refused(with(std::string("readPreference=") + mode), "\"readPreference\" must be \"primary\" or absent");
    }
    expect_refused(with("readPreference=secondary&readPreferenceTags=dc:ny"), "without tags");
    expect_refused(with("slaveOk=true"), "\"slaveok\" would weaken");
}

TEST(MongoUri, ReadConcernIsTheStores) {
    for (const char *level : {"local", "majority", "linearizable", "available", "snapshot"}) {
        expect_refused(with(std::string("readConcernLevel=") + level), "\"readConcernLevel\" must be absent");
    }
}

TEST(MongoUri, OptionsThatNobodyKnowsAreNamed) {
    expect_refused(with("replicaset=rs0&jurnal=true"), "the option \"jurnal\" is not known to libmongoc");
    expect_refused(with("x%20y=1"), "an option is not known");
    expect_named(with("replicaSet=rs0&appName=gateway&compressors=zlib&maxPoolSize=5&retryWrites=true"),
                 "mongodb://host:27017/apps");
}

// A certificate that is mounted late must not keep a server from starting: the store fails until it is there.
TEST(MongoUri, FilesOfTlsMayComeLater) {
    const std::string path = ::testing::TempDir() + "app-create-certificate@" + std::to_string(getpid()) + ".pem";
    for (const char *option : {"tlsCAFile", "tlsCertificateKeyFile"}) {
        // Port 1: nobody listens there.
        const std::string text = std::string("mongodb://127.0.0.1:1/apps?tls=true&") + option + "=" + path;
        ac_error error{};
        ac_uri *uri = nullptr;
        ASSERT_EQ(ac_uri_parse({text.data(), text.size()}, &uri, &error), AC_OK) << error.message;
        ac_store_options options{};
        options.size = sizeof(options);
        options.uri = uri;
        options.timeout_ms = 400;
        options.threads = 1;
        ac_store *store = nullptr;
        ASSERT_EQ(ac_store_open(&options, &store, &error), AC_OK) << error.message;

        const std::string unreadable =
            std::string("the file of \"") + option + "\" cannot be read (No such file or directory)";
        EXPECT_EQ(ac_store_warm(store, &error), AC_EUNAVAILABLE);
        EXPECT_NE(std::string(error.message).find(unreadable), std::string::npos) << error.message;
        EXPECT_EQ(std::string(error.message).find("app-create-certificate"), std::string::npos) << error.message;

        write_file(path, "not looked at before a server is there\n");
        EXPECT_EQ(ac_store_warm(store, &error), AC_EUNAVAILABLE);
        EXPECT_EQ(std::string(error.message).find("cannot be read"), std::string::npos) << error.message;
        ASSERT_EQ(::unlink(path.c_str()), 0);
        ac_store_close(store);
        ac_uri_free(uri);
    }
    expect_named("mongodb://CN%3Dgateway@host/apps?tls=true&authMechanism=MONGODB-X509", "mongodb://host:27017/apps");
}

TEST(MongoUri, NoMessageRepeatsWhatMayBeAPassword) {
    const std::string secret = kSecret;
    for (const std::string &text :
         {"mongodb://someone:" + secret + "@host/apps?w=1", "mongodb://someone:" + secret + "@",
          "mongodb://someone:" + secret + "@host:notaport/apps", "mongodb://someone:%zz" + secret + "@host/apps",
          // A "?", "/" or "@" that was not percent-encoded.
          "mongodb://someone:x@" + secret + "@host/apps", "mongodb://someone@" + secret + "@host/apps",
          "mongodb://someone/" + secret + "@host/apps", "mongodb://someone:1/" + secret + "@host",
          "mongodb+srv://someone/" + secret + "@c.example.net/", "mongodb://someone:x@y/" + secret + "@host/apps",
          "mongodb://someone:x?" + secret + "=1@host/apps", "mongodb://someone:x/" + secret + "@host/apps",
          "mongodb://someone:x?a=1&" + secret + "&b=2@host/apps", "mongodb://someone:" + secret + " x@host/apps",
          "mongodb+srv://someone:" + secret + "@one/apps", "mongodb://" + secret + "\n@host/apps"}) {
        expect_refused(text, "");
    }
}

TEST(MongoUri, ComesOutOfAFileOrAVariable) {
    const TempDir directory;
    const std::string file = directory.file("uri");
    const std::string uri = std::string("mongodb://someone:") + kSecret + "@host/apps";
    write_file(file, uri + "\n");
    expect_named("file:" + file, "mongodb://host:27017/apps");
    write_file(file, uri + "?w=1\n");
    expect_refused("file:" + file, "\"w\" must be \"majority\" or absent");
    write_file(file, std::string("mongo://someone:") + kSecret + "@host/apps\n");
    expect_refused("file:" + file, "no known scheme in the store URI file");

    // NOLINTBEGIN(concurrency-mt-unsafe): one thread.
    ::setenv("APP_CREATE_TEST_URI", uri.c_str(), 1);
    expect_named("env:APP_CREATE_TEST_URI", "mongodb://host:27017/apps");
    ::setenv("APP_CREATE_TEST_URI", (uri + "?readPreference=nearest").c_str(), 1);
    expect_refused("env:APP_CREATE_TEST_URI", "\"readPreference\" must be");
    ::unsetenv("APP_CREATE_TEST_URI");
    // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace appcreate::test
