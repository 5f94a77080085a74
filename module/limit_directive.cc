// app_create_limit key=VALUE rate=RATE [burst=NUMBER] [zone=NAME:SIZE];

#include "defaults.h"
#include "directives.h"
#include "limit.h"

namespace appcreate::nginx {
namespace {

constexpr const char kOwnZone[] = "give one of the two a zone of its own, as in \"zone=NAME:1m\"";

bool is_name_char(u_char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

struct Parameters {
    ngx_str_t key;
    ngx_str_t rate;
    ngx_str_t burst;
    ngx_str_t zone;
};

char *read_parameters(ngx_conf_t *cf, Parameters *out) {
    const struct {
        ngx_str_t prefix;
        ngx_str_t *value;
    } known[] = {{ngx_string("key="), &out->key},
                 {ngx_string("rate="), &out->rate},
                 {ngx_string("burst="), &out->burst},
                 {ngx_string("zone="), &out->zone}};
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        const ngx_str_t &arg = args(cf)[i];
        ngx_str_t *value = nullptr;
        for (const auto &one : known) {
            if (arg.len > one.prefix.len && ngx_strncmp(arg.data, one.prefix.data, one.prefix.len) == 0) {
                value = one.value;
                if (value->data) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\" in \"app_create_limit\"",
                                       &arg);
                    return failed();
                }
                *value = {arg.len - one.prefix.len, arg.data + one.prefix.len};
            }
        }
        if (value == nullptr) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in \"app_create_limit\", it must be \"key=VALUE\", "
                               "\"rate=RATE\", \"burst=NUMBER\" or \"zone=NAME:SIZE\"",
                               &arg);
            return failed();
        }
    }
    if (out->key.data == nullptr) {
        return fail(cf, "\"app_create_limit\" must have the \"key\" parameter, as in \"key=$app_create_key\"");
    }
    if (out->rate.data == nullptr) {
        return fail(cf, "\"app_create_limit\" must have the \"rate\" parameter, as in \"rate=10r/s\"");
    }
    return taken();
}

char *read_rate(ngx_conf_t *cf, const Parameters &parameters, LimitRate *out) {
    ngx_str_t text = parameters.rate;
    const size_t unit = 3;
    ngx_int_t number = NGX_ERROR;
    ngx_int_t per_minute = 0;
    if (text.len > unit) {
        const u_char *end = text.data + text.len - unit;
        per_minute = ngx_strncmp(end, "r/s", unit) == 0 ? 60 : ngx_strncmp(end, "r/m", unit) == 0 ? 1 : 0;
        number = ngx_atoi(text.data, text.len - unit);
    }
    if (per_minute == 0 || number <= 0 || number > kMostRequests) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid rate \"%V\" in \"app_create_limit\", it must be as in 10r/s or 30r/m", &text);
        return failed();
    }
    out->per_minute = static_cast<uint64_t>(number) * static_cast<uint64_t>(per_minute);

    if (parameters.burst.data) {
        number = ngx_atoi(parameters.burst.data, parameters.burst.len);
        if (number == NGX_ERROR || number > kMostRequests) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid burst \"%V\" in \"app_create_limit\", it must be a number as in 20",
                               &parameters.burst);
            return failed();
        }
        out->burst = static_cast<uint64_t>(number);
    }
    return taken();
}

char *read_zone(ngx_conf_t *cf, const ngx_str_t &text, LimitZone *out) {
    size_t len = 0;
    while (len < text.len && is_name_char(text.data[len])) {
        len++;
    }
    ngx_str_t size_text = {text.len - len - 1, text.data + len + 1};
    ssize_t size = NGX_ERROR;
    if (len && len <= defaults::kLongestLimitName && len + 1 < text.len && text.data[len] == ':') {
        size = ngx_parse_size(&size_text);
    }
    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\" in \"app_create_limit\", it must be NAME:SIZE as in apps:1m, with at "
                           "most %uz letters, digits, \"_\", \"-\" and \".\" for a name",
                           &text, defaults::kLongestLimitName);
        return failed();
    }
    out->name = {len, text.data};
    out->size = static_cast<size_t>(size);
    const size_t smallest = defaults::kSmallestLimitZonePages * ngx_pagesize;
    if (out->size < smallest) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" of \"app_create_limit\" is too small, give it a size of %uzk or more",
                           &out->name, smallest / 1024);
        return failed();
    }
    return taken();
}

