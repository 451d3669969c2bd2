// memory_trim.h: when memory that was held for clients goes back to the system.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstdint>

#include "base/limits.h"
#include "base/thread_tokens.h"
#include "pool/job.h"

namespace millrace {

/// The allocator keeps what lies below anything that is still in use: after some hundred clients that did not
/// read that is nearly all they had, for ever. Reactor thread only.
class TrimSchedule {
 public:
  /// To be called whenever what is held may have changed; `held` is that of the whole server.
  void note(std::uint64_t held, std::uint64_t now_ms) noexcept {
    highest_ = std::max(highest_, held);
    const bool is_worth_it = highest_ >= kWorthTrimmingBytes && held <= highest_ / 4;
    if (!is_worth_it)
      due_ms_ = 0;
    else if (due_ms_ == 0)
      due_ms_ = now_ms + kTrimRestMs;
  }

  /// 0: there is nothing to be given back, as far as is known.
  [[nodiscard]] std::uint64_t due_ms() const noexcept { return due_ms_; }

  /// It is being given back.
  void begin(std::uint64_t held) noexcept {
    highest_ = held;
    due_ms_ = 0;
  }

  /// Nobody had time for it.
  void postpone(std::uint64_t now_ms) noexcept { due_ms_ = now_ms + kTrimRestMs; }

 private:
  std::uint64_t highest_ = 0;  // since the last time
  std::uint64_t due_ms_ = 0;
};

/// Some milliseconds for 100 MiB, in which others who want memory may have to wait.
class TrimJob final : public Job {
 public:
  [[nodiscard]] bool is_wanted() const noexcept override { return true; }
  void run() noexcept override {
#if defined(__GLIBC__)
    ::malloc_trim(0);
#endif
  }
  void finish(const OnReactor&) override {}
};

}  // namespace millrace
