// Creates on their way to the store: bounded by the queue, handed to the writer, given back with their answers.

#include "pending_create.h"

#include "metrics.h"

namespace appcreate::nginx {
namespace {

// Threads and connections are gone or going: what comes back is freed, not answered.
bool worker_ends = false;

void written(Message *message) {
    auto *pending = reinterpret_cast<PendingCreate *>(message);
    WorkerStore *opened = pending->opened;
    count_create(opened->backend, pending->request.create);
    Context *ctx = give_back(pending);
    if (ctx) {
        store_answered(opened);
        stop_timer(ctx);
        create_returned(ctx, AC_DONE);
    }
}

}  // namespace

ngx_int_t admit(Context *ctx, size_t size, PendingCreate **out) {
    Queue *queue = ctx->conf->queue;
    WorkerStore *opened = get_worker_store(queue->backend);
    if (opened == nullptr) {
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
    auto *pending = static_cast<PendingCreate *>(ngx_calloc(sizeof(PendingCreate), ngx_cycle->log));
    if (pending == nullptr) {
        return NGX_BUSY;
    }
    pending->queue = queue;
    pending->opened = opened;
    pending->file = NGX_INVALID_FILE;
    pending->request.size = size;
    queue->held++;
    queue->held_bytes += size;
    metrics_of(queue->backend)->queue_creates.add();
    metrics_of(queue->backend)->queue_bytes.add(size);

    pending->ctx = ctx;
    pending->request.create = ctx->create;
    ctx->create = nullptr;
    ctx->pending = pending;
    *out = pending;
    return NGX_OK;
}

Context *give_back(PendingCreate *pending) {
    Context *ctx = pending->ctx;
    if (ctx && worker_ends) {
        ctx->pending = nullptr;
        ctx = nullptr;
    }
    if (ctx) {
        ctx->create = pending->request.create;
        ctx->pending = nullptr;
    } else {
        ac_create_free(pending->request.create);
    }
    pending->queue->held--;
    pending->queue->held_bytes -= pending->request.size;
    metrics_of(pending->queue->backend)->queue_creates.subtract(1);
    metrics_of(pending->queue->backend)->queue_bytes.subtract(pending->request.size);
    queue_shrank(pending->queue);
    if (pending->file != NGX_INVALID_FILE) {
        (void)ngx_close_file(pending->file);
    }
    if (pending->body) {
        ngx_free(pending->body);
    }
    ngx_free(pending);
    return ctx;
}

void stop_answering() { worker_ends = true; }

ngx_int_t send_to_store(Context *ctx) {
    PendingCreate *pending;
    ngx_int_t rc = admit(ctx, ac_create_size(ctx->create), &pending);
    if (rc != NGX_OK) {
        return rc;
    }
    pending->request.message.deliver = written;
    ac_create_set_deadline(pending->request.create, deadline_in(ctx->store_left));
    ac_create_set_user(pending->request.create, &pending->request);
    if (write_later(pending->opened->writer, &pending->request) != NGX_OK) {
        give_back(pending);
        return NGX_BUSY;
    }
    return NGX_OK;
}

void leave_pending(Context *ctx) {
    PendingCreate *pending = ctx->pending;
    if (pending == nullptr) {
        return;
    }
    ctx->pending = nullptr;
    pending->ctx = nullptr;
    if (!pending->prepares && take_back(pending->opened->writer, &pending->request)) {
        give_back(pending);
    }
}

}  // namespace appcreate::nginx
