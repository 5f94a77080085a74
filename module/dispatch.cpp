// Creates on their way: to a thread that reads a large body, and to the store. Requests and threads never meet: an Op
// stands between them, and either side may let go of it first.

#include "module.h"

namespace app_create {

// One create that left its request: to be prepared (parsed on a thread), or to be written.
struct Op {
    Pending pending;  // first: its message hands the Op back
    Queue *queue;
    Dispatch *dispatch;
    Context *ctx;  // the event loop's; NULL: the request is gone
    bool prepares;

    // preparing
    u_char *body;
    size_t length;
    ngx_fd_t file;
    ac_status status;
};

namespace {

// Threads and connections are gone or going: what comes back is freed, not answered.
bool worker_ends = false;

// Makes room for the context's create, of `size` bytes.
ngx_int_t create_op(Context *ctx, size_t size, Op **out) {
    Queue *queue = ctx->conf->queue;
    Dispatch *dispatch = get_dispatch(queue->backend);
    if (dispatch == nullptr) {
        return NGX_ERROR;
    }
    if (size > queue->bytes) {
        ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                      "app_create of %uz bytes is larger than the size of \"app_create_queue\"", size);
        return NGX_DECLINED;
    }
    if (queue->held >= queue->number || queue->held_bytes + size > queue->bytes) {
        queue_refused(queue);
        return NGX_BUSY;
    }
    auto *op = static_cast<Op *>(ngx_calloc(sizeof(Op), ngx_cycle->log));
    if (op == nullptr) {
        return NGX_BUSY;
    }
    op->queue = queue;
    op->dispatch = dispatch;
    op->file = NGX_INVALID_FILE;
    op->pending.size = size;
    queue->held++;
    queue->held_bytes += size;

    op->ctx = ctx;
    op->pending.create = ctx->create;
    ctx->create = nullptr;
    ctx->op = op;
    *out = op;
    return NGX_OK;
}

// Gives the create back to its request. NULL: the request is gone, and the create with it.
Context *return_op(Op *op) {
    Context *ctx = op->ctx;
    if (ctx && worker_ends) {
        ctx->op = nullptr;
        ctx = nullptr;
    }
    if (ctx) {
        ctx->create = op->pending.create;
        ctx->op = nullptr;
    } else {
        ac_create_free(op->pending.create);
    }
    op->queue->held--;
    op->queue->held_bytes -= op->pending.size;
    queue_shrank(op->queue);
    if (op->file != NGX_INVALID_FILE) {
        (void)ngx_close_file(op->file);
    }
    if (op->body) {
        ngx_free(op->body);
    }
    ngx_free(op);
    return ctx;
}

// ---- on a thread

bool read_file(Op *op) {
    for (size_t done = 0; done < op->length;) {
        ssize_t n = pread(op->file, op->body + done, op->length - done, static_cast<off_t>(done));
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
    auto *op = static_cast<Op *>(data);
    if (op->file != NGX_INVALID_FILE && !read_file(op)) {
        ac_create_refuse(op->pending.create, AC_CODE_INTERNAL);
        op->status = AC_DONE;
        return;
    }
    op->status = ac_create_body(op->pending.create, {reinterpret_cast<const char *>(op->body), op->length}, 0);
}

// ---- back on the event loop

void prepared(void *data) {
    auto *op = static_cast<Op *>(data);
    ac_status status = op->status;
    Context *ctx = return_op(op);
    if (ctx) {
        stop_timer(ctx);
        create_returned(ctx, status);
    }
}

void written(Message *message) {
    auto *op = reinterpret_cast<Op *>(message);
    Dispatch *dispatch = op->dispatch;
    Context *ctx = return_op(op);
    if (ctx) {
        store_answered(dispatch);
        stop_timer(ctx);
        create_returned(ctx, AC_DONE);
    }
}

}  // namespace

void end_dispatching() { worker_ends = true; }

ngx_int_t prepare_on_thread(Context *ctx, const BodySource &body) {
    size_t length = body.file == NGX_INVALID_FILE ? body.memory.len : static_cast<size_t>(body.size);
    Op *op;
    ngx_int_t rc = create_op(ctx, length + ac_create_size(ctx->create), &op);
    if (rc != NGX_OK) {
        return rc;
    }
    op->prepares = true;
    op->length = length;

    // The request may go away while the thread reads: it gets bytes and a descriptor of its own.
    op->body = static_cast<u_char *>(ngx_alloc(length ? length : 1, ngx_cycle->log));
    if (body.file != NGX_INVALID_FILE) {
        op->file = fcntl(body.file, F_DUPFD_CLOEXEC, 0);
    } else if (op->body) {
        ngx_memcpy(op->body, body.memory.data, length);
    }
    if (op->body == nullptr || (body.file != NGX_INVALID_FILE && op->file == NGX_INVALID_FILE) ||
        run_on_thread(ctx->conf->pool, op, prepare, prepared) != NGX_OK) {
        return_op(op);
        return NGX_BUSY;
    }
    return NGX_OK;
}

ngx_int_t send_to_store(Context *ctx) {
    Op *op;
    ngx_int_t rc = create_op(ctx, ac_create_size(ctx->create), &op);
    if (rc != NGX_OK) {
        return rc;
    }
    op->pending.message.deliver = written;
    ac_create_set_user(op->pending.create, &op->pending);
    if (write_later(op->dispatch->writer, &op->pending) != NGX_OK) {
        return_op(op);
        return NGX_BUSY;
    }
    return NGX_OK;
}

void leave_op(Context *ctx) {
    Op *op = ctx->op;
    if (op == nullptr) {
        return;
    }
    ctx->op = nullptr;
    op->ctx = nullptr;
    if (!op->prepares && take_back(op->dispatch->writer, &op->pending)) {
        return_op(op);
    }
}

}  // namespace app_create
