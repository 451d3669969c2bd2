// limits.h: what all native designs bound, and with what; ../limits.ts says the same for JavaScript.

#pragma once

#include <cstddef>

namespace designs {

/// More than any browser sends; a longer head is refused with 431.
inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;

/// POST /echo holds the body in memory; a longer one is refused with 413.
inline constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

/// GET /sleep: the longest that may be asked for.
inline constexpr int kMaxSleepMs = 10'000;

/// GET /sum: some tenths of a second of one core.
inline constexpr unsigned long kMaxSum = 200'000'000;

/// What one call of recv() takes at most.
inline constexpr std::size_t kReceiveBytes = 64 * 1024;

/// What is still read of a client whose request was refused: closing with bytes unread would reset the
/// connection, and the client would lose the answer that says why.
inline constexpr std::size_t kMaxDiscardedBytes = 16 * 1024 * 1024;

/// Connections that the kernel holds until they are accepted.
inline constexpr int kBacklog = 4096;

}  // namespace designs
