// acceptor.h: takes clients off the listener and deals them out to the reactors. Thread of the first reactor
// only.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/server_config.h"
#include "base/thread_tokens.h"
#include "base/unique_fd.h"
#include "net/listener.h"
#include "net/mailbox.h"

namespace millrace {

class Reactor;

/// One reactor accepts for all. Several that wait on one socket get clients as epoll likes, mostly the last
/// to fall asleep; several with SO_REUSEPORT get them by hash. Dealt out to whoever has fewest, they are
/// even.
class Acceptor {
 public:
  /// `max_connections` counts those of all reactors; `policy` is for clients beyond them.
  Acceptor(Listener listener, std::uint32_t max_connections, ServerConfig::ConnectionPolicy policy) noexcept
      : listener_(std::move(listener)), max_connections_(max_connections), policy_(policy) {}

  /// Registers with epoll; `reactors` includes the one that accepts.
  [[nodiscard]] Status start(int epoll_fd, std::vector<Reactor*> reactors);

  /// Clients are waiting.
  void on_readable(std::uint64_t now_ms, const OnReactor& here);

  /// When accepting goes on after a pause; 0: there is none.
  [[nodiscard]] std::uint64_t paused_until_ms() const noexcept { return paused_until_ms_; }
  void end_pause(const OnReactor&) noexcept;

  /// Goes on accepting if it has waited for a connection to end and one has.
  void look_for_room(const OnReactor&) noexcept;
  /// It waits for that and wants to be woken. Any thread.
  [[nodiscard]] bool wants_room() const noexcept {
    return wants_room_.load(std::memory_order_seq_cst);  // see Reactor::tell_load()
  }

  /// Takes those who have connected already, then listens no more.
  void finish(std::uint64_t now_ms, const OnReactor& here);

 private:
  [[nodiscard]] bool accept_some(int most, std::uint64_t now_ms, const OnReactor& here);
  void deal_out(Mailbox::Client client, const OnReactor& here);
  void close(const OnReactor&) noexcept;
  void out_of_descriptors(std::uint64_t now_ms) noexcept;
  [[nodiscard]] std::uint64_t connections() const noexcept;
  [[nodiscard]] bool must_wait() noexcept;
  void watch() noexcept;

  Listener listener_;
  std::uint32_t max_connections_;
  ServerConfig::ConnectionPolicy policy_;
  std::atomic<bool> wants_room_{false};  // written by the thread of the first reactor only
  int epoll_fd_ = -1;
  std::vector<Reactor*> reactors_;
  std::size_t next_ = 0;
  std::uint64_t paused_until_ms_ = 0;
  bool has_paused_ = false;  // and nobody could be accepted since
  UniqueFd reserve_;  // given up for a moment when there are no others, to answer a client with a close
};

}  // namespace millrace
