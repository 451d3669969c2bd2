#include "http/departures.h"

#include <algorithm>
#include <utility>

namespace millrace {

void Departures::add(std::uint8_t js_thread, DepartureStep step) {
  // One that dies while it retires has left: nobody waits for its retirement any more.
  std::erase_if(leaving_, [js_thread](const Leaving& other) { return other.js_thread == js_thread; });
  leaving_.push_back({js_thread, step});
}

void Departures::assign_claimed() {
  for (ring::RequestRing* ring : requests_.rings()) {
    for (const ring::RequestRing::Owned& owned : ring->owned()) {
      Exchange* const exchange = exchanges_.find(owned.exchange_slot, owned.exchange_generation);
      if (exchange != nullptr && !exchange->complete && !exchange->given)
        exchanges_.assign(*exchange, owned.js_thread);
    }
    ring->owned().clear();
  }
}

bool Departures::attend(const OnReactor& here) {
  unsure_ = false;
  std::vector<Leaving> still;
  bool tell = false;
  for (const Leaving& leaving : leaving_) {
    if (!see_off(leaving, here)) {
      still.push_back(leaving);
    } else if (leaving.step != DepartureStep::abandon) {
      tell = true;
    }
  }
  leaving_ = std::move(still);
  return tell;
}

bool Departures::see_off(const Leaving& leaving, const OnReactor& here) {
  const JsLink& link = js_threads_[leaving.js_thread];
  switch (leaving.step) {
    case DepartureStep::retire:
      if (!has_retired(leaving.js_thread)) return false;
      link.departure->retired.settle(link.reactor);
      return true;
    case DepartureStep::abandon:
      return answer_claimed(leaving, here);
    case DepartureStep::leave:
      break;
  }
  if (!answer_claimed(leaving, here)) return false;
  link.responses->restart();
  static_cast<void>(link.news->take());
  link.departure->gone.settle(link.reactor);
  return true;
}

bool Departures::has_retired(std::uint8_t js_thread) {
  return exchanges_.outstanding(js_thread) == 0 && !js_threads_[js_thread].responses->has_published();
}

bool Departures::answer_claimed(const Leaving& leaving, const OnReactor& here) {
  const std::uint8_t js_thread = leaving.js_thread;
  const JsLink& link = js_threads_[js_thread];
  // What it had published before its end counts.
  static_cast<void>(outlet_.collect(*link.responses, js_thread, here));
  std::erase_if(outlet_.body_reads(), [js_thread](const auto& read) { return read.js_thread == js_thread; });
  // Relaxed: read before as the thread's, and written when it came.
  const std::uint32_t lane = link.lane->load(std::memory_order_relaxed);
  const auto is_claiming = [&](std::uint32_t index) {
    for (std::size_t other = 0; other < js_threads_.size(); ++other) {
      const JsLink& its = js_threads_[other];
      if (other != js_thread && !has_ended(other) && its.lane->load(std::memory_order_relaxed) == lane &&
          its.responses->claiming() == index) {
        return true;
      }
    }
    return false;
  };
  const bool is_sure =
      requests_.rings()[lane]->give_up(js_thread, is_claiming, leaving.step == DepartureStep::leave);
  assign_claimed();
  for (const std::uint32_t slot : exchanges_.unanswered_by(js_thread)) {
    // Answering one may end its connection, and the others of that.
    const Exchange& exchange = exchanges_.at(slot);
    if (exchange.js_thread == js_thread && !exchange.complete) outlet_.answer_lost(slot, here);
  }
  unsure_ = unsure_ || !is_sure;
  return is_sure;
}

bool Departures::has_ended(std::size_t js_thread) const noexcept {
  return std::any_of(leaving_.begin(), leaving_.end(), [js_thread](const Leaving& leaving) {
    return leaving.js_thread == js_thread && leaving.step == DepartureStep::leave;
  });
}

}  // namespace millrace
