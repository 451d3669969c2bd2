#include "load/request_schedule.h"

#include <algorithm>

namespace millrace::load {

void RequestSchedule::begin(std::int64_t now) noexcept {
  begun_ = true;
  start_ = now;
  if (limits_.duration_ns >= kNever - kGraceNs - now) return;
  end_ = now + limits_.duration_ns;
  last_ = is_open_loop() ? end_ + kGraceNs : end_;
}

std::int64_t RequestSchedule::due_of(std::uint64_t batch) const noexcept {
  // From the start and not from the batch before, so that nothing adds up.
  return start_ +
         static_cast<std::int64_t>(limits_.offset_ns + static_cast<double>(batch) * limits_.interval_ns);
}

RequestSchedule::Batch RequestSchedule::take(std::int64_t now) noexcept {
  if (!begun_ || over(now)) return {0, 0};
  std::int64_t due = now;
  if (is_open_loop()) {
    due = due_of(batch_);
    if (due > now || due >= end_) return {0, 0};
  }
  const auto requests = static_cast<std::uint32_t>(std::min<std::uint64_t>(limits_.batch, left_));
  left_ -= requests;
  ++batch_;
  return {requests, due};
}

bool RequestSchedule::over(std::int64_t now) const noexcept {
  if (left_ == 0) return true;
  if (!begun_ || now < end_) return false;
  return now >= last_ || next_due() == kNever;
}

std::int64_t RequestSchedule::next_due() const noexcept {
  if (!begun_ || !is_open_loop() || left_ == 0) return kNever;
  const std::int64_t due = due_of(batch_);
  return due < end_ ? due : kNever;
}

std::uint64_t RequestSchedule::overdue(std::int64_t now) const noexcept {
  if (!begun_ || !is_open_loop()) return 0;
  const double past = static_cast<double>(std::min(now, end_) - start_) - limits_.offset_ns;
  if (past < 0) return 0;
  // One more than by the division, whose rounding must not lose one.
  auto due = static_cast<std::uint64_t>(past / limits_.interval_ns) + 2;
  while (due > 0 && (due_of(due - 1) > now || due_of(due - 1) >= end_)) --due;
  const std::uint64_t taken = batch_ * limits_.batch;
  const std::uint64_t wanted = due * limits_.batch;
  return wanted <= taken ? 0 : std::min(wanted - taken, left_);
}

void RequestSchedule::record_overdue(std::int64_t now, std::int64_t until,
                                     LatencyHistogram& waits) const noexcept {
  const std::uint64_t requests = overdue(now);
  if (requests == 0) return;
  const std::int64_t longest = until - due_of(batch_);
  // What is no whole batch counts as the last one.
  const std::uint64_t batches = requests / limits_.batch;
  waits.record_falling(longest, limits_.interval_ns, batches, limits_.batch);
  const auto shorter = static_cast<std::int64_t>(static_cast<double>(batches) * limits_.interval_ns);
  waits.record_falling(longest - shorter, 0, 1, requests % limits_.batch);
}

}  // namespace millrace::load
