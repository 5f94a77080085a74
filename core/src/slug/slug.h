// Slugs (docs/api.md, "Slugs").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace appcreate {

inline constexpr std::size_t kMaxSlug = 128;

// Base slug of an ASCII name, without ICU: the same as slug_of_name. Empty when nothing is left.
std::string slug_of_ascii(std::string_view name);

// Base slug of any name (valid UTF-8). Empty when nothing is left. Thread-safe; ICU's rules are loaded at first use.
std::string slug_of_name(std::string_view name);

// The same by ICU's rules alone, without what is remembered of Han characters.
std::string slug_by_rules(std::string_view name);

// Loads ICU's rules now, common scripts and Han included.
void warm_slugs();

// The slug when nothing is left of the name: `app-` and the last eight characters of the id.
std::string slug_of_id(std::string_view id_hex);

// `base` with `-number`, the base cut and trimmed so that 128 characters hold, number >= 2.
std::string numbered_slug(std::string_view base, std::uint64_t number);

// An application's slug: 3 to 128 of lower-case letters, digits and hyphens, none at its ends, never 24 hex digits.
bool is_application_slug(std::string_view text) noexcept;

// An organization's slug, and the slug form of {organizationId}: 3+ of letters, digits, hyphen, never 24 hex digits.
bool is_organization_slug(std::string_view text) noexcept;

}  // namespace appcreate
