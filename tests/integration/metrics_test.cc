// app_create_metrics: what it tells is what was sent (docs/metrics.md).
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "harness/answers.h"
#include "harness/metrics.h"
#include "harness/suite.h"

namespace appcreate::test {
namespace {

constexpr const char *kAll = "app_create_requests_total";

std::string answered(int status, const std::string &code) {
    return std::string(kAll) + "{status=\"" + std::to_string(status) + "\",code=\"" + code + "\"}";
}

class MetricsTest : public OwnGateway {
  protected:
    static GatewayOptions options(int workers = 2) {
        GatewayOptions options;
        options.workers = workers;
        options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1h;";
        options.server = kWatching;
        options.servers = "server { listen 127.0.0.1:@port1@ reuseport; return 204; }";
        return options;
    }
    // Each on a connection of its own, so that workers share them.
    void create(int n) {
        for (int i = 0; i < n; ++i) {
            expect_created(gateway().client().send(gateway().request(R"({"name":"Counted"})")));
        }
    }
    void refuse(int n) {
        Request request = gateway().request(R"({"name":"Counted"})");
        drop_header(request.headers, "Authorization");
        for (int i = 0; i < n; ++i) {
            expect_no_token(gateway().client().send(request));
        }
    }
    // A request is counted when it is logged, after its answer went out.
    Metrics when(const std::string &sample, double value) {
        Metrics metrics = metrics_of(gateway());
        EXPECT_TRUE(eventually([&] {
            metrics = metrics_of(gateway());
            return metrics.at(sample) >= value;
        })) << sample
            << " is " << metrics.at(sample);
        return metrics;
    }
    std::string store(const std::string &name) { return name + "{store=\"" + store_name() + "\"}"; }
    // Without what a URI may hold besides.
    std::string store_name() {
        const Metrics metrics = metrics_of(gateway());
        for (const auto &[sample, value] : metrics.samples()) {
            if (sample.rfind("app_create_queue_limit_creates{store=\"", 0) == 0) {
                return sample.substr(38, sample.size() - 40);
            }
        }
        return "";
    }
    // Sums never go back.
    static void expect_no_less(const Metrics &before, const Metrics &after) {
        for (const auto &[sample, value] : before.samples()) {
            const std::string name = sample.substr(0, sample.find('{'));
            for (const char *suffix : {"_total", "_bucket", "_sum", "_count"}) {
                if (name.size() > std::string(suffix).size() && name.ends_with(suffix)) {
                    EXPECT_GE(after.at(sample), value) << sample;
                }
            }
        }
    }
};

TEST_F(MetricsTest, TellWhatWasSent) {
    make(options()).start();
    create(12);
    refuse(5);
    Request request = gateway().request(R"({"name":""})");
    EXPECT_EQ(gateway().client().send(request).status, 400);
    request = gateway().request("{}");
    request.path = "/v1/organizations/nobody/apps";
    EXPECT_EQ(gateway().client().send(request).status, 404);
    request.method = "PUT";
    EXPECT_EQ(gateway().client().send(request).status, 405);

    const Metrics metrics = when(answered(405, "1003"), 1);
    EXPECT_EQ(metrics.at(answered(200, "0")), 12);
    EXPECT_EQ(metrics.at(answered(401, "4002")), 5);
    EXPECT_EQ(metrics.at(answered(400, "3000")), 1);
    EXPECT_EQ(metrics.at(answered(404, "3001")), 1);
    EXPECT_EQ(metrics.sum(kAll), 20);
    EXPECT_EQ(metrics.at("app_create_request_duration_seconds_count"), 20);
    EXPECT_EQ(metrics.at("app_create_request_duration_seconds_bucket{le=\"+Inf\"}"), 20);
    EXPECT_EQ(metrics.at(store("app_create_store_duration_seconds_count")), 12);
    EXPECT_GT(metrics.at(store("app_create_store_duration_seconds_sum")), 0);
    EXPECT_EQ(metrics.at(store("app_create_batch_creates_sum")), 12);
    EXPECT_GE(metrics.at(store("app_create_batch_creates_count")), 1);
    EXPECT_EQ(metrics.sum("app_create_key_cache_requests_total"), 14);
    EXPECT_EQ(metrics.at("app_create_key_cache_requests_total{result=\"miss\"}"), 1);
    EXPECT_EQ(metrics.at("app_create_key_cache_keys{kind=\"known\"}"), 1);
    EXPECT_EQ(metrics.at("app_create_workers"), 2);
    EXPECT_EQ(metrics.at(store("app_create_queue_creates")), 0);
    EXPECT_EQ(metrics.at(store("app_create_queue_limit_creates")), 2 * 4096);
    EXPECT_EQ(metrics.sum("app_create_build_info"), 1);
}

TEST_F(MetricsTest, BucketsGrowTowardsTheCount) {
    make(options()).start();
    create(3);
    const Metrics metrics = when(answered(200, "0"), 3);
    for (const char *name : {"app_create_request_duration_seconds_bucket", "app_create_store_duration_seconds_bucket",
                             "app_create_batch_creates_bucket"}) {
        std::map<double, double> buckets;
        for (const auto &[sample, value] : metrics.samples()) {
            const std::size_t le = sample.find("le=\"");
            if (sample.rfind(name, 0) == 0 && le != std::string::npos) {
                buckets[std::stod(replace_all(sample.substr(le + 4), "+Inf", "1e99"))] = value;
            }
        }
        ASSERT_GE(buckets.size(), 10U) << name;
        double below = 0;
        for (const auto &[end, value] : buckets) {
            EXPECT_GE(value, below) << name << " " << end;
            below = value;
        }
        EXPECT_GE(below, 1) << name;
    }
}

TEST_F(MetricsTest, StayAcrossAReload) {
    GatewayOptions changed = options();
    make(changed).start();
    create(6);
    refuse(4);
    const Metrics before = when(answered(401, "4002"), 4);
    changed.location = "app_create_realm elsewhere;";
    gateway().reload_with(changed);
    expect_no_less(before, metrics_of(gateway()));
    create(5);
    const Metrics after = when(answered(200, "0"), 11);
    EXPECT_EQ(after.at(answered(200, "0")), 11);
    EXPECT_EQ(after.at(answered(401, "4002")), 4);
    EXPECT_EQ(after.at(store("app_create_batch_creates_sum")), 11);
    expect_no_less(before, after);
    EXPECT_TRUE(eventually([&] { return metrics_of(gateway()).at("app_create_workers") == 2; }));
}

// Where the zone of the metrics begins in a process; 0: nowhere.
std::uint64_t find_zone(std::fstream &memory, pid_t process) {
    std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream in(line);
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        char dash = 0;
        std::string rights;
        in >> std::hex >> begin >> dash >> end >> rights;
        if (rights != "rw-s") continue;
        std::string bytes(end - begin, '\0');
        memory.clear();
        memory.seekg(static_cast<std::streamoff>(begin));
        memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        const std::size_t at = bytes.find("acmetric");
        if (memory && at != std::string::npos) return begin + at;
    }
    return 0;
}

// As a module of another version would have left them: its layout has another checksum.
TEST_F(MetricsTest, OfAnotherLayoutBeginAnew) {
    GatewayOptions changed = options();
    make(changed).start();
    create(6);
    refuse(4);
    when(answered(401, "4002"), 4);
    const pid_t master = gateway().nginx().master();
    std::fstream memory("/proc/" + std::to_string(master) + "/mem", std::ios::in | std::ios::out | std::ios::binary);
    if (!memory) GTEST_SKIP() << "the memory of another process cannot be written here";
    const std::uint64_t zone = find_zone(memory, master);
    ASSERT_NE(zone, 0U);
    memory.seekp(static_cast<std::streamoff>(zone) + 8);
    memory.write("otherone", 8);
    memory.flush();
    ASSERT_TRUE(memory);

    gateway().provoke("the metrics in shared memory are another version's, they begin anew");
    changed.location = "app_create_realm elsewhere;";
    gateway().reload_with(changed);
    create(3);
    EXPECT_EQ(when(answered(200, "0"), 3).at(answered(200, "0")), 3);
    EXPECT_EQ(metrics_of(gateway()).at(answered(401, "4002")), 0);
    const auto said = [&] {
        const std::string log = gateway().nginx().error_log();
        std::size_t n = 0;
        for (std::size_t at = log.find("begin anew"); at != std::string::npos; at = log.find("begin anew", at + 1)) ++n;
        return n;
    };
    EXPECT_EQ(said(), 1U);

    // From then on they are this version's, and stay.
    changed.location = "app_create_realm again;";
    gateway().reload_with(changed);
    create(2);
    EXPECT_EQ(when(answered(200, "0"), 5).at(answered(200, "0")), 5);
    EXPECT_EQ(said(), 1U);
}

TEST_F(MetricsTest, StayWhenAWorkerIsKilled) {
    make(options()).start();
    gateway().provoke("exited on signal 9");
    create(8);
    Metrics before = when(answered(200, "0"), 8);
    // One after the other: all slots get another worker.
    for (int i = 0; i < 4; ++i) {
        const std::vector<pid_t> workers = gateway().nginx().workers();
        ASSERT_FALSE(workers.empty());
        kill(workers.front(), SIGKILL);
        ASSERT_TRUE(eventually([&] {
            const std::vector<pid_t> now = gateway().nginx().workers();
            return now.size() == 2 && std::find(now.begin(), now.end(), workers.front()) == now.end();
        }));
        const Metrics after = metrics_of(gateway());
        expect_no_less(before, after);
        before = after;
        create(2);
        before = when(answered(200, "0"), 8 + 2 * (i + 1));
        EXPECT_EQ(before.at(answered(200, "0")), 8 + 2 * (i + 1));
    }
    EXPECT_EQ(before.at("app_create_workers"), 2);
    EXPECT_EQ(before.at(store("app_create_queue_creates")), 0);
}

TEST_F(MetricsTest, ReplaysAreNoCommits) {
    make(options(1)).start();
    Request request = gateway().request(R"({"name":"Again"})");
    set_header(request.headers, "Idempotency-Key", "again");
    for (int i = 0; i < 3; ++i) {
        expect_created(gateway().client().send(request));
    }
    const Metrics metrics = when(answered(200, "0"), 3);
    EXPECT_EQ(metrics.at(store("app_create_replays_total")), 2);
    EXPECT_NEAR(metrics.at(store("app_create_store_last_commit_timestamp_seconds")),
                static_cast<double>(std::time(nullptr)), 60);
}

TEST_F(MetricsTest, FormatIsTheOneAskedFor) {
    make(options(1)).start();
    create(1);
    when(answered(200, "0"), 1);
    const std::string text = "text/plain; version=0.0.4; charset=utf-8";
    const std::string open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", text},
        {"*/*", text},
        {"text/plain", text},
        {"application/openmetrics-text", open},
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         open},
        {"application/openmetrics-text;q=0.3, text/plain;q=0.9", text},
        {"application/openmetrics-text;q=0", text},
        {"application/openmetrics-textual", text},
    };
    for (const auto &[accept, type] : table) {
        SCOPED_TRACE(accept);
        const Response response = get(gateway(), "/metrics", accept.empty() ? Headers{} : Headers{{"Accept", accept}});
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.header("Content-Type"), type);
        EXPECT_EQ(response.header("Cache-Control"), "no-store");
        EXPECT_EQ(response.body.ends_with("\n# EOF\n"), type == open);
        EXPECT_EQ(response.body.find("# TYPE app_create_requests counter\n") != std::string::npos, type == open);
        EXPECT_EQ(Metrics(response.body).at(answered(200, "0")), 1);
    }
}

