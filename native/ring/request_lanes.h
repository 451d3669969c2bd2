// request_lanes.h: the request rings of one reactor. Reactor thread only.
//
// One is all, from which every JS thread claims. With `sticky` there is one for each JS thread, so that the
// requests of a connection stay with one of them: what a connection's requests wait in is its lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ring/request_ring.h"

namespace millrace::ring {

class RequestLanes {
 public:
  /// `shift` spreads the first connections of several reactors over the lanes.
  RequestLanes(std::vector<RequestRing*> rings, std::uint32_t shift) noexcept
      : rings_(std::move(rings)), shift_(shift) {}

  [[nodiscard]] std::size_t index_of(std::uint32_t connection_slot) const noexcept {
    return rings_.size() == 1 ? 0 : (connection_slot + shift_) % rings_.size();
  }
  [[nodiscard]] RequestRing& of(std::uint32_t connection_slot) noexcept {
    return *rings_[index_of(connection_slot)];
  }

  [[nodiscard]] const std::vector<RequestRing*>& rings() const noexcept { return rings_; }

  /// Lets JS threads see everything pushed so far. Returns false when nothing was new.
  bool publish() noexcept {
    bool is_new = false;
    for (RequestRing* ring : rings_) is_new = ring->publish() || is_new;
    return is_new;
  }

  [[nodiscard]] bool all_published_claimed() const noexcept {
    for (const RequestRing* ring : rings_) {
      if (ring->unclaimed_published() > 0) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint32_t unclaimed() const noexcept {
    std::uint32_t sum = 0;
    for (const RequestRing* ring : rings_) sum += ring->unclaimed();
    return sum;
  }

  /// Since when the oldest unclaimed request has waited; nothing: there is none.
  [[nodiscard]] std::optional<std::uint64_t> waiting_since() const noexcept {
    std::optional<std::uint64_t> oldest;
    for (const RequestRing* ring : rings_) {
      const auto since = ring->waiting_since();
      if (since && (!oldest || *since < *oldest)) oldest = since;
    }
    return oldest;
  }

  /// Has a request not been claimed, or is it not known yet that its claimer has copied it?
  [[nodiscard]] bool in_use() const noexcept {
    for (const RequestRing* ring : rings_) {
      if (ring->in_use()) return true;
    }
    return false;
  }

  void attribute_released() {
    for (RequestRing* ring : rings_) ring->attribute_released();
  }

  void reclaim() noexcept {
    for (RequestRing* ring : rings_) ring->reclaim();
  }

  // Each lane has the word that says how the reactor sleeps: a JS thread knows only its own.

  /// Sequentially consistent: what is looked at afterwards has not been looked at before.
  void say_asleep(ReactorSleep sleep) noexcept {
    for (RequestRing* ring : rings_) {
      // An exchange like publish_word().
      ring->sleep_word().exchange(static_cast<std::uint32_t>(sleep), std::memory_order_seq_cst);
    }
  }
  /// Relaxed: a JS thread that still reads "asleep" writes to the eventfd once too often.
  void say_awake() noexcept {
    for (RequestRing* ring : rings_) {
      ring->sleep_word().store(static_cast<std::uint32_t>(ReactorSleep::awake), std::memory_order_relaxed);
    }
  }

 private:
  std::vector<RequestRing*> rings_;
  std::uint32_t shift_;
};

}  // namespace millrace::ring
