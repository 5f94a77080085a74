#include "mongo/driver/failure.h"

#include <algorithm>
#include <array>

namespace appcreate::mongo {
namespace {

// Errors of the request itself, of rights and of space.
constexpr std::array<std::uint32_t, 22> kFinal = {2,     // BadValue
                                                  9,     // FailedToParse
                                                  13,    // Unauthorized
                                                  14,    // TypeMismatch
                                                  18,    // AuthenticationFailed
                                                  20,    // IllegalOperation
                                                  26,    // NamespaceNotFound
                                                  52,    // DollarPrefixedFieldName
                                                  57,    // DottedFieldName
                                                  59,    // CommandNotFound
                                                  67,    // CannotCreateIndex
                                                  72,    // InvalidOptions
                                                  73,    // InvalidNamespace
                                                  79,    // UnknownReplWriteConcern
                                                  85,    // IndexOptionsConflict
                                                  86,    // IndexKeySpecsConflict
                                                  121,   // DocumentValidationFailure
                                                  146,   // ExceededMemoryLimit
                                                  8000,  // AtlasError
                                                  10334, 14031, 17280};

bool is_authentication(const bson_error_t &error) noexcept {
    return error.domain == MONGOC_ERROR_CLIENT &&
           (error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE || error.code == MONGOC_ERROR_CLIENT_NOT_READY);
}

bool is_from_server(const bson_error_t &error) noexcept {
    return error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_QUERY ||
           error.domain == MONGOC_ERROR_WRITE_CONCERN || error.domain == MONGOC_ERROR_COLLECTION;
}

// A message of ours has to go into an ac_error whole: the remedy stands at its end.
constexpr std::size_t kMessage = sizeof(ac_error::message) - 1;
constexpr std::size_t kLongName = 200;
constexpr std::size_t kFewestWords = 40;
constexpr std::string_view kMore = "...";

std::string one_line(const char *text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return out;
}

// At most `size` bytes of it, cut between characters.
std::string shortened(std::string text, std::size_t size) {
    if (text.size() <= size) return text;
    std::size_t end = size - kMore.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text += kMore;
}

// The first hosts of a long list, and the database.
std::string short_name(std::string_view name) {
    const std::size_t comma = name.size() > kLongName ? name.rfind(',', kLongName / 2) : std::string_view::npos;
    if (comma == std::string_view::npos) return std::string(name);
    return std::string(name.substr(0, comma + 1)) + std::string(kMore) + std::string(name.substr(name.rfind('/')));
}

const char *remedy_of(const bson_error_t &error) noexcept {
    if (error.domain == MONGOC_ERROR_SERVER_SELECTION) {
        return "check that the server runs, its address, and TLS";
    }
    if (is_authentication(error) || error.code == 18) return "check user name, password and authSource in its URI";
    if (error.code == 13) return "give its user the role readWrite on the database";
    if (error.code == kTooSlow) return "the server is too slow for it; see its load and its indexes";
    if (error.code == 14031 || error.code == 8000) return "free space on the server";
    if (error.domain == MONGOC_ERROR_STREAM) return "the server or the network stalls";
    return "see the server's log";
}

}  // namespace

std::string about(std::string_view name, std::string_view text) {
    return "store \"" + short_name(name) + "\": " + std::string(text);
}

bool is_final(std::uint32_t code) noexcept {
    return std::find(kFinal.begin(), kFinal.end(), code) != kFinal.end() || code == kDuplicateKey;
}

ServerFailure failure_of(const bson_error_t &error, std::string_view name) {
    using Kind = ServerFailure::Kind;
    Kind kind = Kind::kLost;
    if (error.domain == MONGOC_ERROR_SERVER_SELECTION) {
        kind = Kind::kNoServer;
    } else if (is_authentication(error)) {
        kind = Kind::kNotSent;
    } else if (is_from_server(error) && (is_final(error.code) || error.code == kTooSlow)) {
        kind = Kind::kRefused;
    }
    // libmongoc names every host once more.
    const std::string remedy = std::string("; ") + remedy_of(error);
    const std::size_t others = about(name, remedy).size();
    const std::size_t left = std::max(kMessage - std::min(others, kMessage), kFewestWords);
    return {AC_EUNAVAILABLE, about(name, shortened(one_line(error.message), left) + remedy),
            static_cast<int>(error.code), kind};
}

}  // namespace appcreate::mongo
