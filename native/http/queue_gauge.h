// queue_gauge.h: how many requests wait for JavaScript in the whole server (limits.queue). Any reactor
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "ring/request_ring.h"

namespace millrace {

class QueueGauge {
 public:
  QueueGauge(std::uint32_t limit, std::uint32_t reactors) noexcept
      : limit_(limit), fair_share_(limit / reactors) {}

  /// Before the reactors start.
  void watch(const ring::RequestRing& ring) { rings_.push_back(&ring); }

  // Relaxed: a count compared with a limit. Reactors that look at the same moment may exceed it by one each.
  void park() noexcept { parked_.fetch_add(1, std::memory_order_relaxed); }
  void unpark() noexcept { parked_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t parked() const noexcept { return parked_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::uint32_t waiting() const noexcept {
    std::uint32_t sum = parked();
    for (const ring::RequestRing* ring : rings_) sum += ring->unclaimed_seen_by_others();
    return sum;
  }

  /// May one more request wait, of a reactor whose own ring holds `own` unclaimed ones? `beyond_share` is
  /// that reactor's: false at first, and then what the last call made of it.
  [[nodiscard]] bool has_room(std::uint32_t own, bool& beyond_share) noexcept {
    const bool beyond = own >= fair_share_;
    if (beyond != beyond_share) {
      beyond_share = beyond;
      beyond ? beyond_share_.fetch_add(1, std::memory_order_relaxed)
             : beyond_share_.fetch_sub(1, std::memory_order_relaxed);
    }
    // While nobody exceeds its share the sum cannot exceed the limit; that spares looking at the others'
    // rings.
    if (parked() == 0 && beyond_share_.load(std::memory_order_relaxed) == 0) return true;
    return own < limit_ && waiting() < limit_;
  }

 private:
  const std::uint32_t limit_;
  const std::uint32_t fair_share_;
  std::atomic<std::uint32_t> parked_{0};
  std::atomic<std::uint32_t> beyond_share_{0};  // reactors
  std::vector<const ring::RequestRing*> rings_;
};

}  // namespace millrace
