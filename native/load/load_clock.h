// load_clock.h: the clock that latencies are measured with. Any thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace millrace::load {

inline constexpr std::int64_t kNsPerMs = 1'000'000;
inline constexpr double kNsPerSecond = 1e9;

[[nodiscard]] inline std::int64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace millrace::load
