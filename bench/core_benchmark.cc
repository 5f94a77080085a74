// The core alone, and beside each part the plainest program that does the like: jansson, SHA-256, ICU.

#include <benchmark/benchmark.h>
#include <jansson.h>
#include <openssl/sha.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "app_create.h"
#include "request/application.h"
#include "request/record.h"
#include "slug/slug.h"

namespace {

constexpr std::string_view kAscii = "Enterprise Mobile Banking App";
constexpr std::string_view kLatin = "Übergrößen-Bänking für Élèves";
constexpr std::string_view kHan = "企业移动银行应用程序";
constexpr std::string_view kProvider =
    R"({"id":"507f1f77bcf86cd799439012","name":"AWS S3 Production Bucket","region":"eu-west-1",)"
    R"("config":"production-app-storage","provider":"aws-s3"})";

// A request's body of about `bytes` bytes: metadata grows.
std::string body_of(std::string_view name, std::size_t bytes) {
    std::string body = R"({"name":")" + std::string(name) +
                       R"(","configuration":{"storageProvider":"","notificationLanguage":"en"},)"
                       R"("defaultScripts":{"preInstall":"echo start"},"metadata":{"costCenter":"IT-2024")";
    for (int i = 0; body.size() + 40 < bytes; ++i) {
        body += R"(,"attribute)" + std::to_string(i) + R"(":["value",)" + std::to_string(i * 7) + R"(,true,0.5])";
    }
    return body + "}}";
}

ac_key test_key() {
    ac_key key = {};
    std::string_view("507f1f77bcf86cd799439011").copy(key.id, AC_ID_SIZE);
    std::string_view("507f1f77bcf86cd799439013").copy(key.organization, AC_ID_SIZE);
    std::string_view("507f1f77bcf86cd799439016").copy(key.owner, AC_ID_SIZE);
    std::string_view("benchmark").copy(key.organization_slug, AC_SLUG_SIZE);
    key.role = 1;
    key.flags = AC_KEY_MAY_CREATE | AC_KEY_ORG_ENABLED;
    return key;
}

// Checks 3 to 5 (docs/api.md, "Order of checks") through the C ABI: a create that is ready for the store.
ac_create *begin(const ac_key &key, const std::string &body) {
    const ac_str type = {"application/json", 16};
    ac_head head = {};
    head.key = &key;
    head.organization = {key.organization, AC_ID_SIZE - 1};
    head.content_type = &type;
    head.n_content_type = 1;
    ac_create *create = nullptr;
    if (ac_create_begin(&head, &create) != AC_OK || ac_create_body(create, {body.data(), body.size()}, 0) != AC_OK) {
        std::abort();
    }
    return create;
}

void serialise(std::string &answer, const appcreate::Application &application) {
    appcreate::RecordFacts facts;
    facts.id = "507f1f77bcf86cd799439011";
    facts.slug = application.slug;
    facts.provider = kProvider;
    facts.organization = "507f1f77bcf86cd799439013";
    facts.owner = "507f1f77bcf86cd799439016";
    facts.role = 1;
    facts.created_at = 1'760'000'000'000;
    appcreate::render_answer(answer, application, facts);
}

std::string answer_to(std::string_view name) {
    appcreate::Application application;
    if (!appcreate::read_application(body_of(name, 200), application).empty()) std::abort();
    appcreate::complete_slug(application);
    std::string answer;
    serialise(answer, application);
    return answer;
}

void load_and_dump(benchmark::State &state, const std::string &text) {
    for (auto _ : state) {
        json_t *value = json_loadb(text.data(), text.size(), 0, nullptr);
        char *out = json_dumps(value, JSON_COMPACT);
        benchmark::DoNotOptimize(out);
        std::free(out);
        json_decref(value);
    }
}

// ---- by size of the body: parse, validate, serialise

