// What "nginx -t" can say of a SQLite store without opening it: can the workers use the directory and the file? Looks
// at modes only; a file that was opened and closed here would be one nginx's workers hold locks on.

#include <grp.h>
#include <sys/xattr.h>

#include "module.h"

namespace app_create {
namespace {

constexpr int max_groups = 64;

// Who the workers are.
struct User {
    uid_t uid;
    gid_t groups[max_groups];
    int count;
};

void find_worker(const ngx_core_conf_t *core, User *user) {
    user->count = max_groups;

    if (geteuid() != 0) {
        user->uid = geteuid();
        user->count = getgroups(max_groups - 1, user->groups);
        if (user->count < 0) {
            user->count = 0;
        }
        user->groups[user->count++] = getegid();
        return;
    }
    user->uid = core->user;
    if (core->username == nullptr || getgrouplist(core->username, core->group, user->groups, &user->count) < 0) {
        user->groups[0] = core->group;
        user->count = 1;
    }
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

constexpr mode_t search = 1, write_search = 3, read_write = 6;

ngx_int_t complain(ngx_log_t *log, ngx_err_t err, const Backend *backend, const char *path, const char *what) {
    ngx_log_error(NGX_LOG_EMERG, log, err, "app_create_store \"%V\": \"%s\" %s in %s:%ui", &backend->name, path, what,
                  backend->place.file, backend->place.line);
    return NGX_ERROR;
}

}  // namespace

ngx_int_t check_store_file(ngx_log_t *log, const ngx_core_conf_t *core, const Backend *backend) {
    ac_str file = ac_uri_path(backend->uri);
    char path[NGX_MAX_PATH];
    if (file.len >= sizeof(path)) {
        return complain(log, 0, backend, file.data, "is too long a path");
    }

    User user;
    find_worker(core, &user);

    // Each directory on the way, the last one for writing: SQLite makes files beside its own.
    struct stat st;
    for (size_t i = 1; i <= file.len; i++) {
        if (i < file.len && file.data[i] != '/') {
            continue;
        }
        ngx_memcpy(path, file.data, i);
        path[i] = '\0';
        if (i == file.len) {
            break;
        }
        bool last = memchr(file.data + i + 1, '/', file.len - i - 1) == nullptr;
        if (stat(path, &st) == -1) {
            return complain(log, ngx_errno, backend, path, "cannot be used as a directory");
        }
        if (!S_ISDIR(st.st_mode)) {
            return complain(log, 0, backend, path, "is not a directory");
        }
        if (!may(user, path, st, last ? write_search : search)) {
            return complain(log, 0, backend, path,
                            last ? "cannot be written by the user of the worker processes, give it that directory"
                                 : "cannot be entered by the user of the worker processes");
        }
    }

    // No file yet is no mistake here: "appctl init" may come after "nginx -t".
    if (stat(path, &st) == -1) {
        return NGX_OK;
    }
    if (!S_ISREG(st.st_mode)) {
        return complain(log, 0, backend, path, "is not a file");
    }
    if (!may(user, path, st, read_write)) {
        // No reason to keep nginx from starting: the store answers 503 until somebody mends it. An error, because a
        // warning would be below the level of a log that was given none.
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "app_create_store \"%V\": \"%s\" cannot be written by the user of the worker processes in %s:%ui",
                      &backend->name, path, backend->place.file, backend->place.line);
    }
    return NGX_OK;
}

}  // namespace app_create
