// A create that left its request. Requests and threads never meet: a PendingCreate stands between them, and either side
// may let go of it first.
#pragma once

#include "module.h"

namespace appcreate::nginx {

// To be prepared (its large body parsed on a thread), or to be written.
struct PendingCreate {
    WriteRequest request;  // first: its message hands the PendingCreate back
    Queue *queue;
    WorkerStore *opened;
    Context *ctx;  // the event loop's; NULL: the request is gone
    bool prepares;

    // preparing
    u_char *body;
    size_t length;
    ngx_fd_t file;
    ac_status status;
};

// Takes the context's create over, when the queue has room for `size` bytes more. Otherwise a status as of
// prepare_on_thread.
ngx_int_t admit(Context *ctx, size_t size, PendingCreate **out);
// Gives the create back to its request. NULL: the request is gone, and the create with it.
Context *give_back(PendingCreate *pending);

}  // namespace appcreate::nginx
