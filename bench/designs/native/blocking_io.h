// blocking_io.h: a thread that waits for one socket, for ever or until a deadline.

#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "limits.h"

namespace designs {

/// A point in time, not a time for each call: a client that sends one byte a second is late all the same.
class Deadline {
 public:
  static Deadline never() { return Deadline(std::nullopt); }
  static Deadline in(std::chrono::milliseconds time) { return Deadline(Clock::now() + time); }

  [[nodiscard]] bool is_set() const { return at_.has_value(); }
  /// For poll(): -1 where there is none.
  [[nodiscard]] int left_ms() const {
    if (!at_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at_ - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

 private:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(std::optional<Clock::time_point> at) : at_(at) {}
  std::optional<Clock::time_point> at_;
};

/// False: the deadline has passed. Errors count as ready: the call that follows reports them.
inline bool wait_for(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd watched{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&watched, 1, deadline.left_ms());
    if (ready == 0) return false;
    if (ready > 0 || errno != EINTR) return true;
  }
}

enum class Received { more, ended, late };

inline Received receive(int fd, std::string& into, const Deadline& deadline) {
  std::array<char, kReceiveBytes> buffer;
  for (;;) {
    // Without a deadline recv() itself waits: one system call less.
    if (deadline.is_set() && !wait_for(fd, POLLIN, deadline)) return Received::late;
    const ssize_t length = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return Received::ended;
    into.append(buffer.data(), static_cast<std::size_t>(length));
    return Received::more;
  }
}

/// False: the client has gone, or has not taken all of it in time.
inline bool send_all(int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// Ends the sending side, and reads what the client is still sending, for a second at most: see
/// kMaxDiscardedBytes.
inline void linger(int fd) {
  if (::shutdown(fd, SHUT_WR) != 0) return;
  const Deadline deadline = Deadline::in(std::chrono::seconds(1));
  std::string discarded;
  for (std::size_t bytes = 0; bytes < kMaxDiscardedBytes; bytes += discarded.size()) {
    discarded.clear();
    if (receive(fd, discarded, deadline) != Received::more) return;
  }
}

}  // namespace designs
