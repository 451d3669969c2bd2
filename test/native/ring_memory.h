// ring_memory.h: memory for rings, and payloads whose damage is seen. What lib/ring-memory.ts is for
// JavaScript.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ring/ring_layout.h"
#include "ring/shared_words.h"

namespace millrace::ring {

/// Zeroed, and exactly as large as the ring says, so that AddressSanitizer sees what goes beyond.
class RingMemory {
 public:
  explicit RingMemory(std::size_t bytes) : lines_((bytes + sizeof(Line) - 1) / sizeof(Line)) {}

  [[nodiscard]] SharedMemory shared() { return {lines_.data()->words.data(), lines_.size() * sizeof(Line)}; }

 private:
  struct alignas(64) Line {
    std::array<std::uint32_t, kCacheLineWords> words{};
  };
  std::vector<Line> lines_;
};

/// Where indices start: at 0, and so that the 32-bit counters pass 2^31 (where JavaScript's numbers become
/// negative) and 2^32 within a test.
inline constexpr std::array<std::uint32_t, 3> kFirstIndices = {0, 0x8000'0000U - 5, 0xffff'ffffU - 4};

[[nodiscard]] inline char payload_byte(std::uint32_t seed, std::size_t at) noexcept {
  return static_cast<char>(seed * 2654435761U >> 24 ^ (seed + at * 31));
}

inline void write_payload(char* to, std::size_t bytes, std::uint32_t seed) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) to[i] = payload_byte(seed, i);
}

[[nodiscard]] inline bool is_payload(const char* from, std::size_t bytes, std::uint32_t seed) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) {
    if (from[i] != payload_byte(seed, i)) return false;
  }
  return true;
}

}  // namespace millrace::ring
