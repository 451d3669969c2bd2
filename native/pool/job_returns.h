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

  /// Signals the reactor, once until it takes. Not yet where it is patient and `more_follow`: jobs that were
  /// queued behind this one, the last of which signals.
  void put(std::unique_ptr<Job> job, bool more_follow) {
    bool signals = false;
    {
      const std::lock_guard lock(mutex_);
      done_.push_back(std::move(job));
      signals = !signalled_ && !(more_follow && is_patient_);
      signalled_ = signalled_ || signals;
      // Relaxed: see has_any().
      has_any_.store(true, std::memory_order_relaxed);
    }
    if (signals) wakeup_.signal();  // a system call: not under the lock
  }

  /// Reactor: whether it looks into the box often enough without being told of each job. What has been put
  /// before is seen by the next has_any().
  void set_patient(bool is_patient) noexcept {
    const std::lock_guard lock(mutex_);
    is_patient_ = is_patient;
  }

  /// Reactor, in each turn and after it has cleared its wakeup.
  [[nodiscard]] bool has_any() const noexcept {
    // Relaxed: a reactor that still reads false is about to be signalled, and the clear() that sees the
    // signal shows it what was stored before; or it is patient, and reads true the next time or the one
    // after. What the jobs have written comes with the lock.
    return has_any_.load(std::memory_order_relaxed);
  }

  /// Reactor: all there are, in the order in which they were put, in exchange for `taken`, which must be
  /// empty. Whoever gives the same vector each time allocates nothing.
  void take(std::vector<std::unique_ptr<Job>>& taken) noexcept {
    const std::lock_guard lock(mutex_);
    done_.swap(taken);
    signalled_ = false;
    // Relaxed: see has_any().
    has_any_.store(false, std::memory_order_relaxed);
  }

 private:
  const Wakeup& wakeup_;
  std::atomic<bool> has_any_{false};  // written under the lock
  std::mutex mutex_;                  // guards all below
  bool signalled_ = false;            // since the last take()
  bool is_patient_ = false;
  std::vector<std::unique_ptr<Job>> done_;
};

}  // namespace millrace
