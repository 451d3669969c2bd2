// http_client.h: a client with a blocking socket. Waits are bounded: what does not come is a failure, not a
// hang.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "native/patience.h"

namespace millrace::check {

struct Response {
  int status = 0;
  std::string head;  // with the empty line
  std::string body;

  /// The value of a field, by its name as the server writes it; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const {
    const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const std::size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class Client {
 public:
  /// `receive_buffer`: what the kernel may keep for us; small ones make the server wait.
  explicit Client(std::uint16_t port, int receive_buffer = 0) : Client() {
    if (receive_buffer > 0) set(SO_RCVBUF, receive_buffer);
    connect(port);
  }

  /// Not connected yet.
  Client() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    set(SO_RCVTIMEO, patience);
    set(SO_SNDTIMEO, patience);
    const int one = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }

  void connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// False: the server has closed, or takes nothing more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Nothing: the connection has ended before the end of the response, or nothing comes.
  std::optional<Response> read_response(bool to_head_request = false) {
    Response response;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::nullopt;
    }
    response.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    response.status = number(response.head.substr(response.head.find(' ') + 1));
    if (to_head_request) return response;
    const auto length = static_cast<std::size_t>(std::max(0, number(response.header("Content-Length"))));
    while (received_.size() < length) {
      if (!receive()) return std::nullopt;
    }
    response.body = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }

  /// Status of the next response; 0: there is none.
  int read_status() {
    const std::optional<Response> response = read_response();
    return response ? response->status : 0;
  }

  /// True: the server has closed its side and sent nothing more.
  bool at_end() { return received_.empty() && !receive() && ended_; }

  /// All that comes until the server closes its side.
  std::string read_rest() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }

  /// What comes next, at most `most` bytes.
  std::string read_some(std::size_t most) {
    if (received_.empty()) static_cast<void>(receive(most));
    std::string some = received_.substr(0, most);
    received_.erase(0, some.size());
    return some;
  }

  /// Half-close: the server reads our end and may still answer.
  void finish_sending() const { ::shutdown(fd_.get(), SHUT_WR); }

  void close() { fd_ = UniqueFd(); }

  /// The server gets a reset, whatever is on its way.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    set(SO_LINGER, now);
    close();
  }

 private:
  template <class T>
  void set(int option, const T& value) const {
    ::setsockopt(fd_.get(), SOL_SOCKET, option, &value, sizeof value);
  }

  static int number(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  bool receive(std::size_t most = 65536) {
    std::array<char, 65536> buffer;
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), buffer.data(), std::min(most, buffer.size()), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) received_.append(buffer.data(), static_cast<std::size_t>(got));
      ended_ = ended_ || got == 0;
      return got > 0;
    }
  }

  UniqueFd fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

}  // namespace millrace::check
