#include "request/parcel.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string_view>
#include <type_traits>

#include "base/views.h"
#include "request/answers.h"

namespace appcreate {
namespace {

// The texts follow, in the order of their lengths.
struct Packed {
    ac_key key;
    ObjectId id, provider;
    Digest request, fingerprint;
    std::uint8_t language;
    bool is_provider_named, is_keyed, validate_only;
    std::uint32_t name, metadata, scripts, slug;
};

struct PackedOutcome {
    std::uint16_t status, code, retry_after, flags;
    bool has_id;
    bool has_own_body;  // otherwise the code's
    std::array<char, 24> id;
    std::uint32_t batch, store_us;
    std::uint32_t body, slug;
};

static_assert(std::is_trivially_copyable_v<Packed> && std::is_trivially_copyable_v<PackedOutcome>);

template <class Header>
std::size_t put(const Header &header, std::initializer_list<std::string_view> texts,
                std::span<std::byte> out) noexcept {
    std::size_t size = sizeof header;
    for (const std::string_view text : texts) size += text.size();
    if (size > out.size()) return 0;
    std::memcpy(out.data(), &header, sizeof header);
    std::byte *at = out.data() + sizeof header;
    for (const std::string_view text : texts) {
        if (!text.empty()) std::memcpy(at, text.data(), text.size());
        at += text.size();
    }
    return size;
}

class Texts {
  public:
    explicit Texts(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
    // False once a length is beyond the bytes.
    bool take(std::uint32_t size, std::string &out) {
        if (size > bytes_.size()) return false;
        out.assign(reinterpret_cast<const char *>(bytes_.data()), size);
        bytes_ = bytes_.subspan(size);
        return true;
    }

  private:
    std::span<const std::byte> bytes_;
};

std::uint32_t length(const std::string &text) noexcept { return static_cast<std::uint32_t>(text.size()); }

}  // namespace

std::size_t Parcel::pack(const Create &create, std::span<std::byte> out) noexcept {
    const Application &application = create.application_;
    Packed packed{};
    packed.key = create.key_;
    packed.language = application.language;
    packed.validate_only = create.validate_only_;
    packed.id = *create.chosen_id_;
    if (application.provider) packed.provider = *application.provider;
    packed.is_provider_named = application.provider.has_value();
    if (create.request_) packed.request = *create.request_;
    packed.is_keyed = create.request_.has_value();
    packed.fingerprint = create.fingerprint_;
    packed.name = length(application.name);
    packed.metadata = length(application.metadata);
    packed.scripts = length(application.scripts);
    packed.slug = length(application.slug);
    return put(packed, {application.name, application.metadata, application.scripts, application.slug}, out);
}

std::unique_ptr<Create> Parcel::unpack(std::span<const std::byte> bytes) {
    Packed packed;
    if (bytes.size() < sizeof packed) return nullptr;
    std::memcpy(&packed, bytes.data(), sizeof packed);
    std::unique_ptr<Create> create(new Create(packed.key));
    Application &application = create->application_;
    Texts texts(bytes.subspan(sizeof packed));
    if (!texts.take(packed.name, application.name) || !texts.take(packed.metadata, application.metadata) ||
        !texts.take(packed.scripts, application.scripts) || !texts.take(packed.slug, application.slug)) {
        return nullptr;
    }
    application.slug_known = true;
    application.language = packed.language;
    if (packed.is_provider_named) application.provider = packed.provider;
    create->validate_only_ = packed.validate_only;
    create->chosen_id_ = packed.id;
    if (packed.is_keyed) create->request_ = packed.request;
    create->fingerprint_ = packed.fingerprint;
    create->parsed_ = true;
    return create;
}

std::size_t Parcel::pack_outcome(const Create &create, std::span<std::byte> out) noexcept {
    const ac_answer &answer = create.answer_;
    PackedOutcome packed{};
    packed.status = answer.status;
    packed.code = answer.code;
    packed.retry_after = answer.retry_after;
    packed.flags = answer.flags;
    packed.has_own_body = answer.body.data == create.body_.text().data();
    packed.has_id = create.id_.size() == packed.id.size();
    if (packed.has_id) std::memcpy(packed.id.data(), create.id_.data(), packed.id.size());
    packed.batch = create.batch_;
    packed.store_us = create.store_us_;
    packed.body = packed.has_own_body ? static_cast<std::uint32_t>(answer.body.len) : 0;
    packed.slug = length(create.slug_);
    return put(packed, {packed.has_own_body ? view(answer.body) : std::string_view(), create.slug_}, out);
}

bool Parcel::unpack_outcome(std::span<const std::byte> bytes, Create &create) noexcept {
    PackedOutcome packed;
    if (bytes.size() < sizeof packed) return false;
    std::memcpy(&packed, bytes.data(), sizeof packed);
    if (packed.status == 0) return false;
    std::string &body = create.body_.text();
    try {
        Texts texts(bytes.subspan(sizeof packed));
        if (!texts.take(packed.body, body) || !texts.take(packed.slug, create.slug_)) return false;
        create.id_.clear();
        if (packed.has_id) create.id_.assign(packed.id.data(), packed.id.size());
    } catch (const std::bad_alloc &) {
        return false;
    }
    create.answer_ = code_answer(packed.code);
    create.answer_.status = packed.status;
    create.answer_.code = packed.code;
    create.answer_.retry_after = packed.retry_after;
    create.answer_.flags = packed.flags;
    if (packed.has_own_body) create.answer_.body = borrow(body);
    create.batch_ = packed.batch;
    create.store_us_ = packed.store_us;
    return true;
}

}  // namespace appcreate
