// job_ticket.h: tells a job whether whoever asked for it still waits.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace millrace {

/// Kept by who asks: when it goes, the job is not wanted any more.
class JobTicket {
 public:
  /// The job's half.
  class Watch {
   public:
    /// Relaxed: a hint. The job comes back to its reactor either way, and there it is decided for good.
    [[nodiscard]] bool is_wanted() const noexcept { return !gone_->load(std::memory_order_relaxed); }

   private:
    friend class JobTicket;
    explicit Watch(std::shared_ptr<const std::atomic<bool>> gone) noexcept : gone_(std::move(gone)) {}

    std::shared_ptr<const std::atomic<bool>> gone_;
  };

  JobTicket() : gone_(std::make_shared<std::atomic<bool>>(false)) {}
  JobTicket(JobTicket&& other) noexcept = default;
  JobTicket& operator=(JobTicket&&) = delete;
  ~JobTicket() {
    if (gone_ != nullptr) gone_->store(true, std::memory_order_relaxed);
  }

  [[nodiscard]] Watch watch() const noexcept { return Watch(gone_); }

 private:
  std::shared_ptr<std::atomic<bool>> gone_;
};

}  // namespace millrace
