// job_returns.h: jobs that are done, on their way back to their reactor. Pool threads put, the reactor takes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "net/wakeup.h"
#include "pool/job.h"

namespace millrace {

/// Outlives the pool's threads, and `wakeup` with it. When the reactor has ended nobody takes: what is put
/// then is destroyed with the box, unfinished.
class JobReturns {
 public:
  explicit JobReturns(const Wakeup& wakeup) noexcept : wakeup_(wakeup) {}

  /// Signals the reactor if the box was empty: a job that finds others there is taken together with them.
  void put(std::unique_ptr<Job> job) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = done_.empty();
      done_.push_back(std::move(job));
      // Relaxed: see has_any().
      has_any_.store(true, std::memory_order_relaxed);
    }
    if (first) wakeup_.signal();  // a system call: not under the lock
  }

  /// Reactor, in each turn and after it has cleared its wakeup.
  [[nodiscard]] bool has_any() const noexcept {
    // Relaxed: a reactor that still reads false is about to be signalled, and the clear() that sees the
    // signal shows it what was stored before. What the jobs have written comes with the lock.
    return has_any_.load(std::memory_order_relaxed);
  }

  /// Reactor: all there are, in the order in which they were put, in exchange for `taken`, which must be
  /// empty. Whoever gives the same vector each time allocates nothing.
  void take(std::vector<std::unique_ptr<Job>>& taken) noexcept {
    const std::lock_guard lock(mutex_);
    done_.swap(taken);
    // Relaxed: see has_any().
    has_any_.store(false, std::memory_order_relaxed);
  }

 private:
  const Wakeup& wakeup_;
  std::atomic<bool> has_any_{false};  // written under the lock
  std::mutex mutex_;
  std::vector<std::unique_ptr<Job>> done_;
};

}  // namespace millrace
