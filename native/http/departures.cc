#include "http/departures.h"

#include <algorithm>

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
      if (exchange != nullptr && !exchange->complete) exchanges_.assign(*exchange, owned.js_thread);
    }
    ring->owned().clear();
  }
}

bool Departures::attend(const OnReactor& here) {
  bool tell = false;
  unsure_ = false;
  std::erase_if(leaving_, [&](const Leaving& leaving) {
    const JsLink& link = js_threads_[leaving.js_thread];
    switch (leaving.step) {
      case DepartureStep::retire:
        if (!has_retired(leaving.js_thread)) return false;
        link.departure->retired.settle(link.reactor);
        break;
      case DepartureStep::abandon:
        return answer_claimed(leaving.js_thread, here);
      case DepartureStep::leave:
        if (!answer_claimed(leaving.js_thread, here)) return false;
        link.responses->restart();
        static_cast<void>(link.news->take());
        link.departure->gone.settle(link.reactor);
        break;
    }
    return tell = true;
  });
  return tell;
}

bool Departures::has_retired(std::uint8_t js_thread) {
  return exchanges_.outstanding(js_thread) == 0 && !js_threads_[js_thread].responses->has_published();
}

bool Departures::answer_claimed(std::uint8_t js_thread, const OnReactor& here) {
  const JsLink& link = js_threads_[js_thread];
  // What it had published before its end counts.
  static_cast<void>(outlet_.collect(*link.responses, js_thread, here));
  const std::uint32_t lane = link.lane->load(std::memory_order_relaxed);
  const auto is_claiming = [&](std::uint32_t index) {
    return std::any_of(js_threads_.begin(), js_threads_.end(), [&](const JsLink& other) {
      return &other != &link && !other.doorbell->vacant() &&
             other.lane->load(std::memory_order_relaxed) == lane && other.responses->claiming() == index;
    });
  };
  const bool is_sure = requests_.rings()[lane]->give_up(js_thread, is_claiming);
  assign_claimed();
  for (const std::uint32_t slot : exchanges_.unanswered_by(js_thread)) {
    // Answering one may end its connection, and the others of that.
    const Exchange& exchange = exchanges_.at(slot);
    if (exchange.js_thread == js_thread && !exchange.complete) outlet_.answer_lost(slot, here);
  }
  unsure_ = unsure_ || !is_sure;
  return is_sure;
}

}  // namespace millrace
