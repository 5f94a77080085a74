// Large bodies: read from nginx's file and parsed on a thread of the pool.

#include "pending_create.h"
#include "threads.h"

namespace appcreate::nginx {
namespace {

// ---- on a thread

bool read_file(PendingCreate *pending) {
    for (size_t done = 0; done < pending->length;) {
        ssize_t n = pread(pending->file, pending->body + done, pending->length - done, static_cast<off_t>(done));
        if (n <= 0) {
            if (n == -1 && errno == EINTR) {
                continue;
            }
            return false;
        }
        done += static_cast<size_t>(n);
    }
    return true;
}

void prepare(void *data, ngx_log_t *) {
    auto *pending = static_cast<PendingCreate *>(data);
    if (pending->file != NGX_INVALID_FILE && !read_file(pending)) {
        ac_create_refuse(pending->request.create, AC_CODE_INTERNAL);
        pending->status = AC_DONE;
        return;
    }
    pending->status =
        ac_create_body(pending->request.create, {reinterpret_cast<const char *>(pending->body), pending->length}, 0);
}

// ---- back on the event loop

void prepared(void *data) {
    auto *pending = static_cast<PendingCreate *>(data);
    ac_status status = pending->status;
    Context *ctx = give_back(pending);
    if (ctx) {
        stop_timer(ctx);
        create_returned(ctx, status);
    }
}

}  // namespace

ngx_int_t prepare_on_thread(Context *ctx, const BodySource &body) {
    size_t length = body.file == NGX_INVALID_FILE ? body.memory.len : static_cast<size_t>(body.size);
    PendingCreate *pending;
    ngx_int_t rc = admit(ctx, length + ac_create_size(ctx->create), &pending);
    if (rc != NGX_OK) {
        return rc;
    }
    pending->prepares = true;
    pending->length = length;

    // The request may go away while the thread reads: it gets bytes and a descriptor of its own.
    pending->body = static_cast<u_char *>(ngx_alloc(length ? length : 1, ngx_cycle->log));
    if (body.file != NGX_INVALID_FILE) {
        pending->file = fcntl(body.file, F_DUPFD_CLOEXEC, 0);
        if (pending->file == NGX_INVALID_FILE) {
            ngx_err_t err = ngx_errno;
            ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, err,
                          "no descriptor for the file of a large body%s",
                          err == EMFILE ? ", raise \"worker_rlimit_nofile\"" : "");
        }
    } else if (pending->body) {
        ngx_memcpy(pending->body, body.memory.data, length);
    }
    if (pending->body == nullptr || (body.file != NGX_INVALID_FILE && pending->file == NGX_INVALID_FILE) ||
        run_on_thread(ctx->conf->pool, pending, prepare, prepared) != NGX_OK) {
        give_back(pending);
        return NGX_BUSY;
    }
    return NGX_OK;
}

}  // namespace appcreate::nginx
