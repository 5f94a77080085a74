// Creates that wait to be written, and the threads that write what has gathered, batch after batch. Threads of their
// own: a writer is busy for as long as creates come, and a pool's threads have other things to do. There is one, two
// where a server is waited for; they start with the first create that needs them, so after the fork, and end with the
// worker.

#include "threads.h"

namespace appcreate::nginx {

namespace {

// While a server is waited for, a second batch may go out, once it is worth a round trip of its own: many small ones
// are slower than few large ones. An SQLite file has one writer anyway.
constexpr ngx_uint_t kMaxWritersOfServer = 2;
constexpr ngx_uint_t kSecondBatch = 32;

}  // namespace

struct Writer {
    const Backend *backend;
    ac_store *store;
    ngx_uint_t max_threads;

    // The event loop's.
    pthread_t threads[kMaxWritersOfServer];
    ngx_uint_t started;

    pthread_mutex_t mutex;   // held for a few pointers, never across store work
    pthread_cond_t arrival;  // of a call, or of the end
    pthread_cond_t ended;    // a thread is
    ngx_queue_t pending;
    ngx_uint_t waiting;  // how many are pending
    ngx_uint_t writing;  // threads that are at it, or called to it
    ngx_uint_t idle;     // threads that wait for a call
    ngx_uint_t calls;    // not heard yet
    ngx_uint_t running;  // threads that have not ended
    bool ending;
};

namespace {

// Under the lock.
void unlink_pending(Writer *writer, WriteRequest *pending) {
    ngx_queue_remove(&pending->queue);
    pending->waiting = false;
    writer->waiting--;
}

// ---- on a thread

size_t take(void *data, ac_create **out, size_t max, size_t max_bytes) {
    auto *writer = static_cast<Writer *>(data);
    MutexLock lock(&writer->mutex);
    size_t n = 0;
    size_t bytes = 0;
    // Once the worker ends there is nobody to answer.
    while (n < max && !writer->ending && !ngx_queue_empty(&writer->pending)) {
        auto *pending = ngx_queue_data(ngx_queue_head(&writer->pending), WriteRequest, queue);
        if (n && bytes + pending->size > max_bytes) {
            break;
        }
        unlink_pending(writer, pending);
        bytes += pending->size;
        out[n++] = pending->create;
    }
    return n;
}

int is_pending(void *data) {
    auto *writer = static_cast<Writer *>(data);
    MutexLock lock(&writer->mutex);
    if (writer->ending) {
        return -1;
    }
    return writer->waiting ? 1 : 0;
}

Message *message_of(ac_create *create) { return &static_cast<WriteRequest *>(ac_create_user(create))->message; }

void done(void *, ac_create *const *creates, size_t n) {
    for (size_t i = 0; i + 1 < n; i++) {
        message_of(creates[i])->next = message_of(creates[i + 1]);
    }
    if (n) {
        post_messages(message_of(creates[0]), message_of(creates[n - 1]));
    }
}

// False when the worker ends.
bool wait_for_call(Writer *writer) {
    MutexLock lock(&writer->mutex);
    while (writer->calls == 0 && !writer->ending) {
        pthread_cond_wait(&writer->arrival, &writer->mutex);
    }
    if (writer->ending) {
        return false;
    }
    writer->calls--;
    return true;
}

// False when there is more to do.
bool go_idle(Writer *writer) {
    MutexLock lock(&writer->mutex);
    if (writer->waiting && !writer->ending) {
        return false;
    }
    writer->writing--;
    writer->idle++;
    return true;
}

void write_pending(Writer *writer) {
    const ac_source source = {writer, take, done, is_pending};
    ac_status status = ac_store_write(writer->store, &source, deadline_in(writer->backend->timeout), nullptr);
    if (status != AC_OK && status != AC_ETIMEOUT) {
        // Answers to what no store will take; trying for ever would help nobody.
        ac_create *create;
        while (take(writer, &create, 1, 0)) {
            ac_create_refuse(create, AC_CODE_DATABASE);
            done(writer, &create, 1);
        }
    }
}

void *run(void *data) {
    auto *writer = static_cast<Writer *>(data);
    // It was started because of a create: that is its first call.
    do {
        do {
            write_pending(writer);
        } while (!go_idle(writer));
    } while (wait_for_call(writer));

    MutexLock lock(&writer->mutex);
    writer->running--;
    pthread_cond_signal(&writer->ended);
    return nullptr;
}

// ---- on the event loop

bool start_writing(Writer *writer) {
    bool started = start_thread(&writer->threads[writer->started], writer->backend, run, writer);
    writer->started += started;
    return started;
}

}  // namespace

Writer *create_writer(const Backend *backend, ac_store *store) {
    auto *writer = static_cast<Writer *>(ngx_calloc(sizeof(Writer), ngx_cycle->log));
    if (writer == nullptr) {
        return nullptr;
    }
    writer->backend = backend;
    writer->store = store;
    writer->max_threads = ac_uri_kind(backend->uri) == AC_STORE_MONGODB ? kMaxWritersOfServer : 1;
    ngx_queue_init(&writer->pending);
    pthread_mutex_init(&writer->mutex, nullptr);
    init_condition(&writer->arrival);
    init_condition(&writer->ended);
    return writer;
}

ngx_int_t write_later(Writer *writer, WriteRequest *pending) {
    bool call = false;
    bool start = false;
    bool notify = false;
    {
        MutexLock lock(&writer->mutex);
        ngx_queue_insert_tail(&writer->pending, &pending->queue);
        pending->waiting = true;
        writer->waiting++;
        if (writer->writing == 0 || (writer->waiting >= kSecondBatch && writer->writing < writer->max_threads)) {
            writer->writing++;
            if (writer->idle) {
                writer->idle--;
                writer->calls++;
                call = true;
            } else {
                writer->running++;
                start = true;
            }
        } else {
            notify = true;
        }
    }
    // Not under the lock: what is woken would find it taken and sleep once more.
    if (call) {
        pthread_cond_signal(&writer->arrival);
    }
    if (notify) {
        ac_store_notify(writer->store);
    }
    if (!start || start_writing(writer)) {
        return NGX_OK;
    }

    MutexLock lock(&writer->mutex);
    writer->running--;
    // Another thread will come to it.
    if (--writer->writing || !pending->waiting) {
        return NGX_OK;
    }
    unlink_pending(writer, pending);
    return NGX_ERROR;
}

bool take_back(Writer *writer, WriteRequest *pending) {
    {
        MutexLock lock(&writer->mutex);
        if (pending->waiting) {
            unlink_pending(writer, pending);
            return true;
        }
    }
    ac_create_abandon(pending->create);
    ac_store_notify(writer->store);
    return false;
}

void stop_writer(Writer *writer) {
    {
        MutexLock lock(&writer->mutex);
        writer->ending = true;
        pthread_cond_broadcast(&writer->arrival);
    }
    ac_store_notify(writer->store);
}

bool end_writer(Writer *writer, int64_t deadline) {
    {
        MutexLock lock(&writer->mutex);
        while (writer->running && wait_until(&writer->ended, &writer->mutex, deadline)) {
        }
        if (writer->running) {
            return false;
        }
    }
    while (writer->started) {
        pthread_join(writer->threads[--writer->started], nullptr);
    }
    while (!ngx_queue_empty(&writer->pending)) {
        auto *pending = ngx_queue_data(ngx_queue_head(&writer->pending), WriteRequest, queue);
        unlink_pending(writer, pending);
        pending->message.deliver(&pending->message);
    }
    return true;
}

void free_writer(Writer *writer) {
    pthread_cond_destroy(&writer->ended);
    pthread_cond_destroy(&writer->arrival);
    pthread_mutex_destroy(&writer->mutex);
    ngx_free(writer);
}

}  // namespace appcreate::nginx
