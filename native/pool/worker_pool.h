// worker_pool.h: a fixed number of threads for what may block or compute, and a bounded queue before them.
// Its owner's thread starts and stops it, any thread submits.
#pragma once

#include <semaphore.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "net/counters.h"
#include "net/thread.h"
#include "pool/job.h"
#include "pool/job_returns.h"

namespace millrace {

/// Jobs begin in the order in which they were submitted; with more than one thread they may end in another.
/// One that blocks takes a thread with it and leaves the others at work.
class WorkerPool {
 public:
  struct Stats {
    std::uint32_t threads = 0;
    std::uint32_t active = 0;  // running a job just now
    std::uint32_t queued = 0;
    std::uint64_t completed = 0;  // before its reactor can take a job it is counted here
    std::uint64_t cancelled = 0;  // or here: not wanted any more
    std::uint64_t rejected = 0;
    std::uint64_t wait_us = 0;  // sum of those completed and cancelled: from try_submit() to a thread
    std::uint64_t run_us = 0;   // sum of those completed
    std::uint64_t longest_wait_us = 0;
    std::uint64_t longest_run_us = 0;
  };

  /// `workers` threads, and room for `queue_limit` jobs that none of them has begun; at least one each. The
  /// error is that of the thread that could not be made; there are none then.
  [[nodiscard]] static Result<std::unique_ptr<WorkerPool>> start(std::uint32_t workers,
                                                                 std::uint32_t queue_limit);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// False: the queue is full, or the pool has stopped; `job` is as it was. Never waits, but for a lock that
  /// is held for a few instructions. May meet stop(), not the destructor. `home` outlives the pool's threads.
  [[nodiscard]] bool try_submit(std::unique_ptr<Job>& job, JobReturns& home);

  /// Would take another job, as far as can be known: for who would else ask in vain again and again.
  [[nodiscard]] bool has_room() const;

  /// Destroys the jobs that nobody has begun, waits for those that run (they are put into their boxes) and
  /// joins the threads. Idempotent. Not from a pool thread.
  void stop() noexcept;

  /// As it was started.
  [[nodiscard]] std::uint32_t threads() const noexcept { return workers_; }

  /// Any thread.
  [[nodiscard]] Stats stats() const;

 private:
  struct Queued {
    std::unique_ptr<Job> job;
    JobReturns* home = nullptr;
    std::uint64_t since_ns = 0;
  };

  /// What one thread counts; the others only read, so a line of the cache for each.
  struct alignas(64) Tally {
    Counter active;  // 0 or 1
    Counter completed;
    Counter cancelled;
    Counter wait_ns;
    Counter run_ns;
    Counter longest_wait_ns;
    Counter longest_run_ns;
  };

  WorkerPool(std::uint32_t workers, std::uint32_t queue_limit);

  void work(Tally& tally);
  static void execute(Queued next, bool more_follow, Tally& tally);
  void wait_for_call() noexcept;

  const std::uint32_t workers_;
  const std::size_t queue_limit_;
  const std::unique_ptr<Tally[]> tallies_;  // by worker
  std::vector<Thread> threads_;             // the owner's

  // Who finds nothing to do counts itself among those asleep, under the lock, and waits for one unit of this.
  // Who calls one takes it out of that count, under the same lock: so each submit calls at most one, none
  // while all are awake, and nobody twice. Not a condition variable: glibc's lost signals before 2.41 (its
  // bug 25847), and a job would have waited for the next one.
  sem_t calls_;

  mutable std::mutex mutex_;  // guards all below
  std::uint32_t asleep_ = 0;
  bool stopped_ = false;
  std::uint64_t rejected_ = 0;
  std::deque<Queued> queue_;  // a server that has nothing for the pool holds nothing for it
};

}  // namespace millrace
