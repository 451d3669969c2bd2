// wakeup.h: gets a sleeping reactor out of epoll_wait. signal() from any thread, the rest on the reactor's.
#pragma once

#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace millrace {

/// Carries no data and counts nothing: any number of signals before a clear() is one. Whoever shares it sees
/// to it that it outlives the last signal().
class Wakeup {
 public:
  [[nodiscard]] static Result<Wakeup> make() noexcept;

  /// Costs a system call (about 1 µs, more when it wakes somebody): call it only when the reactor sleeps.
  /// Everything the caller wrote before is visible to the thread whose clear() returns true for it.
  void signal() const noexcept;

  /// True if there was a signal since the last clear().
  bool clear() noexcept;

  /// Readable while signalled; level-triggered.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  explicit Wakeup(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace millrace
