// buffer_budget.h: how many bytes a server may hold for its clients (limits.bufferedBytes). Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace millrace {

/// Shared by all reactors of one server. Relaxed everywhere: a sum compared with a bound; no memory hangs on
/// its value.
class BufferBudget {
 public:
  explicit BufferBudget(std::uint64_t limit) noexcept : limit_(limit) {}

  void charge(std::uint64_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void refund(std::uint64_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool exhausted() const noexcept { return used() >= limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

/// What one holder of bytes has charged; refunded when the holder goes.
class BudgetShare {
 public:
  explicit BudgetShare(BufferBudget& budget) noexcept : budget_(&budget) {}
  BudgetShare(BudgetShare&& other) noexcept
      : budget_(other.budget_), charged_(std::exchange(other.charged_, 0)) {}
  BudgetShare& operator=(BudgetShare other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(charged_, other.charged_);
    return *this;
  }
  ~BudgetShare() { set(0); }

  /// The holder now holds this many bytes.
  void set(std::uint64_t bytes) noexcept {
    if (bytes > charged_) budget_->charge(bytes - charged_);
    if (bytes < charged_) budget_->refund(charged_ - bytes);
    charged_ = bytes;
  }
  [[nodiscard]] std::uint64_t charged() const noexcept { return charged_; }

 private:
  BufferBudget* budget_;
  std::uint64_t charged_ = 0;
};

}  // namespace millrace
