// literal_table.h: a hash table from (owner, text) to a number, for the literal parts of routes. Grows, never
// shrinks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Not made against hash flooding: the keys come from the application, clients only look up.
class LiteralTable {
 public:
  static constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();

  /// A function of the text alone, so that a text looked up for several owners is read once.
  [[nodiscard]] static std::uint64_t hash_of(std::string_view text) noexcept {
    const char* at = text.data();
    std::size_t left = text.size();
    std::uint64_t hash = left * kMultiplier;
    for (; left > sizeof(std::uint64_t); at += sizeof(std::uint64_t), left -= sizeof(std::uint64_t)) {
      hash = mix(hash ^ load<std::uint64_t>(at));
    }
    return mix(hash ^ load_up_to_8(at, left));
  }

  /// kAbsent where there is no such pair. `hash` is hash_of(text).
  [[nodiscard]] std::uint32_t find(std::uint32_t owner, std::string_view text,
                                   std::uint64_t hash) const noexcept {
    if (text.size() > longest_) return kAbsent;
    const std::uint64_t key = key_of(owner, hash);
    for (std::size_t i = key & mask();; i = (i + 1) & mask()) {  // ends: at least half of the slots are empty
      const Slot& slot = slots_[i];
      if (slot.value == kAbsent) return kAbsent;
      if (slot.key == key && slot.owner == owner && slot.length == text.size() &&
          std::memcmp(texts_.data() + slot.offset, text.data(), text.size()) == 0) {
        return slot.value;
      }
    }
  }

  /// Does not even hash a text that is longer than all in the table.
  [[nodiscard]] std::uint32_t find(std::uint32_t owner, std::string_view text) const noexcept {
    return text.size() > longest_ ? kAbsent : find(owner, text, hash_of(text));
  }

  /// The pair must be absent, and `value` not kAbsent.
  void insert(std::uint32_t owner, std::string_view text, std::uint32_t value) {
    if (++used_ * 2 > slots_.size()) grow();
    const Slot slot{key_of(owner, hash_of(text)), owner, static_cast<std::uint32_t>(text.size()),
                    texts_.size(), value};
    texts_.append(text);
    if (text.size() > longest_) longest_ = text.size();
    place(slot);
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t owner = 0;
    std::uint32_t length = 0;
    std::size_t offset = 0;  // of the text in texts_
    std::uint32_t value = kAbsent;
  };

  static constexpr std::size_t kFirstSlots = 16;
  // Odd, with its bits spread: the golden ratio as a 64-bit fraction.
  static constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;

  // A product's high half depends on all bits of the factors; the fold brings it to where slots are chosen.
  static std::uint64_t mix(std::uint64_t value) noexcept {
    value *= kMultiplier;
    return value ^ (value >> 32);
  }

  template <class Word>
  static Word load(const char* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }

  // Two loads that overlap instead of a loop over the bytes; hash_of has added the length.
  static std::uint64_t load_up_to_8(const char* at, std::size_t length) noexcept {
    if (length >= sizeof(std::uint32_t)) {
      const std::uint64_t first = load<std::uint32_t>(at);
      return first << 32 | load<std::uint32_t>(at + length - sizeof(std::uint32_t));
    }
    if (length == 0) return 0;
    const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    return byte(0) << 16 | byte(length / 2) << 8 | byte(length - 1);
  }

  static std::uint64_t key_of(std::uint32_t owner, std::uint64_t hash) noexcept { return mix(hash ^ owner); }

  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

  void place(const Slot& slot) noexcept {
    std::size_t i = slot.key & mask();
    while (slots_[i].value != kAbsent) i = (i + 1) & mask();
    slots_[i] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.value != kAbsent) place(slot);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);
  std::string texts_;
  std::size_t used_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace millrace
