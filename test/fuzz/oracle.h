// oracle.h: what the fuzzers share: a way to fail, and cuts that depend only on the input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace millrace::fuzz {

/// Ends the process in a way that libFuzzer reports with the input.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "oracle: %s\n", rule);
  std::abort();
}

/// Pseudo-random numbers from a seed (xorshift64), the same in every build: a found input stays a failing
/// input.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2 + 1) {}
  /// From 0 to `bound` - 1.
  std::size_t below(std::size_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::size_t>(state_ % bound);
  }

 private:
  std::uint64_t state_;
};

/// FNV-1a, so that the cuts change with the input.
inline std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Up to six ascending places to cut `size` bytes; some may be equal, which makes an empty piece.
inline std::vector<std::size_t> random_cuts(Numbers& numbers, std::size_t size) {
  std::vector<std::size_t> cuts(1 + numbers.below(6));
  for (std::size_t& cut : cuts) cut = numbers.below(size + 1);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

/// Single bytes cost quadratic time, so only inputs up to this size are fed that way.
inline constexpr std::size_t kFedByteByByte = 400;

}  // namespace millrace::fuzz
