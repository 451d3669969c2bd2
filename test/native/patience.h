// patience.h: bounded waiting, so that a lost wake-up is a failed test and not one that never ends.
#pragma once

#include <chrono>
#include <thread>

namespace millrace::check {

/// Longest time that any test waits for what has to come. Emulated and sanitized machines need their time;
/// nothing that works takes so long.
inline constexpr std::chrono::seconds kPatience{60};

class Patience {
 public:
  [[nodiscard]] bool over() const { return std::chrono::steady_clock::now() > end_; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + kPatience;
};

/// True as soon as `done()` is; for what no event tells.
template <class Done>
[[nodiscard]] bool wait_until(Done&& done) {
  const Patience patience;
  while (!done()) {
    if (patience.over()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace millrace::check
