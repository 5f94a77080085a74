#include "kinds.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/ascii.h"
#include "base/failure.h"
#include "mongo/driver/uri_check.h"
#include "mongo/mongo_store.h"
#include "sqlite/sqlite_store.h"

namespace appcreate {
namespace {

constexpr std::size_t kMaxUriFile = 4096;
// SQLite refuses paths from 512 bytes on (os_unix.c, MAX_PATHNAME), and appends "-wal" and "-shm" to this one.
constexpr std::size_t kMaxPath = 500;

constexpr std::string_view kAllowed =
    "use \"sqlite:/path/apps.db\" or \"mongodb://host/database\", or \"file:/path\" or \"env:NAME\" that hold such a "
    "URI";

[[noreturn]] void fail(const std::string &message) { throw Failure(AC_EINVAL, message); }

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_scheme_char(char c) noexcept { return ascii::is_alphanumeric(c) || ascii::is_any_of(c, "+-."); }

bool take_prefix(std::string_view &text, std::string_view prefix) noexcept {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

class File {
  public:
    // O_NONBLOCK: a named pipe must not hold up "nginx -t".
    explicit File(const std::string &path) noexcept
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    int fd_;
};

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string read_uri_file(const std::string &path) {
    const auto cannot_read = [&path](int error) {
        fail("cannot read the store URI file " + in_quotes(path) + ": " + std::system_category().message(error) +
             "; it must be a file that the server's master process may read");
    };
    const File file(path);
    if (file.fd() < 0) cannot_read(errno);
    struct stat info {};
    if (::fstat(file.fd(), &info) != 0) cannot_read(errno);
    if (!S_ISREG(info.st_mode)) fail("the store URI file " + in_quotes(path) + " is not a regular file; name one");

    std::array<char, kMaxUriFile + 1> buffer;
    std::size_t size = 0;
    while (size < buffer.size()) {
        const ssize_t n = ::read(file.fd(), buffer.data() + size, buffer.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) cannot_read(errno);
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    if (size > kMaxUriFile) {
        fail("the store URI file " + in_quotes(path) +
             " is larger than 4096 bytes; it must hold one URI and nothing else");
    }

    std::string_view text(buffer.data(), size);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) fail("the store URI file " + in_quotes(path) + " is empty; write a URI into it");
    if (text.find('\n') != std::string_view::npos) {
        fail("the store URI file " + in_quotes(path) +
             " has more than one line; it must hold one URI and nothing else");
    }
    return std::string(text);
}

std::string read_uri_variable(const std::string &name) {
    const auto is_name = [](char c) { return ascii::is_alphanumeric(c) || c == '_'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_name)) {
        fail("\"env:\" in a store URI needs the name of an environment variable, as in \"env:APP_CREATE_STORE_URI\"");
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in the library changes the environment.
    const char *value = std::getenv(name.c_str());
    if (value == nullptr) {
        fail("the environment variable " + in_quotes(name) + " of the store URI is not set; set it to a store's URI");
    }
    if (*value == '\0') {
        fail("the environment variable " + in_quotes(name) + " of the store URI is empty; set it to a store's URI");
    }
    return value;
}

// What follows the "?" of a sqlite store.
void read_sqlite_parameters(std::string_view text, StoreUri &uri) {
    if (text != "checkpoint=external") {
        fail("the only parameter of a sqlite store is \"?checkpoint=external\"; remove \"?\" and what follows it");
    }
    uri.external_checkpoint = true;
}

// "sqlite:" and the parameters were taken off.
std::string sqlite_path(std::string_view text) {
    // sqlite:///path is how others spell it; sqlite://host/path would name a host.
    if (text.starts_with("///")) text.remove_prefix(2);
    if (text.starts_with("//")) fail("a sqlite store has no host; write sqlite:/path/apps.db with one slash");
    if (!text.starts_with('/')) {
        fail("the path of a sqlite store must be absolute, as in sqlite:/var/lib/app-create/apps.db");
    }
    if (std::any_of(text.begin(), text.end(), is_control)) {
        fail("the path of a sqlite store must not hold control characters");
    }
    if (text.ends_with('/')) {
        fail("the path of a sqlite store names the directory " + in_quotes(text) +
             "; add a file name, as in sqlite:/var/lib/app-create/apps.db");
    }
    if (text.size() > kMaxPath) fail("the path of a sqlite store must be at most 500 bytes long");
    return std::string(text);
}

// What a text is called in messages. A text out of a file or a variable may be a secret in the wrong place, so nothing
// of it is repeated.
struct Origin {
    std::string name;
    bool quotable;
};

StoreUri read_store_uri(const std::string &text, const Origin &origin) {
    StoreUri uri;
    uri.text = text;
    std::string_view rest = text;
    if (take_prefix(rest, "sqlite:")) {
        uri.kind = AC_STORE_SQLITE;
        const std::size_t question = rest.find('?');
        if (question != std::string_view::npos) read_sqlite_parameters(rest.substr(question + 1), uri);
        uri.path = sqlite_path(rest.substr(0, question));
        uri.name = "sqlite:" + uri.path + (uri.external_checkpoint ? "?checkpoint=external" : "");
        return uri;
    }
    if (mongo::is_mongodb_uri(text)) return mongo::check_uri(text);
    if (take_prefix(rest, "file:") || take_prefix(rest, "env:")) {
        fail(origin.name + " holds another \"file:\" or \"env:\"; write the store's own URI there");
    }
    const std::size_t colon = text.find(':');
    const std::string_view scheme = std::string_view(text).substr(0, colon);
    const bool is_scheme = colon != std::string::npos && std::all_of(scheme.begin(), scheme.end(), is_scheme_char);
    fail((origin.quotable && is_scheme ? "unknown scheme " + in_quotes(scheme) + " in " : "no known scheme in ") +
         origin.name + "; " + std::string(kAllowed));
}

}  // namespace

StoreUri parse_uri(std::string_view text) {
    if (text.empty()) fail("the store URI is empty; " + std::string(kAllowed));
    if (text.find('\0') != std::string_view::npos) fail("the store URI must not hold a NUL byte");

    std::string_view rest = text;
    if (take_prefix(rest, "file:")) {
        if (!rest.starts_with('/')) {
            fail("the path of a \"file:\" store URI must be absolute, as in file:/etc/app-create.uri");
        }
        const std::string path(rest);
        std::string content = read_uri_file(path);
        if (content.find('\0') != std::string::npos) {
            fail("the store URI file " + in_quotes(path) + " holds a NUL byte");
        }
        return read_store_uri(content, {"the store URI file " + in_quotes(path), false});
    }
    if (take_prefix(rest, "env:")) {
        const std::string name(rest);
        return read_store_uri(read_uri_variable(name), {"the environment variable " + in_quotes(name), false});
    }
    return read_store_uri(std::string(text), {"the store URI", true});
}

std::unique_ptr<Store> open_store(const StoreOptions &options) {
    if (options.uri.kind == AC_STORE_SQLITE) return std::make_unique<sqlite::SqliteStore>(options);
    return std::make_unique<mongo::MongoStore>(options);
}

}  // namespace appcreate
