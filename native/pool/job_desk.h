// job_desk.h: where a reactor gives its jobs away, and they come back to. Reactor thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "pool/job_returns.h"
#include "pool/worker_pool.h"

namespace millrace {

class JobDesk {
 public:
  JobDesk(WorkerPool& pool, const Wakeup& wakeup) noexcept : pool_(pool), returns_(wakeup) {}

  /// False: too many wait already; `job` is as it was.
  [[nodiscard]] bool try_submit(std::unique_ptr<Job>& job) {
    if (!pool_.try_submit(job, returns_)) return false;
    ++under_way_;
    return true;
  }

  [[nodiscard]] bool has_room() const { return pool_.has_room(); }

  /// Finishes what has come back.
  void finish_done(const OnReactor& here) {
    if (!returns_.has_any()) return;
    sleeps_in_vain_ = 0;
    returns_.take(done_);
    under_way_ -= done_.size();
    for (const std::unique_ptr<Job>& job : done_) job->finish(here);
    done_.clear();
  }

  enum class Sleep {
    none,  // some have come back
    nap,   // they do not tell: look again soon
    deep,  // each that comes back tells
  };
  /// How long the reactor may sleep. With more jobs than threads the next one would be queued anyway, so
  /// those that are done are not told one by one, each for two changes of threads, but taken together. Not
  /// where jobs are so long that nothing comes back from sleep to sleep.
  [[nodiscard]] Sleep prepare_to_sleep() noexcept {
    const bool is_patient = under_way_ > pool_.threads() && sleeps_in_vain_ < kSleepsInVain;
    if (is_patient) ++sleeps_in_vain_;
    if (is_patient != is_patient_) returns_.set_patient(is_patient);
    is_patient_ = is_patient;
    if (returns_.has_any()) return Sleep::none;
    return is_patient ? Sleep::nap : Sleep::deep;
  }

 private:
  /// So many naps are no cost beside jobs that keep all threads for longer than these.
  static constexpr int kSleepsInVain = 16;

  WorkerPool& pool_;
  JobReturns returns_;
  std::size_t under_way_ = 0;  // submitted and not taken back
  bool is_patient_ = false;
  int sleeps_in_vain_ = 0;                  // in a row, for which it was patient and nothing came back
  std::vector<std::unique_ptr<Job>> done_;  // empty but while they are finished: keeps its memory
};

}  // namespace millrace
