// The numbers as Prometheus reads them: text format 0.0.4, or OpenMetrics 1.0 for who asks for it.

#include "defaults.h"
#include "limit.h"
#include "metrics.h"
#include "text.h"

namespace appcreate::nginx {
namespace {

const ngx_str_t text_type = ngx_string("text/plain; version=0.0.4; charset=utf-8");
const ngx_str_t openmetrics_type = ngx_string("application/openmetrics-text; version=1.0.0; charset=utf-8");

enum class Unit : uint8_t { kOne, kMilliseconds, kMicroseconds };

class Page {
  public:
    Page(ngx_pool_t *pool, bool openmetrics) : text_(pool), openmetrics_(openmetrics) {}

    // `name` without the "_total" of counters, which OpenMetrics has with the samples alone.
    void counter(const char *name, const char *help) { head(name, "counter", openmetrics_ ? "" : "_total", help); }
    void gauge(const char *name, const char *help) { head(name, "gauge", "", help); }
    void histogram(const char *name, const char *help) { head(name, "histogram", "", help); }
    void info(const char *name, const char *help) {
        if (openmetrics_) {
            head(name, "info", "", help);
        } else {
            head(name, "gauge", "_info", help);
        }
    }

    // One sample. `labels` is empty or ends without a comma.
    void sample(const char *name, const char *suffix, const ngx_str_t &labels, uint64_t value, Unit unit = Unit::kOne) {
        text_.add("%s%s", name, suffix);
        if (labels.len) {
            text_.add("{%V}", &labels);
        }
        text_.add(" ");
        add_value(value, unit);
        text_.add("\n");
    }

    void samples(const char *name, const ngx_str_t &labels, const Buckets &ends, const uint64_t *buckets, uint64_t sum,
                 Unit unit) {
        uint64_t below = 0;
        for (ngx_uint_t i = 0; i <= ends.count; i++) {
            below += buckets[i];
            text_.add("%s_bucket{%V%sle=\"%s\"} %uL\n", name, &labels, labels.len ? "," : "",
                      i < ends.count ? ends.list[i].text : "+Inf", below);
        }
        sample(name, "_sum", labels, sum, unit);
        sample(name, "_count", labels, below);
    }

    bool end(ngx_str_t *out) {
        if (openmetrics_) {
            text_.add("# EOF\n");
        }
        return text_.end(out);
    }

