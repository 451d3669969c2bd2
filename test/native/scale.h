// scale.h: how much work a stress test does on this machine.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace millrace::check {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

/// Where arm64 is tested it is mostly emulated.
#if defined(__aarch64__)
inline constexpr double kMachine = 0.1;
#else
inline constexpr double kMachine = 1.0;
#endif

/// `full` is for a build without sanitizers on the machine itself. MILLRACE_TEST_SCALE, a factor, changes it:
/// 20 for a long run, 0.1 for a slow machine.
inline int scaled(int full) {
  static const double factor = [] {
    const char* const asked = std::getenv("MILLRACE_TEST_SCALE");
    if (asked != nullptr && std::atof(asked) > 0) return std::atof(asked);
    return (kSanitized ? 0.2 : 1.0) * kMachine;
  }();
  return std::max(1, static_cast<int>(full * factor));
}

}  // namespace millrace::check
