#include "files/range_request.h"

#include <algorithm>
#include <limits>

#include "http/field_rules.h"
#include "http/framing_rules.h"

namespace millrace {
namespace {

/// Ranges that overlap another one. RFC 9110 §14.2 suspects "more than two overlapping ranges".
constexpr std::size_t kMaxOverlapping = 2;

/// Numbers that do not fit in 64 bits are the largest that does: no file is that long.
bool read_number(std::string_view digits, std::uint64_t& value) noexcept {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return false;
  value = 0;
  for (const char c : digits) {
    if (!is(kDigit, c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return true;
}

enum class Spec : std::uint8_t { bad, unsatisfiable, found };

/// One range-spec of RFC 9110 §14.1.2: "0-9", "10-" or "-5".
Spec read_spec(std::string_view spec, std::uint64_t length, ByteRange& range) noexcept {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return Spec::bad;
  const std::string_view from = spec.substr(0, dash);
  const std::string_view to = spec.substr(dash + 1);
  if (from.empty()) {
    std::uint64_t suffix = 0;
    if (!read_number(to, suffix)) return Spec::bad;
    range.bytes = std::min(suffix, length);
    range.first = length - range.bytes;
    return suffix > 0 ? Spec::found : Spec::unsatisfiable;
  }
  std::uint64_t first = 0;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  if (!read_number(from, first) || (!to.empty() && !read_number(to, last)) || last < first) return Spec::bad;
  if (first >= length) return Spec::unsatisfiable;
  range.first = first;
  range.bytes = std::min(last, length - 1) - first + 1;
  return Spec::found;
}

bool overlap(const ByteRange& a, const ByteRange& b) noexcept {
  return a.first < b.first ? b.first - a.first < a.bytes : a.first - b.first < b.bytes;
}

/// Whether the parts are together more than the whole, or many of them overlap: nobody needs that, and it has
/// been an attack (RFC 9110 §17.15).
bool is_excessive(std::span<const ByteRange> ranges, std::uint64_t length) noexcept {
  std::uint64_t left = length;
  std::size_t overlapping = 0;
  for (const ByteRange& range : ranges) {
    if (range.bytes > left) return true;
    left -= range.bytes;
    overlapping += std::any_of(ranges.begin(), ranges.end(), [&](const ByteRange& other) {
      return &other != &range && overlap(range, other);
    });
  }
  return overlapping > kMaxOverlapping;
}

}  // namespace

RangeOutcome parse_range(std::string_view value, std::uint64_t length) noexcept {
  using Kind = RangeOutcome::Kind;
  const std::size_t equals = value.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(value.substr(0, equals), "bytes")) return {};

  RangeOutcome outcome;
  std::size_t asked = 0;
  bool bad = false;
  bool empty = false;
  for_each_element(value.substr(equals + 1), [&](std::string_view element) {
    if (++asked > kMaxRanges) return;
    ByteRange range{};
    const Spec spec = read_spec(element, length, range);
    bad |= spec == Spec::bad;
    if (spec != Spec::found) return;
    empty |= range.bytes == 0;
    outcome.found[outcome.count++] = range;
  });
  if (asked == 0 || asked > kMaxRanges || bad || empty || is_excessive(outcome.ranges(), length)) return {};
  outcome.kind = outcome.count > 0 ? Kind::partial : Kind::unsatisfiable;
  return outcome;
}

}  // namespace millrace
