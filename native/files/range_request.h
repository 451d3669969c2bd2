// range_request.h: decides which bytes of a file a Range field asks for. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/limits.h"

namespace millrace {

/// A part of a representation: never empty, never past its end.
struct ByteRange {
  std::uint64_t first;
  std::uint64_t bytes;

  bool operator==(const ByteRange&) const = default;
};

struct RangeOutcome {
  enum class Kind : std::uint8_t {
    whole,          // as if there were no Range field (RFC 9110 §14.2): 200
    partial,        // what `ranges()` says, in the order in which it was asked for: 206
    unsatisfiable,  // no byte that was asked for exists: 416
  };
  Kind kind = Kind::whole;
  std::size_t count = 0;  // 0 unless `kind` is partial
  std::array<ByteRange, kMaxRanges> found{};

  [[nodiscard]] std::span<const ByteRange> ranges() const noexcept { return {found.data(), count}; }
};

/// Reads the value of a Range field for a representation of `length` bytes (RFC 9110 §14.1.2, §14.2). Ranges
/// that do not exist are left out where others do. Other units, what is no byte-range set, and what would
/// cost more than it saves (see range_request.cc) gets the whole. So does who asks for the end of nothing:
/// that exists, and has no first byte that Content-Range could name.
[[nodiscard]] RangeOutcome parse_range(std::string_view value, std::uint64_t length) noexcept;

}  // namespace millrace
