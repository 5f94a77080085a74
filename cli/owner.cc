#include "owner.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "command.h"

namespace appctl {
namespace {

std::optional<std::uint32_t> whole_number(const std::string &text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // The largest one means "as it is" to chown.
    if (error != std::errc() || end != text.data() + text.size() || value == UINT32_MAX) return std::nullopt;
    return value;
}

gid_t find_group(const std::string &name) {
    if (const group *entry = ::getgrnam(name.c_str())) return entry->gr_gid;
    if (const auto number = whole_number(name)) return *number;
    throw Misused("there is no group \"" + name + "\" on this machine");
}

// The link itself, never what it leads to: the directory may belong to somebody who must not lead root astray.
int give(const Owner &owner, const std::string &path) {
    return ::fchownat(AT_FDCWD, path.c_str(), owner.user, owner.group, AT_SYMLINK_NOFOLLOW);
}

[[noreturn]] void fail(const std::string &path, int error) {
    throw Failed("cannot give \"" + path + "\" to another owner: " + std::strerror(error) +
                 (error == EPERM ? "; run this as root" : ""));
}

}  // namespace

Owner find_owner(const std::string &text) {
    const std::size_t colon = text.find(':');
    const std::string user = text.substr(0, colon);
    Owner owner;
    if (const passwd *entry = ::getpwnam(user.c_str())) {
        owner = {entry->pw_uid, entry->pw_gid};
    } else if (const auto number = whole_number(user)) {
        const passwd *known = ::getpwuid(*number);
        if (known == nullptr && colon == std::string::npos) {
            throw Misused("there is no user " + user + " on this machine to take the group of; give USER:GROUP");
        }
        owner = {*number, known != nullptr ? known->pw_gid : 0};
    } else {
        throw Misused("there is no user \"" + user + "\" on this machine");
    }
    if (colon != std::string::npos) owner.group = find_group(text.substr(colon + 1));
    return owner;
}

void give_to(const Owner &owner, const std::string &path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) fail(path, errno);
    if (S_ISLNK(info.st_mode)) {
        throw Failed("\"" + path + "\" is a symbolic link; name the file itself in the store URI");
    }
    if (give(owner, path) != 0) fail(path, errno);
    for (const char *suffix : {"-wal", "-shm"}) {
        const std::string beside = path + suffix;
        if (give(owner, beside) != 0 && errno != ENOENT) fail(beside, errno);
    }
}

}  // namespace appctl
