#include "mongo/driver/uri_check.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <system_error>

#include "base/ascii.h"
#include "base/failure.h"
#include "mongo/driver/driver_types.h"

namespace appcreate::mongo {
namespace {

[[noreturn]] void refuse(const std::string &reason) { throw Failure(AC_EINVAL, "mongodb store URI: " + reason); }

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii::lower);
    return out;
}

// Options that libmongoc reads into other things than its table.
constexpr std::array<std::string_view, 4> kOtherOptions = {"w", "readpreference", "readpreferencetags",
                                                           "readconcernlevel"};

bool is_known(const std::string &option) {
    return std::find(kOtherOptions.begin(), kOtherOptions.end(), option) != kOtherOptions.end() ||
           mongoc_uri_option_is_int32(option.c_str()) || mongoc_uri_option_is_int64(option.c_str()) ||
           mongoc_uri_option_is_bool(option.c_str()) || mongoc_uri_option_is_utf8(option.c_str()) ||
           option == MONGOC_URI_AUTHMECHANISM || option == MONGOC_URI_AUTHMECHANISMPROPERTIES ||
           option == MONGOC_URI_AUTHSOURCE || option == MONGOC_URI_COMPRESSORS;
}

// As people spell them: what an unknown one may have been meant to be.
constexpr std::string_view kSpelled =
    "appName authMechanism authMechanismProperties authSource compressors connectTimeoutMS "
    "directConnection gssapiServiceName heartbeatFrequencyMS journal loadBalanced localThresholdMS "
    "maxPoolSize maxStalenessSeconds minPoolSize readConcernLevel readPreference readPreferenceTags "
    "replicaSet retryReads retryWrites serverSelectionTimeoutMS serverSelectionTryOnce socketTimeoutMS "
    "srvMaxHosts srvServiceName ssl tls tlsAllowInvalidCertificates tlsAllowInvalidHostnames tlsCAFile "
    "tlsCertificateKeyFile tlsCertificateKeyFilePassword tlsInsecure wTimeoutMS zlibCompressionLevel";

// Is one the other less a letter, with another letter, or with two letters swapped?
bool is_one_slip(std::string_view a, std::string_view b) noexcept {
    const auto [first_a, first_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    a.remove_prefix(static_cast<std::size_t>(first_a - a.begin()));
    b.remove_prefix(static_cast<std::size_t>(first_b - b.begin()));
    while (!a.empty() && !b.empty() && a.back() == b.back()) {
        a.remove_suffix(1);
        b.remove_suffix(1);
    }
    if (a.size() == 2 && b.size() == 2) return a[0] == b[1] && a[1] == b[0];
    return a.size() <= 1 && b.size() <= 1;
}

// What to do about an unknown option, in lower case.
std::string remedy_for(const std::string &option, bool may_name) {
    for (std::string_view rest = kSpelled; may_name && !rest.empty();) {
        const std::string_view spelled = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(spelled.size() + 1, rest.size()));
        if (is_one_slip(option, lower(spelled))) return "did you mean \"" + std::string(spelled) + "\"?";
    }
    return "remove it";
}

// The name of an option may stand in a message, unless it may be a piece of a password with a "?" in it.
std::string named(const std::string &option, bool may_name) {
    const bool plain =
        !option.empty() && option.size() <= 40 && std::all_of(option.begin(), option.end(), ascii::is_alphanumeric);
    return may_name && plain ? "the option \"" + option + "\"" : "an option";
}

// libmongoc takes what stands between a user name and the last "@" for a host or a database, if it has to: then a piece
// of a password would be in the store's name.
void check_credentials(std::string_view text) {
    std::string_view before_options = text.substr(0, text.find('?'));
    before_options.remove_prefix(before_options.find("://") + 3);
    const std::string_view authority = before_options.substr(0, before_options.find('/'));
    const auto signs = [](std::string_view in) { return std::count(in.begin(), in.end(), '@'); };
    if (signs(before_options) > std::min<std::ptrdiff_t>(signs(authority), 1)) {
        refuse(
            "there is one \"@\", before the hosts; others, and \"/\", in user name and password must be "
            "percent-encoded");
    }
}

void check_options(std::string_view text) {
    const std::size_t question = text.find('?');
    if (question == std::string_view::npos) return;
    std::string_view rest = text.substr(question + 1);
    const bool may_name = rest.find('@') == std::string_view::npos;
    std::set<std::string> seen;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find_first_of("&;"));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::string option = lower(pair.substr(0, pair.find('=')));
        if (option.empty()) continue;
        if (option == MONGOC_URI_SAFE || option == MONGOC_URI_SLAVEOK) {
            refuse(named(option, may_name) + " would weaken what an answer of 200 means; remove it");
        }
        if (!is_known(option)) {
            refuse(named(option, may_name) + " is not known to libmongoc " MONGOC_VERSION_S "; " +
                   remedy_for(option, may_name));
        }
        // Which of two counts is for libmongoc to say, and it changes its mind.
        if (!seen.insert(option).second) refuse(named(option, may_name) + " is there twice; keep one");
    }
}

