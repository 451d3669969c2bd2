// job.h: something that may block or compute for long, and so is nothing for a reactor.
#pragma once

#include "base/thread_tokens.h"

namespace millrace {

/// Goes from the reactor that asks to a pool thread and back, with one owner at a time, so it needs no lock
/// of its own. What went wrong in it is part of its result. It may be destroyed on either thread, without
/// finish() where the pool or the reactor has ended first.
class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  /// False: whoever asked has gone, and it is not worth running. A hint. On a pool thread, before run().
  [[nodiscard]] virtual bool is_wanted() const noexcept = 0;
  /// On a pool thread.
  virtual void run() noexcept = 0;
  /// On the reactor that asked, after run(), or without it if it was not wanted.
  virtual void finish(const OnReactor& here) = 0;
};

}  // namespace millrace
