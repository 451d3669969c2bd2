#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "native/check.h"

namespace millrace {
namespace {

ListenAddress at(std::string host, std::uint16_t port = 0) { return {.host = std::move(host), .port = port}; }

std::uint16_t port_of(const Listener& listener) {
  const Result<LocalAddress> local = listener.local();
  return local ? local.value().port : 0;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

UniqueFd connect_ipv4(std::uint16_t port) {
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return UniqueFd{};
  return fd;
}

UniqueFd connect_ipv6(std::uint16_t port) {
  UniqueFd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return UniqueFd{};
  return fd;
}

bool has_ipv6() {
  const UniqueFd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

bool is_private_and_never_blocks(int fd) {
  return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

/// The one way an accept may have stopped; fails the test if there was a client.
bool stopped(const Accepted& accepted, AcceptStop how) {
  const AcceptStop* const stop = std::get_if<AcceptStop>(&accepted);
  return stop != nullptr && *stop == how;
}

/// The descriptor numbers that may be opened from now on, for as long as it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit now{.rlim_cur = limit, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST("listens on a port of the kernel's choice and says which") {
  const Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  const Result<LocalAddress> local = listener.value().local();
  ASSERT_TRUE(local.ok());
  EXPECT_EQ(local.value().host, "127.0.0.1");
  EXPECT_NE(local.value().port, 0);
  EXPECT_EQ(local.value().family, PeerAddress::Family::ipv4);
  EXPECT_EQ(local.value().path, "");
  EXPECT_TRUE(is_private_and_never_blocks(listener.value().fd()));
}

TEST("accepts clients without delay or inheritance and knows where they come from") {
  const Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  const UniqueFd client = connect_ipv4(port_of(listener.value()));
  ASSERT_TRUE(client);
  sockaddr_in own{};
  socklen_t length = sizeof own;
  ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &length);

  PeerAddress peer;
  const Accepted accepted = listener.value().accept(peer);
  const UniqueFd* const fd = std::get_if<UniqueFd>(&accepted);
  ASSERT_TRUE(fd != nullptr);
  EXPECT_TRUE(is_private_and_never_blocks(fd->get()));
  EXPECT_NE(option(fd->get(), IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(option(fd->get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT), kKernelUnsentBytes);
  EXPECT_EQ(peer.family, PeerAddress::Family::ipv4);
  EXPECT_EQ(peer.text(), "127.0.0.1");
  EXPECT_EQ(peer.port, ntohs(own.sin_port));
}

TEST("says drained when nobody waits") {
  const Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  PeerAddress peer;
  EXPECT_TRUE(stopped(listener.value().accept(peer), AcceptStop::drained));
}

TEST("accepts as many as wait, then says drained") {
  const Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  std::vector<UniqueFd> clients;
  clients.reserve(20);
  for (int i = 0; i < 20; ++i) clients.push_back(connect_ipv4(port_of(listener.value())));
  int count = 0;
  PeerAddress peer;
  while (std::holds_alternative<UniqueFd>(listener.value().accept(peer))) ++count;
  EXPECT_EQ(count, 20);
  EXPECT_TRUE(stopped(listener.value().accept(peer), AcceptStop::drained));
}

TEST("a client that resets before it is accepted does no harm to the next one") {
  const Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  {
    const UniqueFd rude = connect_ipv4(port_of(listener.value()));
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(rude.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  const UniqueFd client = connect_ipv4(port_of(listener.value()));
  sockaddr_in own{};
  socklen_t length = sizeof own;
  ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &length);
  PeerAddress last;
  PeerAddress peer;
  while (std::holds_alternative<UniqueFd>(listener.value().accept(peer))) last = peer;
  EXPECT_EQ(last.port, ntohs(own.sin_port));
}

TEST("shows an IPv4 client of a listener on all interfaces as node:http does") {
  if (!has_ipv6()) SKIP("no IPv6 on this machine");
  const Result<Listener> listener = Listener::open(at(""));
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(listener.value().local().value().host, "::");
  const UniqueFd ipv4 = connect_ipv4(port_of(listener.value()));
  PeerAddress peer;
  EXPECT_TRUE(std::holds_alternative<UniqueFd>(listener.value().accept(peer)));
  EXPECT_EQ(peer.text(), "::ffff:127.0.0.1");
  EXPECT_EQ(peer.family, PeerAddress::Family::ipv6);
  const UniqueFd ipv6 = connect_ipv6(port_of(listener.value()));
  EXPECT_TRUE(std::holds_alternative<UniqueFd>(listener.value().accept(peer)));
  EXPECT_EQ(peer.text(), "::1");
}

TEST("takes IPv6 literals, with a zone too") {
  if (!has_ipv6()) SKIP("no IPv6 on this machine");
  for (const char* host : {"::1", "0:0::1", "::1%lo", "::1%1"}) {
    SCOPE(host);
    const Result<Listener> listener = Listener::open(at(host));
    ASSERT_TRUE(listener.ok());
    EXPECT_EQ(listener.value().local().value().host, "::1");
    EXPECT_TRUE(connect_ipv6(port_of(listener.value())));
  }
  const Result<Listener> lost = Listener::open(at("fe80::1%nowhere0"));
  ASSERT_TRUE(!lost.ok());
  EXPECT_EQ(lost.error().error, ENODEV);
}

TEST("takes localhost for 127.0.0.1") {
  const Result<Listener> listener = Listener::open(at("localhost"));
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(listener.value().local().value().host, "127.0.0.1");
}

TEST("resolves no names and takes no sloppy literals") {
  for (const std::string& host : {std::string("example.org"), std::string("127.1"), std::string("2130706433"),
                                  std::string("[::1]"), std::string("127.0.0.1\0x", 11), std::string(" ::1"),
                                  std::string("127.0.0.1%lo"), std::string("%")}) {
    SCOPE(host);
    const Result<Listener> listener = Listener::open(at(host));
    ASSERT_TRUE(!listener.ok());
    EXPECT_EQ(listener.error().error, EINVAL);
  }
}

TEST("says which call failed for a port that is taken or an address that is not ours") {
  const Result<Listener> first = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(first.ok());
  const Result<Listener> second = Listener::open(at("127.0.0.1", port_of(first.value())));
  ASSERT_TRUE(!second.ok());
  EXPECT_EQ(second.error().syscall, "bind");
  EXPECT_EQ(second.error().error, EADDRINUSE);
  const Result<Listener> foreign = Listener::open(at("192.0.2.1"));  // RFC 5737: nobody's
  ASSERT_TRUE(!foreign.ok());
  EXPECT_EQ(foreign.error().error, EADDRNOTAVAIL);
}

TEST("shares a port when both ask for it") {
  ListenAddress address = at("127.0.0.1");
  address.reuse_port = true;
  const Result<Listener> first = Listener::open(address);
  ASSERT_TRUE(first.ok());
  address.port = port_of(first.value());
  EXPECT_TRUE(Listener::open(address).ok());
}

TEST("leaves the client waiting when descriptors run out, and accepts it when there is one again") {
  const Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  const UniqueFd client = connect_ipv4(port_of(listener.value()));
  ASSERT_TRUE(client);
  PeerAddress peer;
  {
    const DescriptorLimit none(0);
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(stopped(listener.value().accept(peer), AcceptStop::out_of_descriptors));
    }
  }
  EXPECT_TRUE(std::holds_alternative<UniqueFd>(listener.value().accept(peer)));
}

TEST("says EMFILE when there is no descriptor to listen with") {
  const DescriptorLimit none(0);
  const Result<Listener> tcp = Listener::open(at("127.0.0.1"));
  const Result<Listener> all = Listener::open(at(""));
  const Result<Listener> local = Listener::open({.path = "/tmp/never-made.sock"});
  ASSERT_TRUE(!tcp.ok() && !all.ok() && !local.ok());
  EXPECT_EQ(tcp.error().error, EMFILE);
  EXPECT_EQ(all.error().error, EMFILE);
  EXPECT_EQ(local.error().error, EMFILE);
}

TEST("says broken for a socket that listens no more") {
  Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  PeerAddress peer;
  ::shutdown(listener.value().fd(), SHUT_RDWR);
  EXPECT_TRUE(stopped(listener.value().accept(peer), AcceptStop::broken));
  listener.value().close();
  EXPECT_TRUE(stopped(listener.value().accept(peer), AcceptStop::broken));
}

TEST("refuses clients after close, and closing twice is harmless") {
  Result<Listener> listener = Listener::open(at("127.0.0.1"));
  ASSERT_TRUE(listener.ok());
  const std::uint16_t port = port_of(listener.value());
  listener.value().close();
  EXPECT_EQ(listener.value().fd(), -1);
  listener.value().close();
  EXPECT_FALSE(connect_ipv4(port));
  EXPECT_EQ(errno, ECONNREFUSED);
  EXPECT_FALSE(listener.value().local());
}

/// Makes this process one without IPv6, for good. False where that cannot be done.
bool lose_ipv6() {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EAFNOSUPPORT;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               offsetof(seccomp_data, args)),  // the low half: both CPUs are little endian
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kRefuse),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST("listens on 0.0.0.0 on a machine without IPv6") {
  constexpr int kCannotTell = 77;
  const pid_t child = ::fork();
  if (child == 0) {
    if (!lose_ipv6()) ::_exit(kCannotTell);
    const Result<Listener> listener = Listener::open(at(""));
    if (!listener) ::_exit(1);
    if (listener.value().local().value().host != "0.0.0.0") ::_exit(2);
    if (!connect_ipv4(port_of(listener.value()))) ::_exit(3);
    const Result<Listener> ipv6 = Listener::open(at("::1"));  // asked for by name: no substitute
    ::_exit(!ipv6 && ipv6.error().error == EAFNOSUPPORT ? 0 : 4);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotTell) SKIP("no seccomp filters here");
  EXPECT_EQ(status, 0);
}

// ---- inherited descriptors ----

UniqueFd raw_socket(int family, int type, bool bound, bool listening) {
  UniqueFd fd{::socket(family, type, 0)};
  const sockaddr_in address = loopback(0);
  if (bound) static_cast<void>(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  if (listening) ::listen(fd.get(), 8);
  return fd;
}

TEST("listens on an inherited socket through a duplicate, and leaves the number to its owner") {
  const UniqueFd inherited = raw_socket(AF_INET, SOCK_STREAM, true, true);
  Result<Listener> listener = Listener::open({.fd = inherited.get()});
  ASSERT_TRUE(listener.ok());
  EXPECT_NE(listener.value().fd(), inherited.get());
  EXPECT_TRUE(is_private_and_never_blocks(listener.value().fd()));
  const std::uint16_t port = port_of(listener.value());
  const UniqueFd client = connect_ipv4(port);
  PeerAddress peer;
  const Accepted accepted = listener.value().accept(peer);
  ASSERT_TRUE(std::holds_alternative<UniqueFd>(accepted));
  const int accepted_fd = std::get_if<UniqueFd>(&accepted)->get();
  EXPECT_NE(option(accepted_fd, IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(option(accepted_fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), kKernelUnsentBytes);
  listener.value().close();
  EXPECT_TRUE(connect_ipv4(port));  // the owner still listens
  EXPECT_EQ(option(inherited.get(), SOL_SOCKET, SO_ACCEPTCONN), 1);
}

TEST("refuses an inherited descriptor that is no listening stream socket") {
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  const UniqueFd read_end{pipe_ends[0]};
  const UniqueFd write_end{pipe_ends[1]};
  const UniqueFd not_listening = raw_socket(AF_INET, SOCK_STREAM, true, false);
  const UniqueFd datagram = raw_socket(AF_INET, SOCK_DGRAM, true, false);
  const UniqueFd packets = raw_socket(AF_UNIX, SOCK_SEQPACKET, false, false);
  int closed = -1;
  {
    const UniqueFd fd = raw_socket(AF_INET, SOCK_STREAM, true, true);
    closed = fd.get();
  }
  const struct {
    const char* what;
    int fd;
    int error;
  } cases[] = {
      {"a pipe", read_end.get(), ENOTSOCK},
      {"a socket that does not listen", not_listening.get(), EINVAL},
      {"a datagram socket", datagram.get(), EPROTOTYPE},
      {"a seqpacket socket", packets.get(), EPROTOTYPE},
      {"a closed number", closed, EBADF},
      {"a number far out", 1 << 20, EBADF},
  };
  for (const auto& c : cases) {
    SCOPE(c.what);
    const Result<Listener> listener = Listener::open({.fd = c.fd});
    ASSERT_TRUE(!listener.ok());
    EXPECT_EQ(listener.error().error, c.error);
  }
  EXPECT_TRUE(::fcntl(not_listening.get(), F_GETFD) >= 0);  // refused, not closed
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