// The name of a limit that has none: its key, with one "_" in place of what a name cannot have.
char *name_after_key(ngx_conf_t *cf, LimitZone *zone) {
    auto *name = static_cast<u_char *>(ngx_pnalloc(cf->pool, defaults::kLongestLimitName));
    if (name == nullptr) {
        return failed();
    }
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; i < zone->key.len && len < defaults::kLongestLimitName - 1; i++) {
        if (!is_name_char(zone->key.data[i])) {
            gap = len != 0;
            continue;
        }
        if (gap) {
            name[len++] = '_';
            gap = false;
        }
        name[len++] = zone->key.data[i];
    }
    if (len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the limit by \"%V\" in \"app_create_limit\" has no name, give it one as in "
                           "\"zone=NAME:1m\"",
                           &zone->key);
        return failed();
    }
    zone->name = {len, name};
    zone->size = defaults::kLimitZoneSize;
    return taken();
}

// The zone with that name, made when it is new. What two limits say of it must be the same.
LimitZone *find_zone(ngx_conf_t *cf, MainConf *main, const LimitZone &wanted) {
    auto **there = static_cast<LimitZone **>(main->limits.elts);
    for (ngx_uint_t i = 0; i < main->limits.nelts; i++) {
        LimitZone *zone = there[i];
        if (!is_equal(zone->name, wanted.name)) {
            continue;
        }
        const char *differs = !is_equal(zone->key, wanted.key)        ? "key"
                              : zone->per_minute != wanted.per_minute ? "rate"
                              : zone->size != wanted.size             ? "size"
                                                                      : nullptr;
        if (differs) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "zone \"%V\" of \"app_create_limit\" has another %s than in %s:%ui, %s", &zone->name,
                               differs, zone->at.file, zone->at.line, kOwnZone);
            return nullptr;
        }
        return zone;
    }

    // Of its own, so that no other zone of ours can be taken for one.
    static const char tag[] = "app_create_limit";
    auto *zone = static_cast<LimitZone *>(ngx_palloc(cf->pool, sizeof(LimitZone)));
    auto **place = static_cast<LimitZone **>(ngx_array_push(&main->limits));
    if (zone == nullptr || place == nullptr) {
        return nullptr;
    }
    *zone = wanted;
    zone->at = conf_line(cf);
    zone->source = ngx_crc32_long(zone->key.data, zone->key.len);
    zone->memory = ngx_shared_memory_add(cf, &zone->name, zone->size, const_cast<char *>(tag));
    if (zone->memory == nullptr) {
        return nullptr;
    }
    zone->memory->init = init_limit_zone;
    *place = zone;
    return zone;
}

bool is_before(const Limit *a, const Limit *b) {
    return ngx_memn2cmp(a->zone->name.data, b->zone->name.data, a->zone->name.len, b->zone->name.len) < 0;
}

// The index of the variable that the whole of the key is; NGX_DECLINED: it is something else.
ngx_int_t find_variable(ngx_conf_t *cf, const ngx_str_t &key) {
    ngx_str_t name = key;
    if (name.len < 2 || *name.data != '$') {
        return NGX_DECLINED;
    }
    name.data++;
    name.len--;
    if (*name.data == '{' && name.data[name.len - 1] == '}') {
        name.data++;
        name.len -= 2;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.data[i]) || name.data[i] == '-' || name.data[i] == '.') {
            return NGX_DECLINED;
        }
    }
    // "$1" is a part of an expression's match.
    if (name.len == 0 || (*name.data >= '0' && *name.data <= '9')) {
        return NGX_DECLINED;
    }
    return ngx_http_get_variable_index(cf, &name);
}

