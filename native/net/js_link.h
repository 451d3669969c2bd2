// js_link.h: a place for a JS thread, as one reactor sees it. JS threads come and go, their places stay.
#pragma once

#include <atomic>
#include <cstdint>

#include "ring/doorbell.h"
#include "ring/exchange_news.h"
#include "ring/response_ring.h"

namespace millrace {

/// Which reactors have still to do something about a JS thread. Begun by one thread, settled by each reactor.
class AwaitedReactors {
 public:
  void begin(std::uint32_t reactors) noexcept {
    // Relaxed: reactors learn of it through their mailboxes.
    left_.store(~std::uint64_t{0} >> (64 - reactors), std::memory_order_relaxed);
  }
  /// Release: what the reactor has done is seen by whoever finds it done.
  void settle(std::uint32_t reactor) noexcept {
    left_.fetch_and(~(std::uint64_t{1} << reactor), std::memory_order_release);
  }
  [[nodiscard]] bool awaits(std::uint32_t reactor) const noexcept {
    return (left_.load(std::memory_order_acquire) >> reactor & 1) != 0;
  }

 private:
  std::atomic<std::uint64_t> left_{0};  // a bit for each; there are at most 64
};

/// What is waited for when a JS thread leaves; one that dies does not retire.
struct Departure {
  AwaitedReactors retired;  // it claims nothing more, and all it had claimed has been answered
  AwaitedReactors gone;     // it has ended: what it had not answered has been answered in its place
};

enum class DepartureStep : std::uint8_t {
  retire,   // it claims no more: tell when all it had claimed has been answered
  abandon,  // it is being ended, which may take a while: answer what it has claimed by now
  leave,    // it has ended: answer what it had claimed, and free its place
};

struct JsLink {
  ring::Doorbell* doorbell;
  ring::NewsBox* news;
  ring::ResponseRing* responses;
  Departure* departure;
  const std::atomic<std::uint32_t>* lane;  // what it claims from, of the reactor's RequestLanes
  std::uint32_t reactor;                   // whose link this is
};

}  // namespace millrace
