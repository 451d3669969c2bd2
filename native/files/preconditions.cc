#include "files/preconditions.h"

#include <algorithm>
#include <cstddef>

#include "http/field_rules.h"
#include "http/http_date.h"

namespace millrace {
namespace {

struct EntityTag {
  bool weak;
  std::string_view opaque;  // with its quotes
};

/// Takes an entity tag off the front of `text` (RFC 9110 §8.8.3). Any byte may stand between the quotes: one
/// that may not, and is sent nevertheless, makes a tag that is not ours.
std::optional<EntityTag> take_tag(std::string_view& text) noexcept {
  constexpr std::string_view kWeak = "W/";  // case counts
  std::string_view rest = text;
  const bool weak = rest.starts_with(kWeak);
  if (weak) rest.remove_prefix(kWeak.size());
  if (!rest.starts_with('"')) return std::nullopt;
  const std::size_t closing = rest.find('"', 1);
  if (closing == std::string_view::npos) return std::nullopt;
  text = rest.substr(closing + 1);
  return EntityTag{weak, rest.substr(0, closing + 1)};
}

std::optional<EntityTag> only_tag(std::string_view text) noexcept {
  const auto tag = take_tag(text);
  return text.empty() ? tag : std::nullopt;
}

enum class Comparison : std::uint8_t { strong, weak };

/// RFC 9110 §8.8.3.2.
bool same(const EntityTag& a, const EntityTag& b, Comparison comparison) noexcept {
  return a.opaque == b.opaque && (comparison == Comparison::weak || (!a.weak && !b.weak));
}

/// Whether a list of entity tags has the one that there is. Not for_each_element(): a tag may contain commas.
bool lists(std::string_view list, std::string_view etag, Comparison comparison) noexcept {
  if (trim(list) == "*") return true;
  const auto current = only_tag(etag);
  if (!current) return false;
  for (;;) {
    list = trim(list);
    const auto tag = take_tag(list);
    // What stands between a tag and the next comma makes it none.
    const std::size_t comma = std::min(list.find(','), list.size());
    if (tag && trim(list.substr(0, comma)).empty() && same(*tag, *current, comparison)) return true;
    if (comma == list.size()) return false;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

Precondition evaluate(const Conditions& conditions, const Validators& validators,
                      std::int64_t now_unix_seconds) noexcept {
  if (conditions.if_match) {
    if (!lists(*conditions.if_match, validators.etag, Comparison::strong)) return Precondition::failed;
  } else if (conditions.if_unmodified_since) {
    const auto date = parse_http_date(*conditions.if_unmodified_since, now_unix_seconds);
    if (date && validators.modified && *validators.modified > *date) return Precondition::failed;
  }
  if (conditions.if_none_match) {
    if (lists(*conditions.if_none_match, validators.etag, Comparison::weak))
      return Precondition::not_modified;
  } else if (conditions.if_modified_since) {
    const auto date = parse_http_date(*conditions.if_modified_since, now_unix_seconds);
    if (date && validators.modified && *validators.modified <= *date) return Precondition::not_modified;
  }
  return Precondition::proceed;
}

bool if_range_holds(const Conditions& conditions, const Validators& validators,
                    std::int64_t now_unix_seconds) noexcept {
  if (!conditions.if_range) return true;
  const auto current = only_tag(validators.etag);
  if (const auto tag = only_tag(*conditions.if_range)) {
    return current && same(*tag, *current, Comparison::strong);
  }
  const auto date = parse_http_date(*conditions.if_range, now_unix_seconds);
  return date && date == validators.modified && *date < now_unix_seconds;
}

}  // namespace millrace
