#include "net/js_wakes.h"

#include <time.h>

#include <algorithm>

#include "base/limits.h"

namespace millrace {

namespace {

std::uint64_t precise_us() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

void JsWakes::before_publish() noexcept {
  if (js_threads_.size() > 1 && requests_.all_published_claimed()) claimed_us_ = precise_us();
}

void JsWakes::ring_for_requests() noexcept {
  if (js_threads_.size() == 1) {
    static_cast<void>(js_threads_.front().doorbell->ring());
  } else if (requests_.rings().size() > 1) {
    ring_lanes();
  } else {
    const std::uint64_t now_us = precise_us();
    const bool is_behind = now_us - claimed_us_ >= kBehindUs;
    if (is_behind || !has_quick_thread(now_us)) ring(1, now_us);
  }
}

void JsWakes::look_after_unclaimed() noexcept {
  if (js_threads_.size() == 1 || requests_.all_published_claimed()) return;
  const std::uint64_t now_us = precise_us();
  if (now_us - std::max(claimed_us_, asked_us_) < kNapMs * 1000) return;
  asked_us_ = now_us;
  if (requests_.rings().size() > 1) {
    ring_lanes();
  } else {
    ring(requests_.unclaimed(), now_us);
  }
}

/// Each thread for what only it may claim.
void JsWakes::ring_lanes() noexcept {
  for (const JsLink& js : js_threads_) {
    // Relaxed: where the place has just been given to a thread with another lane, the next look finds it.
    const std::uint32_t lane = js.lane->load(std::memory_order_relaxed);
    if (requests_.rings()[lane]->unclaimed_published() > 0) static_cast<void>(js.doorbell->ring());
  }
}

bool JsWakes::has_quick_thread(std::uint64_t now_us) noexcept {
  bool has_quick = false;
  for (std::size_t i = 0; i < js_threads_.size(); ++i) {
    if (!js_threads_[i].doorbell->at_work()) continue;
    Seen& seen = seen_[i];
    const std::uint32_t claiming = js_threads_[i].responses->claiming();
    // It moved some time after the last look.
    if (claiming != seen.claiming) seen = {claiming, looked_us_};
    has_quick = has_quick || now_us - seen.moved_us < kQuickUs;
  }
  looked_us_ = now_us;
  return has_quick;
}

void JsWakes::ring(std::uint32_t count, std::uint64_t now_us) noexcept {
  // One that was woken a moment ago has its code and data in the caches; but each has its turn.
  if (++wakes_ % kWakesInTurn == 0) first_ = (first_ + 1) % js_threads_.size();
  for (std::size_t i = 0; i < js_threads_.size() && count > 0; ++i) {
    const std::size_t js_thread = (first_ + i) % js_threads_.size();
    if (!js_threads_[js_thread].doorbell->ring()) continue;
    seen_[js_thread].moved_us = now_us;
    --count;
  }
}

}  // namespace millrace
