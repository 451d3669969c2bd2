#include "http/field_names.h"

#include <algorithm>
#include <cstring>

namespace millrace {

namespace {

constexpr std::size_t kCount = kFieldNames.size();
constexpr std::size_t kLongest = 32;

static_assert(std::is_sorted(kFieldNames.begin(), kFieldNames.end()));
static_assert(std::all_of(kFieldNames.begin(), kFieldNames.end(),
                          [](std::string_view name) { return name.size() >= 2 && name.size() <= kLongest; }));

/// A name and, for each of its bytes, the bit that tells the two cases of a letter apart. A received byte
/// matches when setting that bit gives the byte of the name. (Setting it everywhere would make CR equal to
/// "-".)
struct Pattern {
  std::size_t length = 0;
  char lower[kLongest] = {};
  char case_bit[kLongest] = {};
};

constexpr unsigned kSlotBits = 9;

/// Tells all known names apart: length, first and last two bytes, any case.
constexpr std::uint32_t key_of(const char* name, std::size_t length) noexcept {
  constexpr char kCaseBit = 0x20;
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at] | kCaseBit));
  };
  return byte(0) | byte(length - 1) << 8 | byte(length - 2) << 16 | static_cast<std::uint32_t>(length) << 24;
}

constexpr std::size_t slot_of(std::uint32_t key, std::uint32_t factor) noexcept {
  return (key * factor) >> (32 - kSlotBits);
}

struct Index {
  std::uint32_t factor = 0;
  std::array<std::uint8_t, std::size_t{1} << kSlotBits> ids{};
};

/// Finds a factor that gives each known name a slot of its own, so that a look-up compares once.
consteval Index make_index() {
  constexpr std::uint32_t kGolden = 0x9e3779b1;  // 2^32 divided by the golden ratio, made odd
  for (std::uint32_t attempt = 1; attempt < 2000; attempt += 2) {
    Index index;
    index.factor = kGolden * attempt;
    bool distinct = true;
    for (std::size_t i = 0; i < kCount && distinct; ++i) {
      std::uint8_t& id =
          index.ids[slot_of(key_of(kFieldNames[i].data(), kFieldNames[i].size()), index.factor)];
      distinct = id == 0;
      id = static_cast<std::uint8_t>(i + 1);
    }
    if (distinct) return index;
  }
  return {};
}

consteval std::array<Pattern, kCount + 1> make_patterns() {
  std::array<Pattern, kCount + 1> patterns{};
  for (std::size_t i = 0; i < kCount; ++i) {
    Pattern& pattern = patterns[i + 1];
    pattern.length = kFieldNames[i].size();
    for (std::size_t at = 0; at < pattern.length; ++at) {
      const char c = kFieldNames[i][at];
      pattern.lower[at] = c;
      pattern.case_bit[at] = c >= 'a' && c <= 'z' ? 0x20 : 0;
    }
  }
  return patterns;
}

constexpr Index kIndex = make_index();
static_assert(kIndex.factor != 0, "no factor found: more slots are needed");
constexpr std::array<Pattern, kCount + 1> kPatterns = make_patterns();

template <class Word>
Word difference(const char* name, const Pattern& pattern, std::size_t at) noexcept {
  Word received;
  Word lower;
  Word case_bit;
  std::memcpy(&received, name + at, sizeof(Word));
  std::memcpy(&lower, pattern.lower + at, sizeof(Word));
  std::memcpy(&case_bit, pattern.case_bit + at, sizeof(Word));
  return (received | case_bit) ^ lower;
}

/// Whole words, the last of which overlaps the one before it: nothing is read outside the name.
template <class Word>
bool matches(const char* name, std::size_t length, const Pattern& pattern) noexcept {
  Word differences = difference<Word>(name, pattern, length - sizeof(Word));
  for (std::size_t at = 0; at + sizeof(Word) < length; at += sizeof(Word)) {
    differences |= difference<Word>(name, pattern, at);
  }
  return differences == 0;
}

}  // namespace

FieldId id_of(const char* name, std::size_t length) noexcept {
  if (length < 2 || length > kLongest) return FieldId::unknown;
  const std::uint8_t id = kIndex.ids[slot_of(key_of(name, length), kIndex.factor)];
  const Pattern& pattern = kPatterns[id];
  if (pattern.length != length) return FieldId::unknown;
  const bool same = length >= 8   ? matches<std::uint64_t>(name, length, pattern)
                    : length >= 4 ? matches<std::uint32_t>(name, length, pattern)
                                  : matches<std::uint16_t>(name, length, pattern);
  return same ? static_cast<FieldId>(id) : FieldId::unknown;
}

}  // namespace millrace
