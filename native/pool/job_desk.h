// job_desk.h: where a reactor gives its jobs away, and they come back to. Reactor thread only.
#pragma once

#include <memory>
#include <vector>

#include "pool/job_returns.h"
#include "pool/worker_pool.h"

namespace millrace {

class JobDesk {
 public:
  JobDesk(WorkerPool& pool, const Wakeup& wakeup) noexcept : pool_(pool), returns_(wakeup) {}

  /// False: too many wait already; `job` is as it was.
  [[nodiscard]] bool try_submit(std::unique_ptr<Job>& job) { return pool_.try_submit(job, returns_); }

  /// Finishes what has come back.
  void finish_done(const OnReactor& here) {
    if (!returns_.has_any()) return;
    returns_.take(done_);
    for (const std::unique_ptr<Job>& job : done_) job->finish(here);
    done_.clear();
  }

 private:
  WorkerPool& pool_;
  JobReturns returns_;
  std::vector<std::unique_ptr<Job>> done_;  // empty but while they are finished: keeps its memory
};

}  // namespace millrace
