#include "request/application.h"

#include <algorithm>
#include <array>
#include <span>

#include "json/reader.h"
#include "json/writer.h"
#include "request/name.h"
#include "slug/slug.h"

namespace appcreate {
namespace {

constexpr std::array<std::string_view, 5> kScripts = {"preInstall", "postInstall", "audit", "enforce", "runner"};

// Where in the body something stands. Its pointer is made only when there is something to say of it.
struct JsonPath {
    const JsonPath *parent = nullptr;  // null: the body itself
    std::string_view key;

    [[nodiscard]] std::string pointer() const {
        if (parent == nullptr) return {};
        std::string text = parent->pointer();
        append_pointer(text, key);
        return text;
    }
};

// One walk over the body's tree, in document order.
class BodyReader {
  public:
    BodyReader(Document &document, Application &out) : pending_(document.numbers), out_(out) {}

    std::vector<Violation> read(const JsonValue &body) {
        const JsonPath root;
        if (take_number(root)) return std::move(violations_);
        if (!body.is_object()) {
            add(root, "must be an object");
            take_numbers_below(root);
            return std::move(violations_);
        }
        bool named = false;
        members(body, root, [&](const JsonPath &at, const JsonValue &value) {
            if (at.key == "name") {
                named = true;
                if (!take_number(at)) name(at, value);
            } else if (at.key == "configuration") {
                if (!take_number(at)) configuration(at, value);
            } else if (at.key == "metadata") {
                if (!take_number(at)) metadata(at, value);
            } else if (at.key == "defaultScripts") {
                if (!take_number(at)) default_scripts(at, value);
            }
        });
        if (!named) add({&root, "name"}, "is required");
        if (violations_.empty()) finish();
        return std::move(violations_);
    }

  private:
    void add(const JsonPath &at, std::string_view message) {
        if (violations_.size() < kMaxViolations) violations_.push_back({at.pointer(), std::string(message)});
    }

    // Calls visit(path, value) for each member; afterwards the numbers in it are reported.
    template <class Visit>
    void members(const JsonValue &object, const JsonPath &parent, const Visit &visit) {
        each_member(object, [&](std::string_view key, const JsonValue &member) {
            const JsonPath path{&parent, key};
            visit(path, member);
            if (pending_.empty()) return;
            take_number(path);
            take_numbers_below(path);
        });
    }

    // Reports the value itself as a number that is not representable, if it is one.
    bool take_number(const JsonPath &at) {
        if (pending_.empty() || pending_.front().pointer != at.pointer()) return false;
        take_front();
        return true;
    }

    void take_numbers_below(const JsonPath &at) {
        const std::string path = at.pointer();
        const auto is_below = [&path](const std::string &pointer) {
            return pointer.size() > path.size() && pointer[path.size()] == '/' && pointer.starts_with(path);
        };
        while (!pending_.empty() && is_below(pending_.front().pointer)) take_front();
    }

    void take_front() {
        if (violations_.size() < kMaxViolations) violations_.push_back(std::move(pending_.front()));
        pending_ = pending_.subspan(1);
    }

    void name(const JsonPath &at, const JsonValue &value) {
        if (!value.is_string()) return add(at, "must be a string");
        std::string buffer;
        const Name name = read_name(value.first.meaning(buffer));
        if (name.length == 0) return add(at, "must not be empty");
        if (name.length > kMaxName) add(at, "must have at most 128 characters");
        if (name.control) add(at, "must not contain control characters");
        if (name.bidi_control) add(at, "must not contain bidirectional controls");
        if (!name.visible) add(at, "must contain at least one visible character");
        if (!violations_.empty()) return;
        out_.name = name.text;
        out_.slug_known = name.ascii;
    }

    void configuration(const JsonPath &path, const JsonValue &value) {
        if (!value.is_object()) return add(path, "must be an object");
        members(value, path, [&](const JsonPath &at, const JsonValue &member) {
            if (at.key == "storageProvider") {
                if (!take_number(at)) storage_provider(at, member);
            } else if (at.key == "notificationLanguage") {
                if (!take_number(at)) notification_language(at, member);
            }
        });
    }

    void storage_provider(const JsonPath &at, const JsonValue &value) {
        if (!value.is_string()) return add(at, "must be a string");
        std::string buffer;
        const std::string_view text = value.first.meaning(buffer);
        if (text.empty() || text == "__DEFAULT__") return;
        out_.provider = ObjectId::parse(text);
        if (!out_.provider) add(at, "must be empty, __DEFAULT__ or 24 hexadecimal digits");
    }

    void notification_language(const JsonPath &at, const JsonValue &value) {
        if (!value.is_string()) return add(at, "must be a string");
        std::string buffer;
        const auto *found = std::find(kLanguages.begin(), kLanguages.end(), value.first.meaning(buffer));
        if (found == kLanguages.end()) return add(at, "must be one of es, en, fr, de, it, zh, pt, ru");
        out_.language = static_cast<std::uint8_t>(found - kLanguages.begin());
    }

    void metadata(const JsonPath &at, const JsonValue &value) {
        if (!value.is_object()) return add(at, "must be an object");
        if (!violations_.empty() || !pending_.empty()) return;
        out_.metadata.clear();
        append_compact(out_.metadata, value.text);
    }

    void default_scripts(const JsonPath &path, const JsonValue &value) {
        if (!value.is_object()) return add(path, "must be an object");
        members(value, path, [&](const JsonPath &at, const JsonValue &member) {
            const auto *known = std::find(kScripts.begin(), kScripts.end(), at.key);
            if (known == kScripts.end() || take_number(at)) return;
            if (!member.is_string()) return add(at, "must be a string");
            scripts_[static_cast<std::size_t>(known - kScripts.begin())] = member.text;
        });
    }

    void finish() {
        std::size_t size = 2;
        for (std::size_t i = 0; i < kScripts.size(); ++i) size += kScripts[i].size() + scripts_[i].size() + 4;
        out_.scripts.reserve(size);
        char before = '{';
        for (std::size_t i = 0; i < kScripts.size(); ++i) {
            if (scripts_[i].empty()) continue;
            out_.scripts += before;
            append_string(out_.scripts, kScripts[i]);
            out_.scripts += ':';
            append_compact(out_.scripts, scripts_[i]);
            before = ',';
        }
        out_.scripts += before == '{' ? "{}" : "}";
        if (out_.slug_known) out_.slug = slug_of_ascii(out_.name);
    }

    std::span<Violation> pending_;  // numbers that are not reported yet
    Application &out_;
    std::vector<Violation> violations_;
    std::array<std::string_view, kScripts.size()> scripts_{};  // as they stand in the body
};

}  // namespace

std::vector<Violation> read_application(std::string_view body, Application &out) {
    out = Application();
    out.metadata = "{}";
    Document document = read_json(body);
    if (document.is_malformed()) return {{"", std::move(document.malformed)}};
    return BodyReader(document, out).read(document.root);
}

void complete_slug(Application &application) {
    if (application.slug_known) return;
    application.slug = slug_of_name(application.name);
    application.slug_known = true;
}

}  // namespace appcreate
