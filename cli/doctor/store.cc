#include "doctor/store.h"

#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include "app_create.h"
#include "command.h"
#include "doctor/files.h"
#include "freeze.h"
#include "json_view.h"
#include "store_handle.h"

namespace appctl::doctor {
namespace {

constexpr std::int64_t kSoonMs = 14LL * 24 * 3600 * 1000;
constexpr std::size_t kShown = 20;

std::int64_t time_of(const std::string &text) {
    std::int64_t out = 0;
    return ac_time_parse(str(text), &out, nullptr) == AC_OK ? out : 0;
}

void keep_line(void *ctx, int level, const char *message, std::size_t length) {
    if (level != AC_LOG_WARN) return;
    static_cast<std::vector<std::string> *>(ctx)->emplace_back(message, length);
}

// The library's messages are "what; what to do".
struct Message {
    std::string what, remedy;
};

Message message_of(const std::string &text, const char *other_remedy) {
    const std::size_t end = text.find("; ");
    return {text.substr(0, end), end == std::string::npos ? other_remedy : text.substr(end + 2)};
}

void fail_with(Report &report, const char *check, const std::string &subject, const std::string &text) {
    const Message message = message_of(text, "see docs/operations.md");
    report.fail(check, subject, message.what, message.remedy);
}

struct Organization {
    std::string id, slug;
};

class StoreExamination {
  public:
    StoreExamination(const std::string &uri, const std::string &places, const Worker &worker, Report &report)
        : uri_(uri), places_(places), worker_(worker), report_(report) {}

    void run() {
        ac_uri *parsed = nullptr;
        ac_error error{};
        if (ac_uri_parse(str(uri_), &parsed, &error) != AC_OK) {
            // The variable of nginx's master process may be another one.
            if (uri_.starts_with("env:")) {
                return report_.warn("store", uri_, std::string("it cannot be seen from here: ") + error.message,
                                    "set the variable as nginx has it, and repeat this");
            }
            return fail_with(report_, "store", places_.empty() ? "--store" : places_, error.message);
        }
        const std::unique_ptr<ac_uri, void (*)(ac_uri *)> owned(parsed, [](ac_uri *uri) { ac_uri_free(uri); });
        name_ = text_of(ac_uri_name(parsed));
        if (!places_.empty()) report_.ok("store", name_, "used by " + places_);
        if (const std::string path = text_of(ac_uri_path(parsed)); !path.empty()) {
            examine_files(path, report_);
            try_as_worker(worker_, path, report_);
        }
        try {
            content();
        } catch (const std::runtime_error &failure) {
            fail_with(report_, "store", name_, failure.what());
        }
    }

  private:
    static std::string text_of(const ac_str &text) { return {text.data, text.len}; }

    void content() {
        std::vector<std::string> said;
        const StoreHandle store(uri_, keep_line, &said);
        ac_error error{};
        if (ac_store_warm(store.get(), &error) != AC_OK) return fail_with(report_, "schema", name_, error.message);
        report_.ok("schema", name_, "it is the one that this program works with");
        for (const std::string &line : said) {
            const Message message = message_of(line, "run \"appctl init\"");
            report_.warn("indexes", name_, message.what, message.remedy);
        }
        if (said.empty()) report_.ok("indexes", name_, "none is missing");
        freezes(store);
        keys(store);
    }

    // One that was forgotten looks to clients like an outage.
    void freezes(const StoreHandle &store) {
        bool is_any = false;
        const auto tell = [&](const std::string &subject, const char *what, const std::string &command) {
            is_any = true;
            report_.warn("freeze", subject, std::string(what) + ": nobody can create, clients get 503 with code 1006",
                         "run \"appctl " + command + "\" when that is to end");
        };
        if (is_store_frozen(store)) tell(name_, "the whole store is frozen", "thaw");
        store.rows(
            [&](std::string_view row) {
                const Json json = parse(row);
                if (!json_is_true(json_object_get(json.get(), "frozen"))) return;
                const std::string slug = readable(json.get(), "slug");
                tell(slug, "the organization is frozen", "thaw " + slug);
            },
            [&](ac_row_fn row, void *ctx, ac_error *err) { return ac_org_list(store.get(), row, ctx, err); });
        if (!is_any) report_.ok("freeze", name_, "nothing is frozen");
    }

    void keys(const StoreHandle &store) {
        std::vector<Organization> organizations;
        store.rows(
            [&](std::string_view row) {
                const Json json = parse(row);
                if (!json_is_true(json_object_get(json.get(), "enabled"))) return;
                organizations.push_back({readable(json.get(), "id"), readable(json.get(), "slug")});
            },
            [&](ac_row_fn row, void *ctx, ac_error *err) { return ac_org_list(store.get(), row, ctx, err); });
        const std::int64_t now = static_cast<std::int64_t>(std::time(nullptr)) * 1000;
        std::size_t soon = 0;
        for (const Organization &organization : organizations) {
            store.rows(
                [&](std::string_view row) { soon += key(parse(row).get(), organization.slug, now, soon) ? 1 : 0; },
                [&](ac_row_fn row, void *ctx, ac_error *err) {
                    return ac_key_list(store.get(), str(organization.id), row, ctx, err);
                });
        }
        if (soon == 0) report_.ok("keys", name_, "none ends within 14 days");
        if (soon > kShown) {
            report_.warn("keys", name_, std::to_string(soon - kShown) + " more end within 14 days",
                         "run \"appctl key list --org ORG\" for each organization");
        }
    }

    // Returns whether it ends soon. One that has ended already is no news.
    bool key(const json_t *key, const std::string &slug, std::int64_t now, std::size_t before) {
        const json_t *expires = json_object_get(key, "expiresAt");
        if (!json_is_string(expires) || json_is_true(json_object_get(key, "revoked"))) return false;
        const std::int64_t end = time_of(json_string_value(expires));
        if (end <= now || end > now + kSoonMs) return false;
        if (before < kShown) {
            const std::string id = readable(key, "id");
            const std::string name = readable(key, "name");
            report_.warn("keys", id + (name == "-" ? "" : " (" + name + ")"),
                         "it ends at " + readable(key, "expiresAt") + ", in the organization " + slug,
                         "give its clients another token: appctl key rotate " + id +
                             "; nothing is to be done where another one is in use already");
        }
        return true;
    }

    const std::string uri_;
    const std::string places_;
    const Worker worker_;
    Report &report_;
    std::string name_;
};

}  // namespace

void examine_store(const std::string &uri, const std::string &places, const Worker &worker, Report &report) {
    StoreExamination(uri, places, worker, report).run();
}

}  // namespace appctl::doctor
