// event_loop.h: one thread that waits for all sockets at once. It hands each request to somebody, and sends
// the answer that it is given for it. One request of a connection at a time.

#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "interest.h"
#include "limits.h"
#include "listener.h"
#include "loop_connection.h"
#include "options.h"
#include "request_parser.h"
#include "response.h"
#include "stop_signal.h"

namespace designs {

/// @tparam Poller PollPoller or EpollPoller.
template <class Poller>
class EventLoop {
 public:
  /// A connection whose request waits for its answer; it stays open until then, so its number names nobody
  /// else.
  using Id = int;
  using Handler = std::function<void(Id, Request&&)>;

  explicit EventLoop(const Options& options)
      : grace_(options.grace_ms), listener_(options.port, SOCK_NONBLOCK), stop_(stop_signal_.descriptor()) {
    watch(listener_.fd(), [this] { accept_all(); });
    watch(stop_.get(), [this] { begin_to_stop(); });
  }

  /// Before run(). Calls `ready` on the loop's thread whenever the descriptor is readable.
  void watch(int fd, std::function<void()> ready) {
    others_[fd] = std::move(ready);
    poller_.set(fd, Interest::read);
  }

  /// The loop's thread only: at once from within the handler, or later. Once for each request.
  void answer(Id id, const Response& response) {
    LoopConnection& connection = *connections_[static_cast<std::size_t>(id)];
    connection.stays = connection.stays && !is_stopping_;
    connection.output = bytes_of(response, {.keep_alive = connection.stays, .is_head = connection.is_head});
    connection.sent = 0;
    flush(connection);
  }

  /// The same, after a while: the loop goes on meanwhile.
  void answer_after(Id id, Response response, std::chrono::milliseconds time) {
    timers_.emplace(Clock::now() + time, std::pair(id, std::move(response)));
  }