TEST_F(MetricsTest, OnlyGetAndHead) {
    make(options(1)).start();
    Request request;
    request.method = "HEAD";
    request.path = "/metrics";
    request.has_body = false;
    const Response head = gateway().client().send(request);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.body, "");
    for (const char *path : {"/metrics", "/live", "/ready"}) {
        request.method = "POST";
        request.path = path;
        EXPECT_EQ(gateway().client().send(request).status, 405) << path;
    }
}

TEST_F(MetricsTest, ClientsCannotMakeSeries) {
    make(options(1)).start();
    for (int i = 0; i < 30; ++i) {
        Request request = gateway().request("{\"name\":\"\"}");
        request.method = "X" + std::string(1, static_cast<char>('A' + i % 26));
        request.path += "?n=" + std::to_string(i);
        set_header(request.headers, "Authorization", "Bearer " + std::string(40, static_cast<char>('a' + i % 26)));
        gateway().client().send(request);
    }
    const Metrics metrics = when(answered(405, "1003"), 30);
    EXPECT_LE(metrics.samples().size(), 120U);
}

// What operators have: promtool finds nothing to say, and Prometheus reads each number.
class MetricsRead : public MetricsTest {
  protected:
    static std::string why_not() {
        for (const char *program : {"promtool", "prometheus"}) {
            if (run({"sh", "-c", std::string("command -v ") + program}).status != 0) {
                return std::string("there is no ") + program + " here (package prometheus)";
            }
        }
        return "";
    }
};

