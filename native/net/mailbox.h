// mailbox.h: what other threads ask of a reactor: take over a client, let a JS thread go, drain, stop. Any
// thread puts, the reactor takes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "net/js_link.h"
#include "net/peer_address.h"

namespace millrace {

/// Not for requests: it has a lock, taken once a connection at most. The sender signals the reactor's Wakeup
/// after.
class Mailbox {
 public:
  struct Client {
    UniqueFd fd;
    PeerAddress peer;
  };
  struct Mail {
    std::vector<Client> clients;
    std::vector<std::pair<std::uint8_t, DepartureStep>> departures;
    bool drain = false;
    std::uint32_t most_grace_ms = kUnbounded;  // for a drain that is under way or still to come
  };
  static constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

  void put(Client client) {
    const std::lock_guard lock(mutex_);
    mail_.clients.push_back(std::move(client));
  }
  void put(std::uint8_t js_thread, DepartureStep step) {
    const std::lock_guard lock(mutex_);
    mail_.departures.emplace_back(js_thread, step);
  }
  void ask_to_drain() {
    const std::lock_guard lock(mutex_);
    mail_.drain = true;
  }
  void bound_grace(std::uint32_t most_ms) {
    const std::lock_guard lock(mutex_);
    mail_.most_grace_ms = std::min(mail_.most_grace_ms, most_ms);
  }
  [[nodiscard]] Mail take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(mail_, Mail());
  }

 private:
  std::mutex mutex_;
  Mail mail_;
};

}  // namespace millrace
