// listener.h: the socket that clients connect to.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>

#include "give_up.h"
#include "limits.h"
#include "unique_fd.h"

namespace designs {

class Listener {
 public:
  /// On loopback only; 0: any free port. Ends the process where that is not possible.
  explicit Listener(int port, int flags = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) {
    if (fd_.get() < 0) give_up("socket");
    const int on = 1;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("bind");
    if (::listen(fd_.get(), kBacklog) != 0) give_up("listen");
  }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Tells whoever has started the server that it serves.
  void announce() const {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) give_up("getsockname");
    std::printf("http://127.0.0.1:%d/\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  /// Wakes a thread that waits in accept(), and every later accept() fails with EINVAL.
  void stop() const noexcept { ::shutdown(fd_.get(), SHUT_RDWR); }

  /// Blocking or not, as the listener is. Below 0: nobody, and `errno` says why.
  [[nodiscard]] UniqueFd accept(int flags = 0) const noexcept {
    UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | flags));
    const int on = 1;
    if (fd.get() >= 0) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }

 private:
  UniqueFd fd_;
};

/// True for errors of accept() that say nothing about the listener: the client has gone, or descriptors or
/// memory are short. The latter are waited for a little, since the client stays in the queue and accept()
/// would fail at once again.
inline bool may_accept_again(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      return true;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

}  // namespace designs
