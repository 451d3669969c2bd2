// js_wakes.h: which JS threads a reactor rings, and when. Reactor thread only.
//
// A wake costs both sides more than a small request does. So with several JS threads no more are woken than
// the work wants: one that is at work and comes by for the next request every few microseconds does not need
// help; one that is in a handler for longer is as good as not there.
#pragma once

#include <cstdint>
#include <vector>

#include "net/js_link.h"
#include "ring/request_lanes.h"

namespace millrace {

class JsWakes {
 public:
  JsWakes(const std::vector<JsLink>& js_threads, const ring::RequestLanes& requests)
      : js_threads_(js_threads), requests_(requests), seen_(js_threads.size()) {}

  /// Before requests are published: has everything been claimed that was published before?
  void before_publish() noexcept;
  /// Requests have been published.
  void ring_for_requests() noexcept;
  /// Each turn: where requests have been waiting for kNapMs, as many threads are rung as there is work for.
  /// One that has been rung before may be stuck in code that is not ours.
  void look_after_unclaimed() noexcept;

 private:
  struct Seen {
    std::uint32_t claiming = 0;
    std::uint64_t moved_us = 0;  // since then it has changed, or the thread was rung
  };

  [[nodiscard]] bool has_quick_thread(std::uint64_t now_us) noexcept;
  void ring(std::uint32_t count, std::uint64_t now_us) noexcept;
  void ring_lanes() noexcept;

  const std::vector<JsLink>& js_threads_;
  const ring::RequestLanes& requests_;
  std::size_t first_ = 0;  // the JS thread that is rung first
  std::uint32_t wakes_ = 0;
  std::vector<Seen> seen_;        // by JS thread
  std::uint64_t claimed_us_ = 0;  // when everything published had last been claimed
  std::uint64_t looked_us_ = 0;   // when the threads at work were last looked at
  std::uint64_t asked_us_ = 0;    // when more threads were last rung for what was waiting
};

}  // namespace millrace