void request(benchmark::State &state) {
    const ac_key key = test_key();
    const std::string body = body_of(kAscii, static_cast<std::size_t>(state.range(0)));
    appcreate::Application application;
    if (!appcreate::read_application(body, application).empty()) std::abort();
    for (auto _ : state) {
        ac_create *create = begin(key, body);
        std::string answer;
        serialise(answer, application);
        benchmark::DoNotOptimize(answer.data());
        ac_create_free(create);
    }
}
void request_jansson(benchmark::State &state) {
    load_and_dump(state, body_of(kAscii, static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(request)->Arg(200)->Arg(2'000)->Arg(20'000)->Arg(200'000);
BENCHMARK(request_jansson)->Arg(200)->Arg(2'000)->Arg(20'000)->Arg(200'000);

// ---- a whole create without a store, by the name's script

void create(benchmark::State &state, std::string_view name) {
    const ac_key key = test_key();
    const std::string body = body_of(name, 200);
    appcreate::Application application;
    if (!appcreate::read_application(body, application).empty()) std::abort();
    appcreate::complete_slug(application);
    for (auto _ : state) {
        ac_create *create = begin(key, body);
        std::string answer;
        serialise(answer, application);
        benchmark::DoNotOptimize(answer.data());
        ac_create_free(create);
    }
}
void answer_jansson(benchmark::State &state, std::string_view name) { load_and_dump(state, answer_to(name)); }
BENCHMARK_CAPTURE(create, ascii, kAscii);
BENCHMARK_CAPTURE(create, latin, kLatin);
BENCHMARK_CAPTURE(create, han, kHan);
BENCHMARK_CAPTURE(answer_jansson, ascii, kAscii);
BENCHMARK_CAPTURE(answer_jansson, latin, kLatin);
BENCHMARK_CAPTURE(answer_jansson, han, kHan);

// ---- slugs

void slug(benchmark::State &state, std::string_view name) {
    appcreate::slug_of_name(name);  // ICU loads rules when it first meets a script
    for (auto _ : state) benchmark::DoNotOptimize(appcreate::slug_of_name(name));
}
void slug_ascii(benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(appcreate::slug_of_ascii(kAscii));
}
void slug_icu(benchmark::State &state, std::string_view name) {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::Transliterator> rules(icu::Transliterator::createInstance(
        icu::UnicodeString::fromUTF8("NFKC; Any-Latin; Latin-ASCII; Lower"), UTRANS_FORWARD, status));
    const auto source = icu::UnicodeString::fromUTF8({name.data(), static_cast<std::int32_t>(name.size())});
    icu::UnicodeString first(source);
    rules->transliterate(first);
    for (auto _ : state) {
        icu::UnicodeString text(source);
        rules->transliterate(text);
        benchmark::DoNotOptimize(text.length());
    }
}
BENCHMARK(slug_ascii);
BENCHMARK_CAPTURE(slug, latin, kLatin);
BENCHMARK_CAPTURE(slug, han, kHan);
BENCHMARK_CAPTURE(slug_icu, ascii, kAscii);
BENCHMARK_CAPTURE(slug_icu, latin, kLatin);
BENCHMARK_CAPTURE(slug_icu, han, kHan);

// ---- tokens

constexpr std::string_view kToken = "8f14e45fceea167a5a36dedd4bea2543-benchmark-token-0001";

void bearer(benchmark::State &state) {
    const std::string authorization = "Bearer " + std::string(kToken);
    ac_bearer out;
    for (auto _ : state) benchmark::DoNotOptimize(ac_bearer_parse({authorization.data(), authorization.size()}, &out));
}
void bearer_sha256(benchmark::State &state) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    for (auto _ : state) {
        SHA256(reinterpret_cast<const unsigned char *>(kToken.data()), kToken.size(), digest);
        benchmark::DoNotOptimize(digest);
    }
}
BENCHMARK(bearer);
BENCHMARK(bearer_sha256);

}  // namespace

BENCHMARK_MAIN();
