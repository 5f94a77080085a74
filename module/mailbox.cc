// News from threads to the event loop: a list and an eventfd, one for the worker. nginx's own ngx_notify holds one
// handler at a time, the thread pool's, so it cannot carry ours.

#include <sys/eventfd.h>

#include "metrics.h"
#include "threads.h"

namespace appcreate::nginx {
namespace {

// Messages delivered in one turn of the event loop, so that a large batch starves nobody: neither by a thousand
// finalized requests in one event, nor by their clients, which ask again at once.
constexpr ngx_uint_t kSlice = 8;

struct LogLine {
    Message message;
    ngx_uint_t level;
    size_t len;
    u_char text[1];
};

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
Message *first_message;
Message **last_message = &first_message;

// The event loop's: taken over from the list, not delivered yet.
Message *delivering;
int event_fd = -1;

// Static, as the one that nginx's event method has for its own notices: none of the worker's connections is taken, and
// a shutdown that looks through those does not meet it.
ngx_connection_t connection;
ngx_event_t read_event;
ngx_event_t write_event;

Message *take_all() {
    MutexLock lock(&mutex);
    Message *all = first_message;
    first_message = nullptr;
    last_message = &first_message;
    return all;
}

void deliver(ngx_uint_t limit) {
    for (ngx_uint_t i = 0; i < limit; i++) {
        if (delivering == nullptr) {
            delivering = take_all();
            if (delivering == nullptr) {
                return;
            }
        }
        Message *message = delivering;
        delivering = message->next;
        message->deliver(message);
    }
}

void read_mailbox(ngx_event_t *event) {
    if (event->ready) {
        uint64_t count;
        (void)!read(event_fd, &count, sizeof(count));
        event->ready = 0;
    }
    deliver(kSlice);

    pthread_mutex_lock(&mutex);
    bool more = delivering || first_message;
    pthread_mutex_unlock(&mutex);
    if (more) {
        ngx_post_event(event, &ngx_posted_next_events);
    }
}

void deliver_log_line(Message *message) {
    auto *line = reinterpret_cast<LogLine *>(message);
    ngx_log_error(line->level, ngx_cycle->log, 0, "app_create: %*s", line->len, line->text);
    ngx_free(line);
}

}  // namespace

ngx_int_t open_mailbox(ngx_cycle_t *cycle) {
    event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event_fd == -1) {
        ngx_err_t err = ngx_errno;
        ngx_log_error(NGX_LOG_EMERG, cycle->log, err, "eventfd() failed%s",
                      err == EMFILE ? ", raise \"worker_rlimit_nofile\"" : "");
        return NGX_ERROR;
    }
    read_event.handler = read_mailbox;
    read_event.data = &connection;
    read_event.log = cycle->log;
    write_event.data = &connection;
    write_event.write = 1;
    write_event.log = cycle->log;
    connection.fd = event_fd;
    connection.read = &read_event;
    connection.write = &write_event;
    connection.log = cycle->log;

    ngx_uint_t flags = NGX_LEVEL_EVENT;
    if (ngx_event_flags & NGX_USE_CLEAR_EVENT) {
        flags = NGX_CLEAR_EVENT;
    }
    if (ngx_add_event(&read_event, NGX_READ_EVENT, flags) != NGX_OK) {
        close_mailbox();
        return NGX_ERROR;
    }
    return NGX_OK;
}

void deliver_all() { deliver(NGX_MAX_UINT32_VALUE); }

void close_mailbox() {
    if (event_fd == -1) {
        return;
    }
    deliver_all();
    if (read_event.active) {
        (void)ngx_del_event(&read_event, NGX_READ_EVENT, NGX_CLOSE_EVENT);
    }
    if (read_event.posted) {
        ngx_delete_posted_event(&read_event);
    }
    (void)close(event_fd);
    event_fd = -1;
    connection.fd = -1;
}

void post_messages(Message *first, Message *last) {
    last->next = nullptr;
    pthread_mutex_lock(&mutex);
    bool was_empty = first_message == nullptr;
    *last_message = first;
    last_message = &last->next;
    pthread_mutex_unlock(&mutex);

    if (was_empty) {
        uint64_t one = 1;
        (void)!write(event_fd, &one, sizeof(one));
    }
}

void log_from_thread(void *ctx, int level, const char *message, size_t len) {
    StoreMetrics *metrics = metrics_of(static_cast<const Backend *>(ctx));
    if (level == AC_LOG_ERROR) {
        metrics->failures.add();
    } else if (level == AC_LOG_RECOVERED) {
        metrics->recoveries.add();
    }
    auto *line = static_cast<LogLine *>(malloc(sizeof(LogLine) + len));
    if (line == nullptr) {
        return;
    }
    line->message.deliver = deliver_log_line;
    line->level = NGX_LOG_NOTICE;
    // A recovery is as loud as the failure that it ends.
    if (level == AC_LOG_ERROR || level == AC_LOG_RECOVERED) {
        line->level = NGX_LOG_ERR;
    } else if (level == AC_LOG_WARN) {
        line->level = NGX_LOG_WARN;
    }
    line->len = len;
    ngx_memcpy(line->text, message, len);
    post_messages(&line->message, &line->message);
}

}  // namespace appcreate::nginx
