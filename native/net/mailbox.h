// mailbox.h: what other threads ask of a reactor: take over a client, drain, stop. Any thread puts, the
// reactor takes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
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
    bool drain = false;
    std::uint32_t grace_ms = 0;
  };

  void put(Client client) {
    const std::lock_guard lock(mutex_);
    mail_.clients.push_back(std::move(client));
  }
  void ask_to_drain(std::uint32_t grace_ms) {
    const std::lock_guard lock(mutex_);
    mail_.grace_ms = mail_.drain ? std::min(mail_.grace_ms, grace_ms) : grace_ms;
    mail_.drain = true;
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
