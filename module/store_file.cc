// What can be said of a SQLite store without opening it: can the workers use its directory and its file? Only a
// warning, ever: a disk that is mounted late or a wrong mode is mended by whoever reads it, and until then this store
// alone answers 503. Of the file the first bytes are read, by the master process, which has no store open.

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "module.h"

namespace appcreate::nginx {
namespace {

constexpr int kMaxGroups = 64;
constexpr size_t kMaxPath = NGX_MAX_PATH;

// Who the workers are.
struct User {
    uid_t uid;
    gid_t gid;
    gid_t groups[kMaxGroups];
    int count;
    char name[64];
    char group[64];
};

template <size_t size>
void name_it(char (&out)[size], const char *name, unsigned long number) {
    u_char *end = name ? ngx_snprintf(reinterpret_cast<u_char *>(out), size - 1, "%s", name)
                       : ngx_snprintf(reinterpret_cast<u_char *>(out), size - 1, "%ul", number);
    *end = '\0';
}

void find_worker(const ngx_core_conf_t *core, User *user) {
    user->count = kMaxGroups;
    if (geteuid() != 0 || !core->master) {
        user->uid = geteuid();
        user->gid = getegid();
        user->count = getgroups(kMaxGroups - 1, user->groups);
        if (user->count < 0) {
            user->count = 0;
        }
        user->groups[user->count++] = user->gid;
    } else {
        user->uid = core->user;
        user->gid = core->group;
        if (core->username == nullptr || getgrouplist(core->username, core->group, user->groups, &user->count) < 0) {
            user->groups[0] = core->group;
            user->count = 1;
        }
    }
    // NOLINTBEGIN(concurrency-mt-unsafe): only the main thread reads a configuration.
    const struct passwd *own = getpwuid(user->uid);
    name_it(user->name, own ? own->pw_name : nullptr, user->uid);
    const struct group *group = getgrgid(user->gid);
    // NOLINTEND(concurrency-mt-unsafe)
    name_it(user->group, group ? group->gr_name : nullptr, user->gid);
}

bool may(const User &user, const char *path, const struct stat &st, mode_t bits) {
    if (user.uid == 0) {
        return true;
    }
    // An access list says more than the mode does; the worker will see.
    if (getxattr(path, "system.posix_acl_access", nullptr, 0) > 0) {
        return true;
    }
    if (st.st_uid == user.uid) {
        return (st.st_mode >> 6 & bits) == bits;
    }
    for (int i = 0; i < user.count; i++) {
        if (st.st_gid == user.groups[i]) {
            return (st.st_mode >> 3 & bits) == bits;
        }
    }
    return (st.st_mode & bits) == bits;
}

constexpr mode_t kSearch = 1, kWriteSearch = 3, kReadWrite = 6;

struct Check {
    ngx_log_t log;
    User user;
    const Backend *backend;
    char file[kMaxPath];
    char directory[kMaxPath];
};

constexpr const char *kOwnDirectory = "/var/lib/app-create";

__attribute__((format(printf, 2, 3))) void say(const Check &check, const char *format, ...) {
    char text[NGX_MAX_ERROR_STR];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    // A level of its own: the default level of a log hides warnings, and this one is all that an operator gets.
    ngx_log_t log = check.log;
    if (log.log_level < NGX_LOG_WARN) {
        log.log_level = NGX_LOG_WARN;
    }
    ngx_log_error(NGX_LOG_WARN, &log, 0, "app_create_store \"%V\" in %s:%ui answers 503 until this is mended: %s",
                  &check.backend->name, check.backend->at.file, check.backend->at.line, text);
}

bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

// Directories that other programs need as they are, whatever they hold now.
bool is_of_the_system(const char *directory) {
    int depth = 0;
    for (const char *c = directory; *c; c++) {
        depth += *c == '/' && c[1] != '/' && c[1] != '\0';
    }
    static constexpr const char *kTrees[] = {"/bin/",  "/boot/", "/dev/",  "/etc/", "/lib",
                                             "/proc/", "/root/", "/sbin/", "/sys/", "/usr/"};
    for (const char *tree : kTrees) {
        if (starts_with(directory, tree)) {
            return true;
        }
    }
    return depth < 2 || (depth < 3 && (starts_with(directory, "/var/") || starts_with(directory, "/home/")));
}

// Does it hold nothing but this store's files?
bool is_the_stores_own(const Check &check) {
    if (strcmp(check.directory, kOwnDirectory) == 0) {
        return true;
    }
    if (is_of_the_system(check.directory)) {
        return false;
    }
    DIR *list = opendir(check.directory);
    if (list == nullptr) {
        return false;
    }
    const char *name = strrchr(check.file, '/') + 1;
    bool own = true;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the list is this function's own.
    while (const struct dirent *entry = own ? readdir(list) : nullptr) {
        own = starts_with(entry->d_name, name);
        static constexpr const char *kOthers[] = {".", "..", "lost+found"};
        for (const char *other : kOthers) {
            own = own || strcmp(entry->d_name, other) == 0;
        }
    }
    (void)closedir(list);
    return own;
}

// The directory stays as it is: others may need it so.
void say_to_move(const Check &check, const char *what, const char *path) {
    const User &user = check.user;
    say(check,
        "directory \"%s\" %s user \"%s\" of the workers; make a directory of its own, as in "
        "\"install -d -o %s -g %s -m 750 %s\", and name sqlite:%s/%s",
        path, what, user.name, user.name, user.group, kOwnDirectory, kOwnDirectory, strrchr(check.file, '/') + 1);
}

void say_unwritable(const Check &check) {
    const User &user = check.user;
    if (is_the_stores_own(check)) {
        say(check,
            "directory \"%s\" cannot be written by user \"%s\" of the workers; run "
            "\"install -d -o %s -g %s -m 750 %s\"",
            check.directory, user.name, user.name, user.group, check.directory);
    } else {
        say_to_move(check, "cannot be written by", check.directory);
    }
}

// One directory on the way to the file; the last one is for writing: SQLite makes files beside its own.
bool check_directory(const Check &check, const char *path) {
    const User &user = check.user;
    bool last = strcmp(path, check.directory) == 0;
    struct stat st;
    if (stat(path, &st) == -1) {
        if (ngx_errno == NGX_ENOENT) {
            say(check,
                "directory \"%s\" does not exist; mount its file system, or run "
                "\"install -d -o %s -g %s -m 750 %s\"",
                path, user.name, user.group, check.directory);
        } else if (ngx_errno != NGX_EACCES || geteuid() != 0) {
            // Where root may not look (NFS), others may: the worker will see.
            u_char reason[128];
            *ngx_strerror(ngx_errno, reason, sizeof(reason) - 1) = '\0';
            say(check, "directory \"%s\" cannot be looked at: %s", path, reinterpret_cast<char *>(reason));
        }
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        say(check, "\"%s\" is not a directory; name another path", path);
        return false;
    }
    if (!last) {
        if (!may(user, path, st, kSearch)) {
            say_to_move(check, "cannot be entered by", path);
            return false;
        }
        return true;
    }
    struct statvfs fs;
    if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY)) {
        say(check, "directory \"%s\" is on a file system that is mounted read-only; mount it for writing", path);
        return false;
    }
    if (!may(user, path, st, kWriteSearch)) {
        say_unwritable(check);
        return false;
    }
    return true;
}

