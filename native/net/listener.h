// listener.h: a listening socket, however it came about. Opened and closed by one thread; accept() from any.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/peer_address.h"
#include "net/socket_file.h"

namespace millrace {

/// What to listen on. The first that is set decides: `fd`, `path`, else `host` and `port`.
struct ListenAddress {
  std::string host =
      {};  // an IPv4 or IPv6 literal or "localhost"; names are resolved in lib/. Empty: all interfaces
  std::uint16_t port = 0;   // 0: the kernel chooses, see Listener::local()
  std::string path = {};    // a Unix socket
  int fd = -1;              // an inherited listening stream socket, e.g. from systemd
  int backlog = 511;        // what node:http asks for; the kernel caps it at net.core.somaxconn
  bool reuse_port = false;  // SO_REUSEPORT; TCP only
};

struct LocalAddress {
  std::string host;  // empty for a Unix socket
  std::uint16_t port = 0;
  PeerAddress::Family family = PeerAddress::Family::none;
  std::string path;  // of a Unix socket
};

enum class AcceptStop {
  /// Nobody is waiting, or enough gave up while waiting for one wake; a level-triggered epoll tells.
  drained,
  /// EMFILE, ENFILE or no kernel memory. The client stays in the backlog, so epoll reports it again at once.
  out_of_descriptors,
  /// The socket listens no more; accepting again cannot help.
  broken,
};
using Accepted = std::variant<UniqueFd, AcceptStop>;

class Listener {
 public:
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&& other) noexcept {
    if (this == &other) return *this;
    close();
    fd_ = std::move(other.fd_);
    tcp_ = other.tcp_;
    inherited_ = other.inherited_;
    file_ = std::move(other.file_);
    return *this;
  }
  ~Listener() = default;

  /// The socket is non-blocking and CLOEXEC, and listens.
  ///
  /// Host: empty means `::` with IPv4 mapped into it, or 0.0.0.0 on a machine without IPv6, as node:http
  /// does. A host that is no literal is EINVAL.
  ///
  /// Path: a socket file that nobody listens on is replaced; one that is alive, or a file of another kind, is
  /// EADDRINUSE; one of more than 107 bytes is ENAMETOOLONG.
  ///
  /// Fd: duplicated. The number given stays its owner's, to close or not, so the port goes on queueing
  /// clients after close() for as long as somebody holds it, as socket activation wants. O_NONBLOCK belongs
  /// to the open file, so every holder sees it. Anything but a listening stream socket of TCP or Unix kind is
  /// refused: EBADF, ENOTSOCK, EPROTOTYPE (no stream), EAFNOSUPPORT, EINVAL (does not listen).
  [[nodiscard]] static Result<Listener> open(const ListenAddress& address);

  /// One client: non-blocking, CLOEXEC, TCP_NODELAY. Never waits.
  [[nodiscard]] Accepted accept(PeerAddress& peer) const noexcept;

  [[nodiscard]] Result<LocalAddress> local() const;

  /// Stops listening: clients in the backlog are reset. Removes the socket file if it is still ours.
  /// Idempotent; the destructor does the same. No other thread may be in accept().
  void close() noexcept;

  /// For epoll; -1 after close().
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Opened by somebody else, who may go on listening after close().
  [[nodiscard]] bool inherited() const noexcept { return inherited_; }

 private:
  Listener(UniqueFd fd, bool tcp, SocketFile file, bool inherited = false) noexcept
      : fd_(std::move(fd)), tcp_(tcp), inherited_(inherited), file_(std::move(file)) {}

  static Result<Listener> open_tcp(const ListenAddress& address);
  static Result<Listener> open_unix(const ListenAddress& address);
  static Result<Listener> open_inherited(int fd);

  UniqueFd fd_;
  bool tcp_;
  bool inherited_;
  SocketFile file_;  // last, so that it is removed before fd_ is closed
};

}  // namespace millrace
