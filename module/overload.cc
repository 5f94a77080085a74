// A full queue and a slow store meet thousands of requests: the error log gets one line when it begins and one when it
// is over, at the same level: who reads of the one reads of the other.

#include "metrics.h"

namespace appcreate::nginx {

void queue_refused(Queue *queue) {
    queue->refused++;
    metrics_of(queue->backend)->refusals.add();
    if (queue->full) {
        return;
    }
    queue->full = true;
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "app_create_queue is full, more creates get 503 until the store has done with some: %ui of %ui, "
                  "%uz of %uz bytes on their way to \"%V\"",
                  queue->held, queue->number, queue->held_bytes, queue->bytes, &queue->backend->name);
}

void queue_shrank(Queue *queue) {
    // Not with the first that finds room again: under steady load that would be a line for each create.
    if (!queue->full || queue->held > queue->number / 2 || queue->held_bytes > queue->bytes / 2) {
        return;
    }
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "app_create_queue has room again for creates on their way to \"%V\", %ui got 503",
                  &queue->backend->name, queue->refused);
    queue->full = false;
    queue->refused = 0;
}

void store_timed_out(WorkerStore *opened, ngx_msec_t timeout) {
    opened->timeouts++;
    metrics_of(opened->backend)->timeouts.add();
    opened->calm = ngx_current_msec + timeout;
    if (opened->slow) {
        return;
    }
    opened->slow = true;
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "no answer within \"app_create_timeout\", requests get 503: app_create_store \"%V\"",
                  &opened->backend->name);
}

void store_answered(WorkerStore *opened) {
    // Some in time and some too late is one state.
    if (!opened->slow || static_cast<ngx_msec_int_t>(ngx_current_msec - opened->calm) < 0) {
        return;
    }
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "answers come in time again, %ui requests got 503: app_create_store \"%V\"", opened->timeouts,
                  &opened->backend->name);
    opened->slow = false;
    opened->timeouts = 0;
}

}  // namespace appcreate::nginx