// What a crash or a slip left: its records may still be in it.
bool has_log(const Check &check) {
    char real[PATH_MAX];
    char log[PATH_MAX + sizeof("-wal")];
    (void)snprintf(log, sizeof(log), "%s-wal", realpath(check.file, real) ? real : check.file);
    struct stat st;
    return stat(log, &st) == 0 && st.st_size > 0;
}

// What is no store to begin with. How to keep what may be in it comes first.
void check_head(const Check &check) {
    const char *path = check.file;
    const ngx_str_t &name = check.backend->name;
    const int len = static_cast<int>(name.len);
    const auto *uri = reinterpret_cast<const char *>(name.data);
    switch (ac_uri_look(check.backend->uri)) {
        case AC_HEAD_NO_DATABASE:
            if (has_log(check)) {
                say(check,
                    "file \"%s\" does not begin as an SQLite database does, but has a log, \"%s-wal\"; copy both away "
                    "and run \"appctl --store %.*s restore --force BACKUP\"",
                    path, path, len, uri);
            } else {
                say(check,
                    "file \"%s\" does not begin as an SQLite database does; name another path, or, if it was the "
                    "store, copy it away and run \"appctl --store %.*s restore --force BACKUP\"",
                    path, len, uri);
            }
            return;
        case AC_HEAD_DAMAGED:
            say(check,
                "file \"%s\" is damaged; copy it and its -wal and -shm files away, then run "
                "\"appctl --store %.*s restore BACKUP\"",
                path, len, uri);
            return;
        case AC_HEAD_FOREIGN:
            say(check, "file \"%s\" is another program's SQLite database; name another path", path);
            return;
        case AC_HEAD_BLANK:
            say(check,
                "file \"%s\" is a database that holds nothing; restore a backup, or, if it never held a store, run "
                "\"appctl --store %.*s init\"",
                path, len, uri);
            return;
        case AC_HEAD_STORE:
        case AC_HEAD_UNKNOWN:
            return;
    }
}