void check_write_concern(const mongoc_uri_t *uri) {
    const mongoc_write_concern_t *concern = mongoc_uri_get_write_concern(uri);
    const std::int32_t w = mongoc_write_concern_get_w(concern);
    if (w != MONGOC_WRITE_CONCERN_W_DEFAULT && w != MONGOC_WRITE_CONCERN_W_MAJORITY) {
        refuse("\"w\" must be \"majority\" or absent: an answer of 200 means that a majority has the application");
    }
    if (mongoc_write_concern_journal_is_set(concern) && !mongoc_write_concern_get_journal(concern)) {
        refuse("\"journal\" must be true or absent: an answer of 200 means that the application is on disk");
    }
}

void check_reads(const mongoc_uri_t *uri) {
    const mongoc_read_prefs_t *prefs = mongoc_uri_get_read_prefs_t(uri);
    if (mongoc_read_prefs_get_mode(prefs) != MONGOC_READ_PRIMARY || !bson_empty0(mongoc_read_prefs_get_tags(prefs))) {
        refuse(
            "\"readPreference\" must be \"primary\" or absent, without tags: limits are decided by what the primary "
            "says");
    }
    if (mongoc_read_concern_get_level(mongoc_uri_get_read_concern(uri)) != nullptr) {
        refuse("\"readConcernLevel\" must be absent: each read has the level that it needs");
    }
}

std::string name_of(const mongoc_uri_t *uri) {
    std::string name;
    if (const char *service = mongoc_uri_get_srv_hostname(uri); service != nullptr) {
        name = std::string("mongodb+srv://") + service;
    } else {
        name = "mongodb://";
        for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
            if (!name.ends_with('/')) name += ',';
            name += host->host_and_port;
        }
    }
    const char *database = mongoc_uri_get_database(uri);
    return name + "/" + (database != nullptr ? database : kDefaultDatabase);
}

}  // namespace

bool is_mongodb_uri(std::string_view text) noexcept {
    return text.starts_with("mongodb://") || text.starts_with("mongodb+srv://");
}

StoreUri check_uri(const std::string &text) {
    // libmongoc writes warnings about a URI, with parts of it, to standard error.
    mongoc_log_set_handler(nullptr, nullptr);
    if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; })) {
        refuse("spaces and control characters must be percent-encoded");
    }
    check_credentials(text);
    check_options(text);
    bson_error_t error;
    const Owned<mongoc_uri_t> uri(mongoc_uri_new_with_error(text.c_str(), &error));
    if (uri == nullptr) {
        // libmongoc's own words may quote the password.
        const bool secret = text.find('@') != std::string::npos;
        refuse(secret ? "libmongoc does not understand it; check the hosts, the values of its options, and that user "
                        "name and password are percent-encoded"
                      : std::string(error.message));
    }
    check_write_concern(uri.get());
    check_reads(uri.get());
    if (mongoc_uri_get_hosts(uri.get()) == nullptr && mongoc_uri_get_srv_hostname(uri.get()) == nullptr) {
        refuse("it names no host; write mongodb://HOST:PORT/DATABASE");
    }
    StoreUri out;
    out.kind = AC_STORE_MONGODB;
    out.text = text;
    out.name = name_of(uri.get());
    return out;
}

std::string unreadable_file(const std::string &text) {
    struct File {
        const char *option;
        const char *spelled;
    };
    constexpr std::array<File, 2> kFiles = {
        {{MONGOC_URI_TLSCAFILE, "tlsCAFile"}, {MONGOC_URI_TLSCERTIFICATEKEYFILE, "tlsCertificateKeyFile"}}};
    const Owned<mongoc_uri_t> uri(mongoc_uri_new(text.c_str()));
    if (uri == nullptr) return {};
    for (const File &file : kFiles) {
        const char *path = mongoc_uri_get_option_as_utf8(uri.get(), file.option, nullptr);
        if (path == nullptr || ::access(path, R_OK) == 0) continue;
        return std::string("the file of \"") + file.spelled + "\" cannot be read (" +
               std::generic_category().message(errno) + "); let the user that runs this read it";
    }
    return {};
}

}  // namespace appcreate::mongo