// "NAME";q=NUMBER;w=SECONDS
bool write_policy(ngx_conf_t *cf, Limit *limit) {
    auto *text = static_cast<u_char *>(ngx_pnalloc(cf->pool, limit->zone->name.len + 64));
    if (text == nullptr) {
        return false;
    }
    const u_char *end =
        ngx_sprintf(text, "\"%V\";q=%uL;w=%uL", &limit->zone->name, limit->rate.burst + 1, window_of(limit->rate));
    limit->policy = {static_cast<size_t>(end - text), text};
    return true;
}

char *add_limit(ngx_conf_t *cf, LimitSet *set, Limit *limit) {
    const size_t len = set->policies.len + limit->policy.len + 2;
    auto *policies = static_cast<u_char *>(ngx_pnalloc(cf->pool, len));
    if (policies == nullptr) {
        return failed();
    }
    const u_char *end = ngx_sprintf(policies, "%V%s%V", &set->policies, set->policies.len ? ", " : "", &limit->policy);
    set->policies = {static_cast<size_t>(end - policies), policies};

    auto **listed = static_cast<Limit **>(ngx_array_push(&set->list));
    auto **sorted = static_cast<Limit **>(ngx_array_push(&set->by_name));
    if (listed == nullptr || sorted == nullptr) {
        return failed();
    }
    *listed = limit;
    auto **first = static_cast<Limit **>(set->by_name.elts);
    for (; sorted > first && is_before(limit, sorted[-1]); sorted--) {
        sorted[0] = sorted[-1];
    }
    *sorted = limit;
    return taken();
}

}  // namespace

char *set_limit(ngx_conf_t *cf, ngx_command_t *, void *data) {
    auto *conf = static_cast<LocConf *>(data);
    if (has_blank(cf)) {
        return failed();
    }
    Parameters parameters = {};
    LimitZone wanted = {};
    auto *limit = static_cast<Limit *>(ngx_pcalloc(cf->pool, sizeof(Limit)));
    if (limit == nullptr || read_parameters(cf, &parameters) != NGX_CONF_OK ||
        read_rate(cf, parameters, &limit->rate) != NGX_CONF_OK) {
        return failed();
    }
    wanted.key = parameters.key;
    wanted.per_minute = limit->rate.per_minute;
    char *rc = parameters.zone.data ? read_zone(cf, parameters.zone, &wanted) : name_after_key(cf, &wanted);
    if (rc != NGX_CONF_OK) {
        return rc;
    }

    ngx_http_compile_complex_value_t compile = {};
    compile.cf = cf;
    compile.value = &parameters.key;
    compile.complex_value = &limit->key;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
        return failed();
    }
    limit->variable = find_variable(cf, parameters.key);
    if (limit->variable == NGX_ERROR) {
        return failed();
    }
    limit->zone = find_zone(cf, main_conf_of(cf), wanted);
    if (limit->zone == nullptr) {
        return failed();
    }

    if (conf->limits == nullptr) {
        conf->limits = static_cast<LimitSet *>(ngx_pcalloc(cf->pool, sizeof(LimitSet)));
        if (conf->limits == nullptr || ngx_array_init(&conf->limits->list, cf->pool, 2, sizeof(Limit *)) != NGX_OK ||
            ngx_array_init(&conf->limits->by_name, cf->pool, 2, sizeof(Limit *)) != NGX_OK) {
            return failed();
        }
    }
    auto **there = static_cast<Limit **>(conf->limits->list.elts);
    for (ngx_uint_t i = 0; i < conf->limits->list.nelts; i++) {
        if (there[i]->zone == limit->zone) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "zone \"%V\" of \"app_create_limit\" would count each create twice, %s",
                               &limit->zone->name, kOwnZone);
            return failed();
        }
    }
    if (!write_policy(cf, limit)) {
        return failed();
    }
    return add_limit(cf, conf->limits, limit);
}

}  // namespace appcreate::nginx