void check_file(const Check &check) {
    const User &user = check.user;
    const char *path = check.file;
    struct stat st;
    bool missing = stat(path, &st) == -1;
    const ngx_str_t &name = check.backend->name;  // with its parameters, which appctl has to know too
    if (!missing && !S_ISREG(st.st_mode)) {
        say(check, "\"%s\" is not a file; name another path", path);
        return;
    }
    if (missing || st.st_size == 0) {
        if (has_log(check)) {
            say(check, "file \"%s\" is %s, its log \"%s-wal\" is not; copy both away and restore a backup", path,
                missing ? "missing" : "empty", path);
        } else if (missing) {
            say(check,
                "file \"%s\" does not exist; mount its file system where that is missing, restore a backup, or, for a "
                "new store, run \"appctl --store %.*s init\"",
                path, static_cast<int>(name.len), reinterpret_cast<const char *>(name.data));
        } else {
            say(check,
                "file \"%s\" is empty; restore a backup, or, if it never held a store, run "
                "\"appctl --store %.*s init\"",
                path, static_cast<int>(name.len), reinterpret_cast<const char *>(name.data));
        }
        return;
    }
    if (may(user, path, st, kReadWrite)) {
        check_head(check);
        return;
    }
    if (st.st_uid == user.uid) {
        say(check,
            "file \"%s\" cannot be read and written by user \"%s\" of the workers, whose it is; run \"chmod u+rw %s\"",
            path, user.name, path);
    } else {
        say(check, "file \"%s\" cannot be read and written by user \"%s\" of the workers; run \"chown %s:%s %s\"", path,
            user.name, user.name, user.group, path);
    }
}

void check_store(const Check &check) {
    struct stat st;
    if (stat(check.file, &st) == 0 && S_ISDIR(st.st_mode)) {
        say(check, "\"%s\" is a directory; add a file name, as in sqlite:%s/apps.db", check.file,
            is_of_the_system(check.file) ? kOwnDirectory : check.file);
        return;
    }
    // The root, then each directory on the way.
    if (!check_directory(check, "/")) {
        return;
    }
    char path[kMaxPath];
    for (size_t i = 1; check.file[i]; i++) {
        if (check.file[i] == '/') {
            ngx_memcpy(path, check.file, i);
            path[i] = '\0';
            if (!check_directory(check, path)) {
                return;
            }
        }
    }
    check_file(check);
}

bool is_checked(const MainConf *conf, ngx_uint_t n, const Backend *backend) {
    auto **known = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < n; i++) {
        if (known[i]->name.len == backend->name.len &&
            ngx_memcmp(known[i]->name.data, backend->name.data, backend->name.len) == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

void check_store_files(ngx_log_t *log, const MainConf *conf) {
    Check check;
    check.log = *log;
    find_worker(conf->core, &check.user);

    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        if (ac_uri_kind(backend[i]->uri) != AC_STORE_SQLITE || is_checked(conf, i, backend[i])) {
            continue;
        }
        ac_str file = ac_uri_path(backend[i]->uri);
        if (file.len >= kMaxPath) {
            continue;  // SQLite's own bound is lower, and the URI's check has it
        }
        check.backend = backend[i];
        ngx_memcpy(check.file, file.data, file.len);
        check.file[file.len] = '\0';
        size_t slash = static_cast<size_t>(strrchr(check.file, '/') - check.file);
        ngx_memcpy(check.directory, slash ? check.file : "/", slash ? slash : 1);
        check.directory[slash ? slash : 1] = '\0';
        check_store(check);
    }
}

}  // namespace appcreate::nginx
