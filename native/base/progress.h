// progress.h: when a transfer counts as stuck or too slow. Pure functions, any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace millrace {

/// A transfer that began at `started_ms` and has moved `bytes` so far is given up at the returned moment
/// unless more bytes move before: `stall_ms` after the last progress (now), or as soon as its average falls
/// below `bytes_per_second` (0: off), which is not asked during a grace in the beginning.
inline std::uint64_t transfer_deadline(std::uint64_t now_ms, std::uint64_t started_ms, std::uint64_t bytes,
                                       std::uint32_t stall_ms, std::uint32_t bytes_per_second) noexcept {
  const std::uint64_t stalled = now_ms + stall_ms;
  if (bytes_per_second == 0) return stalled;
  const std::uint64_t grace = std::min(kSlowTransferGraceMs, stall_ms);
  const std::uint64_t allowed_ms = std::max<std::uint64_t>(grace, bytes * 1000 / bytes_per_second);
  return std::min(stalled, started_ms + allowed_ms);
}

}  // namespace millrace
