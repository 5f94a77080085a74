// A full queue and a slow store meet thousands of requests: the error log gets one line when it begins and one when it
// is over.

#include "module.h"

namespace app_create {

void queue_refused(Queue *queue) {
    queue->refused++;
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
    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "app_create_queue has room again for creates on their way to \"%V\", %ui got 503",
                  &queue->backend->name, queue->refused);
    queue->full = false;
    queue->refused = 0;
}

void store_timed_out(Dispatch *dispatch, ngx_msec_t timeout) {
    dispatch->timeouts++;
    dispatch->calm = ngx_current_msec + timeout;
    if (dispatch->slow) {
        return;
    }
    dispatch->slow = true;
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "no answer within \"app_create_timeout\", requests get 503: app_create_store \"%V\"",
                  &dispatch->backend->name);
}

void store_answered(Dispatch *dispatch) {
    // Some in time and some too late is one state.
    if (!dispatch->slow || static_cast<ngx_msec_int_t>(ngx_current_msec - dispatch->calm) < 0) {
        return;
    }
    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "answers come in time again, %ui requests got 503: app_create_store \"%V\"", dispatch->timeouts,
                  &dispatch->backend->name);
    dispatch->slow = false;
    dispatch->timeouts = 0;
}

}  // namespace app_create