  /// Serves until SIGTERM, and then until all is answered or the grace is over.
  void run(const Handler& handler) {
    listener_.announce();
    while (!is_over()) {
      poller_.wait(ready_.empty() ? timeout_ms() : 0, [&](int fd) { on_ready(fd, handler); });
      answer_overdue();
      // One request of each connection a turn: who sends many at once does not hold up those who send one.
      std::vector<int> ready;
      ready.swap(ready_);
      for (const int fd : ready) {
        LoopConnection* const connection = find(fd);
        if (connection != nullptr && connection->may_have_request()) take_request(*connection, handler);
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  using State = LoopConnection::State;

  [[nodiscard]] LoopConnection* find(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    return index < connections_.size() ? connections_[index].get() : nullptr;
  }

  void on_ready(int fd, const Handler& handler) {
    LoopConnection* const connection = find(fd);
    if (connection == nullptr) {
      const auto other = others_.find(fd);
      if (other != others_.end()) other->second();
      return;
    }
    switch (connection->state) {
      case State::reading:
        return receive(*connection, handler);
      case State::busy:
        return;
      case State::writing:
        return flush(*connection);
      case State::lingering:
        return discard(*connection);
    }
  }

  void accept_all() {
    for (;;) {
      UniqueFd fd = listener_.accept(SOCK_NONBLOCK);
      if (fd.get() < 0) {
        // Without descriptors the loop makes a short pause at each turn: it cannot make the client go away.
        if (errno != EAGAIN) may_accept_again(errno);
        return;
      }
      const auto index = static_cast<std::size_t>(fd.get());
      if (connections_.size() <= index) connections_.resize(index + 1);
      poller_.set(fd.get(), Interest::read);
      connections_[index] = std::make_unique<LoopConnection>(std::move(fd));
      ++open_;
    }
  }

  void receive(LoopConnection& connection, const Handler& handler) {
    if (connection.may_have_request()) return;  // its turn comes; nothing more is held for it until then
    const ssize_t length = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) return close(connection);
    connection.received.append(buffer_.data(), static_cast<std::size_t>(length));
    if (connection.may_have_request()) take_request(connection, handler);
  }

  void take_request(LoopConnection& connection, const Handler& handler) {
    Parsed parsed = parse_request(connection.received);
    const int fd = connection.fd.get();
    switch (parsed.state) {
      case Parsed::State::incomplete:
        connection.needed = parsed.bytes;
        return;
      case Parsed::State::refused:
        connection.state = State::busy;
        connection.stays = false;
        connection.is_head = false;
        answer(fd, problem(parsed.status));
        return;
      case Parsed::State::complete:
        break;
    }
    connection.received.erase(0, parsed.bytes);
    connection.needed = 1;
    connection.state = State::busy;
    connection.stays = parsed.request.keep_alive;
    connection.is_head = parsed.request.method == "HEAD";
    handler(fd, std::move(parsed.request));
    // Answered at once, it may even have been closed.
    const LoopConnection* const still = find(fd);
    if (still != nullptr && still->state == State::busy) poller_.set(fd, Interest::none);
  }

  void flush(LoopConnection& connection) {
    const int fd = connection.fd.get();
    while (connection.sent < connection.output.size()) {
      const ssize_t sent = ::send(fd, connection.output.data() + connection.sent,
                                  connection.output.size() - connection.sent, MSG_NOSIGNAL);
      if (sent >= 0) {
        connection.sent += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN) {
        connection.state = State::writing;
        poller_.set(fd, Interest::write);
        return;
      } else if (errno != EINTR) {
        return close(connection);
      }
    }
    connection.output.clear();
    poller_.set(fd, Interest::read);
    if (connection.stays) {
      connection.state = State::reading;
      if (connection.may_have_request()) ready_.push_back(fd);
    } else {
      connection.state = State::lingering;
      ::shutdown(fd, SHUT_WR);
    }
  }

  void discard(LoopConnection& connection) {
    const ssize_t length = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    connection.discarded += length > 0 ? static_cast<std::size_t>(length) : 0;
    if (length <= 0 || connection.discarded > kMaxDiscardedBytes) close(connection);
  }

  void close(LoopConnection& connection) {
    const int fd = connection.fd.get();
    poller_.set(fd, Interest::none);
    connections_[static_cast<std::size_t>(fd)].reset();
    --open_;
  }

  /// Those who are idle find the end of their connection; what has arrived is still read.
  void begin_to_stop() {
    is_stopping_ = true;
    stop_deadline_ = Clock::now() + grace_;
    for (const int fd : {listener_.fd(), stop_.get()}) poller_.set(fd, Interest::none);
    listener_.stop();
    for (const auto& connection : connections_) {
      if (connection != nullptr) ::shutdown(connection->fd.get(), SHUT_RD);
    }
  }

  [[nodiscard]] bool is_over() const {
    return is_stopping_ && (open_ == 0 || Clock::now() >= stop_deadline_);
  }

  /// -1: until something happens.
  [[nodiscard]] int timeout_ms() const {
    if (timers_.empty() && !is_stopping_) return -1;
    Clock::time_point next = is_stopping_ ? stop_deadline_ : Clock::time_point::max();
    if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  void answer_overdue() {
    if (timers_.empty()) return;
    const auto now = Clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
      const auto [id, response] = std::move(timers_.extract(timers_.begin()).mapped());
      answer(id, response);
    }
  }

  const std::chrono::milliseconds grace_;
  const StopSignal stop_signal_;
  const Listener listener_;
  const UniqueFd stop_;
  Poller poller_;
  std::unordered_map<int, std::function<void()>> others_;
  std::vector<std::unique_ptr<LoopConnection>> connections_;  // by descriptor
  std::size_t open_ = 0;
  std::vector<int> ready_;  // have received their next request already
  std::multimap<Clock::time_point, std::pair<Id, Response>> timers_;
  bool is_stopping_ = false;
  Clock::time_point stop_deadline_;
  std::array<char, kReceiveBytes> buffer_{};
};

}  // namespace designs
