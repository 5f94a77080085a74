// Fills a store through the C ABI, without nginx: what a benchmark of a large store starts from.
//
//   bench_fill URI ORGANIZATION COUNT [NAME]     the token on stdin
//
// Names are random unless one is given. Prints {"per_second":…}.

#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "app_create.h"

namespace {

template <auto free>
struct Free {
    template <class T>
    void operator()(T *handle) const {
        free(handle);
    }
};
using Uri = std::unique_ptr<ac_uri, Free<ac_uri_free>>;
using Store = std::unique_ptr<ac_store, Free<ac_store_close>>;

ac_str to_ac(const std::string &text) { return {text.data(), text.size()}; }

[[noreturn]] void fail(const std::string &message) {
    std::fprintf(stderr, "fill: %s\n", message.c_str());
    std::exit(1);
}

std::int64_t deadline_in_seconds(std::int64_t seconds) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec + seconds) * 1'000'000'000 + now.tv_nsec;
}

// Hands out creates of its own making until enough were made.
class Source {
  public:
    Source(const ac_key &key, std::string organization, std::size_t count, std::string name)
        : key_(key), organization_(std::move(organization)), left_(count), name_(std::move(name)) {}

    static std::size_t take(void *source, ac_create **out, std::size_t max, std::size_t) {
        auto *self = static_cast<Source *>(source);
        std::size_t n = 0;
        for (; n < max && self->left_ > 0; ++n, --self->left_) out[n] = self->make();
        return n;
    }

    static void done(void *, ac_create *const *creates, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            const ac_answer *answer = ac_create_answer(creates[i]);
            if (answer->status != 200) fail("refused: " + std::string(answer->body.data, answer->body.len));
            ac_create_free(creates[i]);
        }
    }

  private:
    ac_create *make() {
        char suffix[17] = {};
        if (name_.empty()) std::snprintf(suffix, sizeof(suffix), "%016llx", static_cast<unsigned long long>(random_()));
        const std::string body = R"({"name":")" + (name_.empty() ? "Benchmark " : name_) + suffix +
                                 R"(","configuration":{"notificationLanguage":"en"},)"
                                 R"("metadata":{"costCenter":"IT-2024","projectCode":"MOBILE-BANK-001"}})";
        const ac_str type = {"application/json", 16};
        ac_head head = {};
        head.key = &key_;
        head.organization = to_ac(organization_);
        head.content_type = &type;
        head.n_content_type = 1;
        ac_create *create = nullptr;
        if (ac_create_begin(&head, &create) != AC_OK || ac_create_body(create, to_ac(body), 0) != AC_OK) {
            fail("the core refuses the benchmark's own request");
        }
        return create;
    }

    const ac_key key_;
    const std::string organization_;
    std::size_t left_;
    const std::string name_;
    std::mt19937_64 random_{std::random_device{}()};
};

ac_key find_key(ac_store *store) {
    std::string token;
    std::getline(std::cin, token);
    const std::string authorization = "Bearer " + token;
    ac_bearer bearer;
    if (ac_bearer_parse(to_ac(authorization), &bearer) != AC_ACCESS_OK) fail("stdin holds no token");
    ac_lookup lookup = {};
    std::copy(std::begin(bearer.digest), std::end(bearer.digest), lookup.digest);
    ac_error error;
    if (ac_store_find_keys(store, &lookup, 1, deadline_in_seconds(5), &error) != AC_OK) fail(error.message);
    if (lookup.found == 0) fail("the store does not know this token");
    return lookup.key;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: bench_fill URI ORGANIZATION COUNT [NAME], the token on stdin\n");
        return 2;
    }
    ac_error error;
    ac_uri *parsed = nullptr;
    if (ac_uri_parse(to_ac(argv[1]), &parsed, &error) != AC_OK) fail(error.message);
    const Uri uri(parsed);

    ac_store_options options = {};
    options.size = sizeof(options);
    options.uri = uri.get();
    options.timeout_ms = 10000;
    options.threads = 1;
    options.flags = AC_STORE_MAINTAIN;
    ac_store *opened = nullptr;
    if (ac_store_open(&options, &opened, &error) != AC_OK) fail(error.message);
    const Store store(opened);

    const std::size_t count = std::strtoull(argv[3], nullptr, 10);
    Source source(find_key(store.get()), argv[2], count, argc > 4 ? argv[4] : "");
    const ac_source creates = {&source, Source::take, Source::done, nullptr};
    const auto start = std::chrono::steady_clock::now();
    if (ac_store_write(store.get(), &creates, deadline_in_seconds(10), &error) != AC_OK) fail(error.message);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("{\"per_second\":%.1f}\n", static_cast<double>(count) / took.count());
    return 0;
}
