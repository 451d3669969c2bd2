// departures.h: JS threads that leave, on purpose or not, as one reactor deals with them. Reactor thread
// only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_tokens.h"
#include "http/exchange_table.h"
#include "http/response_outlet.h"
#include "net/js_link.h"
#include "ring/request_lanes.h"

namespace millrace {

class Departures {
 public:
  Departures(ring::RequestLanes& requests, ExchangeTable& exchanges, ResponseOutlet& outlet,
             const std::vector<JsLink>& js_threads) noexcept
      : requests_(requests), exchanges_(exchanges), outlet_(outlet), js_threads_(js_threads) {}

  void add(std::uint8_t js_thread, DepartureStep step);
  [[nodiscard]] bool empty() const noexcept { return leaving_.empty(); }

  /// Does what can be done by now. After the turn's answers have been collected.
  /// @returns True: somebody who waits for a departure has to be told.
  [[nodiscard]] bool attend(const OnReactor& here);

  /// Which JS thread has claimed what, as far as the ring tells by now.
  void assign_claimed();

  /// A thread that lives was about to claim when one ended: whose the request is shows in a moment.
  [[nodiscard]] bool unsure() const noexcept { return unsure_ && !empty(); }

 private:
  struct Leaving {
    std::uint8_t js_thread;
    DepartureStep step;
  };

  /// False: not yet.
  [[nodiscard]] bool see_off(const Leaving& leaving, const OnReactor& here);
  [[nodiscard]] bool has_retired(std::uint8_t js_thread);
  /// False: not all of it yet, see unsure().
  [[nodiscard]] bool answer_claimed(const Leaving& leaving, const OnReactor& here);
  [[nodiscard]] bool has_ended(std::size_t js_thread) const noexcept;

  ring::RequestLanes& requests_;
  ExchangeTable& exchanges_;
  ResponseOutlet& outlet_;
  const std::vector<JsLink>& js_threads_;
  std::vector<Leaving> leaving_;
  bool unsure_ = false;
};

}  // namespace millrace