  private:
    void head(const char *name, const char *type, const char *suffix, const char *help) {
        text_.add("# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix, type);
    }
    void add_value(uint64_t value, Unit unit) {
        switch (unit) {
            case Unit::kOne:
                text_.add("%uL", value);
                break;
            case Unit::kMilliseconds:
                text_.add("%uL.%03uL", value / 1000, value % 1000);
                break;
            case Unit::kMicroseconds:
                text_.add("%uL.%06uL", value / 1000000, value % 1000000);
                break;
        }
    }

    Text text_;
    bool openmetrics_;
};

struct Sums {
    uint64_t buckets[kMaxBuckets];
    uint64_t sum;
    void add(const Histogram &histogram) {
        for (ngx_uint_t i = 0; i < kMaxBuckets; i++) {
            buckets[i] += histogram.buckets[i].get();
        }
        sum += histogram.sum.get();
    }
};

const ngx_str_t no_labels = ngx_null_string;

template <class Get>
uint64_t sum_of(const MainConf *conf, const Get &get) {
    uint64_t sum = 0;
    each_worker(conf, [&](const WorkerMetrics &worker) { sum += get(worker).get(); });
    return sum;
}

struct Answers {
    ngx_uint_t count;
    uint64_t keys[kMaxAnswered];
    uint64_t sums[kMaxAnswered];
    uint64_t besides;
};

// Grouped by key: a table of one worker has another order than another's.
void sum_answers(const MainConf *conf, AnswerTable WorkerMetrics::*table, Answers *out) {
    each_worker(conf, [&](const WorkerMetrics &worker) {
        out->besides += (worker.*table).besides.get();
        for (const Answered &answered : (worker.*table).list) {
            uint64_t key = answered.key.load(std::memory_order_relaxed);
            if (key == 0) {
                continue;
            }
            ngx_uint_t i = 0;
            while (i < out->count && out->keys[i] != key) {
                i++;
            }
            if (i == kMaxAnswered) {
                out->besides += answered.count.get();
                continue;
            }
            if (i == out->count) {
                out->keys[out->count++] = key;
            }
            out->sums[i] += answered.count.get();
        }
    });
}

// A code as a label has it.
struct CodeText {
    explicit CodeText(ngx_uint_t code) {
        u_char *end = code == kNoCode      ? ngx_sprintf(text, "none")
                      : code == kOtherCode ? ngx_sprintf(text, "other")
                                           : ngx_sprintf(text, "%ui", code);
        *end = '\0';
    }
    u_char text[NGX_INT_T_LEN + 1];
};

void add_requests(Page *page, const MainConf *conf) {
    Answers answers = {};
    sum_answers(conf, &WorkerMetrics::answers, &answers);
    page->counter("app_create_requests", "Requests that ended, by HTTP status and by code of the answer.");
    u_char text[64];
    for (ngx_uint_t i = 0; i < answers.count; i++) {
        CodeText code(code_in(answers.keys[i]));
        u_char *end = ngx_sprintf(text, "status=\"%03ui\",code=\"%s\"", status_in(answers.keys[i]), code.text);
        ngx_str_t labels = {static_cast<size_t>(end - text), text};
        page->sample("app_create_requests", "_total", labels, answers.sums[i]);
    }
    if (answers.besides) {
        page->sample("app_create_requests", "_total", ngx_string("status=\"other\",code=\"other\""), answers.besides);
    }

    Sums sums = {};
    each_worker(conf, [&](const WorkerMetrics &worker) { sums.add(worker.duration); });
    page->histogram("app_create_request_duration_seconds", "Time of a request from its first byte to its log line.");
    page->samples("app_create_request_duration_seconds", no_labels, request_buckets, sums.buckets, sums.sum,
                  Unit::kMilliseconds);
}

void add_modes(Page *page, const MainConf *conf) {
    static const char *const modes[kModes] = {"create", "validate", "off", "unknown"};
    u_char text[160];
    page->counter("app_create_mode_requests", "Creates that came, by what app_create_mode was for them.");
    for (ngx_uint_t i = 0; i < kModes; i++) {
        ngx_str_t labels = {static_cast<size_t>(ngx_sprintf(text, "mode=\"%s\"", modes[i]) - text), text};
        page->sample("app_create_mode_requests", "_total", labels,
                     sum_of(conf, [i](const WorkerMetrics &worker) -> const Counter & { return worker.modes[i]; }));
    }

    Answers shadows = {};
    sum_answers(conf, &WorkerMetrics::shadows, &shadows);
    page->counter("app_create_shadow_answers",
                  "Mirrored creates that were validated, by the answer here and by that of the original.");
    for (ngx_uint_t i = 0; i < shadows.count; i++) {
        uint64_t key = shadows.keys[i];
        CodeText code(code_in(key));
        CodeText original_code(original_code_in(key));
        u_char *end = ngx_sprintf(text,
                                  "result=\"%s\",status=\"%03ui\",code=\"%s\",original_status=\"%03ui\","
                                  "original_code=\"%s\"",
                                  kShadowResults[result_in(key)], status_in(key), code.text, original_status_in(key),
                                  original_code.text);
        ngx_str_t labels = {static_cast<size_t>(end - text), text};
        page->sample("app_create_shadow_answers", "_total", labels, shadows.sums[i]);
    }
    if (shadows.besides) {
        page->sample("app_create_shadow_answers", "_total",
                     ngx_string("result=\"other\",status=\"other\",code=\"other\",original_status=\"other\","
                                "original_code=\"other\""),
                     shadows.besides);
    }
}

void add_key_cache(Page *page, const MainConf *conf) {
    static const char *const results[kCacheEvents] = {"hit", "miss", "expired", "negative"};
    page->counter("app_create_key_cache_requests", "Tokens that were looked for in the key cache, by what was found.");
    for (ngx_uint_t i = 0; i < kCacheEvents; i++) {
        u_char text[32];
        ngx_str_t labels = {static_cast<size_t>(ngx_sprintf(text, "result=\"%s\"", results[i]) - text), text};
        page->sample("app_create_key_cache_requests", "_total", labels,
                     sum_of(conf, [i](const WorkerMetrics &worker) -> const Counter & { return worker.cache[i]; }));
    }
    page->counter("app_create_key_cache_evictions", "Entries that a full key cache has forgotten before their time.");
    page->sample("app_create_key_cache_evictions", "_total", no_labels,
                 sum_of(conf, [](const WorkerMetrics &worker) -> const Counter & { return worker.evictions; }));
    ngx_uint_t known = 0;
    ngx_uint_t unknown = 0;
    // There is none where nothing creates.
    if (conf->keys) {
        count_cached_keys(conf->keys, &known, &unknown);
    }
    page->gauge("app_create_key_cache_keys", "Entries of the key cache, by kind.");
    page->sample("app_create_key_cache_keys", "", ngx_string("kind=\"known\""), known);
    page->sample("app_create_key_cache_keys", "", ngx_string("kind=\"unknown\""), unknown);
}

// Of the limits that the configuration has now. The zones count, under the lock that they need all the same.
void add_limits(Page *page, const MainConf *conf) {
    const auto add_samples = [&](const char *name, const char *suffix, uint64_t LimitCounts::*value) {
        auto **zone = static_cast<LimitZone **>(conf->limits.elts);
        for (ngx_uint_t i = 0; i < conf->limits.nelts; i++) {
            u_char text[defaults::kLongestLimitName + sizeof("limit=\"\"")];
            const u_char *end = ngx_sprintf(text, "limit=\"%V\"", &zone[i]->name);
            page->sample(name, suffix, {static_cast<size_t>(end - text), text}, limit_counts(zone[i]).*value);
        }
    };
    page->counter("app_create_limit_refusals", "Creates that a limit has refused with 429.");
    add_samples("app_create_limit_refusals", "_total", &LimitCounts::refusals);
    page->counter("app_create_limit_evictions", "Keys that a limit's full zone has forgotten while they counted.");
    add_samples("app_create_limit_evictions", "_total", &LimitCounts::evictions);
    page->gauge("app_create_limit_keys", "Keys that a limit counts.");
    add_samples("app_create_limit_keys", "", &LimitCounts::keys);
}

// A store's label, "" and "\" escaped.
bool store_label(ngx_pool_t *pool, const ngx_str_t &name, ngx_str_t *out) {
    Text text(pool);
    text.add("store=\"");
    text.add_escaped(name);
    text.add("\"");
    return text.end(out);
}

struct StoreLabels {
    ngx_uint_t count;
    ngx_str_t list[kMaxWatchedStores];
};

void add_histogram(Page *page, const MainConf *conf, const StoreLabels &labels, const char *name, const char *help,
                   const Buckets &ends, Unit unit, Histogram StoreMetrics::*member) {
    page->histogram(name, help);
    for (ngx_uint_t i = 0; i < labels.count; i++) {
        Sums sums = {};
        each_worker(conf, [&](const WorkerMetrics &worker) { sums.add(worker.stores[i].*member); });
        page->samples(name, labels.list[i], ends, sums.buckets, sums.sum, unit);
    }
}

void add_store_counts(Page *page, const MainConf *conf, const StoreLabels &labels) {
    add_histogram(page, conf, labels, "app_create_store_duration_seconds",
                  "Time of a create in its store, from the start of its batch to its outcome.", store_buckets,
                  Unit::kMicroseconds, &StoreMetrics::duration);
    add_histogram(page, conf, labels, "app_create_batch_creates", "Creates that were written together.", batch_buckets,
                  Unit::kOne, &StoreMetrics::batches);
    static const struct {
        const char *name;
        const char *help;
        Counter StoreMetrics::*counter;
    } counters[] = {
        {"app_create_replays", "Answers that were given again for an Idempotency-Key.", &StoreMetrics::replays},
        {"app_create_queue_refusals", "Requests that a full queue has refused with 503.", &StoreMetrics::refusals},
        {"app_create_store_timeouts", "Requests that had no answer of the store within app_create_timeout.",
         &StoreMetrics::timeouts},
        {"app_create_store_failures", "How often a worker has begun to fail at the store, or for another reason.",
         &StoreMetrics::failures},
        {"app_create_store_recoveries", "How often a worker has reached the store again after it had failed.",
         &StoreMetrics::recoveries},
    };
    for (const auto &one : counters) {
        page->counter(one.name, one.help);
        for (ngx_uint_t i = 0; i < labels.count; i++) {
            page->sample(one.name, "_total", labels.list[i],
                         sum_of(conf, [&](const WorkerMetrics &worker) -> const Counter & {
                             return worker.stores[i].*one.counter;
                         }));
        }
    }
}

// Of the stores that the configuration has now.
void add_store_states(Page *page, const MainConf *conf, const StoreLabels &labels) {
    StoreHealth health[kMaxWatchedStores] = {};
    const Backend *backends[kMaxWatchedStores] = {};
    auto **backend = static_cast<Backend **>(conf->backends.elts);
    for (ngx_uint_t i = 0; i < conf->backends.nelts; i++) {
        backends[backend[i]->metrics] = backend[i];
        health[backend[i]->metrics] = store_health(conf, backend[i]);
    }

    static const struct {
        const char *name;
        const char *help;
        uint64_t StoreHealth::*value;
        Unit unit;
        bool of_files;  // SQLite's alone, and left out as long as it is 0
    } gauges[] = {
        {"app_create_queue_creates", "Creates on their way to the store.", &StoreHealth::queue_creates, Unit::kOne,
         false},
        {"app_create_queue_bytes", "Bytes that creates on their way to the store occupy.", &StoreHealth::queue_bytes,
         Unit::kOne, false},
        {"app_create_queue_limit_creates", "How many creates may be on their way, over all workers.",
         &StoreHealth::limit_creates, Unit::kOne, false},
        {"app_create_queue_limit_bytes", "How many bytes they may occupy, over all workers.", &StoreHealth::limit_bytes,
         Unit::kOne, false},
        {"app_create_store_last_commit_timestamp_seconds", "When an application was last stored.",
         &StoreHealth::last_commit, Unit::kMilliseconds, false},
        {"app_create_store_last_checkpoint_timestamp_seconds",
         "When the write-ahead log was last brought into the file (SQLite).", &StoreHealth::last_checkpoint,
         Unit::kMilliseconds, true},
        {"app_create_store_frozen", "1 while creates of the whole store are frozen (appctl freeze), else 0.",
         &StoreHealth::frozen, Unit::kOne, false},
        {"app_create_store_log_bytes", "Size of the write-ahead log (SQLite).", &StoreHealth::log_bytes, Unit::kOne,
         true},
    };
    for (const auto &one : gauges) {
        page->gauge(one.name, one.help);
        for (ngx_uint_t i = 0; i < labels.count; i++) {
            uint64_t value = health[i].*one.value;
            bool has = backends[i] && (value || one.unit == Unit::kOne) &&
                       (!one.of_files || ac_uri_kind(backends[i]->uri) == AC_STORE_SQLITE);
            if (has) {
                page->sample(one.name, "", labels.list[i], value, one.unit);
            }
        }
    }
    page->gauge("app_create_store_up", "1 while all workers reach the store, 0 while one does not.");
    for (ngx_uint_t i = 0; i < labels.count; i++) {
        if (backends[i] && health[i].known) {
            page->sample("app_create_store_up", "", labels.list[i], health[i].reachable);
        }
    }
}

bool make_page(ngx_http_request_t *r, bool openmetrics, ngx_str_t *out) {
    const MainConf *conf = main_conf(r);
    StoreLabels labels = {};
    labels.count = count_watched_stores(conf);
    for (ngx_uint_t i = 0; i < labels.count; i++) {
        if (!store_label(r->pool, watched_store_name(conf, i), &labels.list[i])) {
            return false;
        }
    }

    Page page(r->pool, openmetrics);
    add_requests(&page, conf);
    add_modes(&page, conf);
    add_store_counts(&page, conf, labels);
    add_store_states(&page, conf, labels);
    add_key_cache(&page, conf);
    add_limits(&page, conf);
    page.gauge("app_create_workers", "Worker processes that run, those that finish their last requests included.");
    page.sample("app_create_workers", "", no_labels, count_workers(conf));
    u_char text[128];
    ngx_str_t build = {
        static_cast<size_t>(
            ngx_snprintf(text, sizeof(text), "version=\"%s\",nginx=\"" NGINX_VERSION "\"", ac_version()) - text),
        text};
    page.info("app_create_build", "Version of the module, and of the nginx that it was built for.");
    page.sample("app_create_build", "_info", build, 1);
    return page.end(out);
}

// ---- Accept

// The weight that Accept gives to a media type, in thousandths; 0 where it is not named. Of several the highest.
ngx_uint_t weight_of(const ngx_str_t &accept, const ngx_str_t &type) {
    ngx_uint_t best = 0;
    const u_char *end = accept.data + accept.len;
    for (const u_char *p = accept.data; p < end;) {
        const u_char *comma = p;
        while (comma < end && *comma != ',') {
            comma++;
        }
        ngx_str_t one = trimmed({static_cast<size_t>(comma - p), const_cast<u_char *>(p)});
        p = comma + 1;
        if (one.len < type.len || ngx_strncasecmp(one.data, type.data, type.len) != 0) {
            continue;
        }
        if (one.len > type.len && ngx_strchr("; \t", one.data[type.len]) == nullptr) {
            continue;
        }
        ngx_uint_t weight = 1000;
        for (size_t i = type.len; i + 2 < one.len; i++) {
            if ((one.data[i] == 'q' || one.data[i] == 'Q') && one.data[i + 1] == '=' &&
                ngx_strchr("; \t", one.data[i - 1])) {
                size_t length = i + 2;
                while (length < one.len && (ngx_strchr(".0123456789", one.data[length]))) {
                    length++;
                }
                ngx_int_t thousandths = ngx_atofp(one.data + i + 2, length - i - 2, 3);
                weight = thousandths == NGX_ERROR ? 0 : static_cast<ngx_uint_t>(thousandths);
            }
        }
        best = ngx_max(best, weight);
    }
    return best;
}

ngx_str_t find_header(ngx_http_request_t *r, const ngx_str_t &name) {
    for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next) {
        auto *header = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (header[i].key.len == name.len && ngx_strncmp(header[i].lowcase_key, name.data, name.len) == 0) {
                return header[i].value;
            }
        }
    }
    return ngx_null_string;
}

bool wants_openmetrics(ngx_http_request_t *r) {
    ngx_str_t accept = find_header(r, ngx_string("accept"));
    ngx_uint_t open = weight_of(accept, ngx_string("application/openmetrics-text"));
    return open && open >= weight_of(accept, ngx_string("text/plain"));
}

}  // namespace

ngx_int_t metrics_handler(ngx_http_request_t *r) {
    bool openmetrics = wants_openmetrics(r);
    ngx_str_t page;
    if (!make_page(r, openmetrics, &page)) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    return send_page(r, NGX_HTTP_OK, openmetrics ? openmetrics_type : text_type, page);
}

}  // namespace appcreate::nginx