TEST_F(MetricsRead, PromtoolHasNothingToSay) {
    if (const std::string why = why_not(); !why.empty()) GTEST_SKIP() << why;
    make(options()).start();
    create(2);
    when(answered(200, "0"), 2);
    const Outcome outcome = run({"promtool", "check", "metrics"}, {.input = get(gateway(), "/metrics").body});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(MetricsRead, PrometheusScrapesThem) {
    if (const std::string why = why_not(); !why.empty()) GTEST_SKIP() << why;
    make(options()).start();
    create(7);
    refuse(2);
    when(answered(401, "4002"), 2);

    const std::string port = std::to_string(gateway().extra_port(2));
    const std::string directory = gateway().directory();
    write_file(directory + "/prometheus.yml",
               gateway().expand("global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: app-create\n"
                                "    static_configs: [ { targets: [ '127.0.0.1:@http1@' ] } ]\n"));
    const pid_t prometheus =
        start({"prometheus", "--config.file=" + directory + "/prometheus.yml",
               "--storage.tsdb.path=" + directory + "/tsdb", "--web.listen-address=127.0.0.1:" + port},
              directory + "/prometheus.log");
    const auto ask = [&](const std::string &query) -> std::string {
        Request request;
        request.method = "GET";
        request.path = "/api/v1/query?query=" + query;
        request.has_body = false;
        const auto response = gateway().client_at(gateway().extra_port(2)).try_send(request);
        if (!response || response->status != 200) return "";
        const Json json = Json::parse(response->body);
        return json.has("/data/result/0/value/1") ? json.string("/data/result/0/value/1") : "";
    };
    const auto limit = std::chrono::seconds(120);
    EXPECT_TRUE(eventually([&] { return ask("sum(app_create_requests_total)") == "9"; }, limit))
        << ask("sum(app_create_requests_total)") << "\n"
        << read_file(directory + "/prometheus.log");
    EXPECT_EQ(ask("app_create_requests_total%7Bcode=%224002%22%7D"), "2");
    EXPECT_EQ(ask("sum(app_create_batch_creates_sum)"), "7");
    EXPECT_EQ(ask("up"), "1");
    EXPECT_TRUE(eventually([&] { return ask("min(app_create_store_up)") == "1"; }, limit));
    // All that the page has, it has.
    EXPECT_EQ(ask("scrape_samples_scraped"), std::to_string(metrics_of(gateway()).samples().size()));
    kill(prometheus, SIGTERM);
    EXPECT_TRUE(wait_for(prometheus, std::chrono::seconds(60)));
}

}  // namespace
}  // namespace appcreate::test
