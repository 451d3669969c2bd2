#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "base/limits.h"

namespace millrace {

namespace {

constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
};

template <class Address>
Endpoint endpoint(const Address& address) noexcept {
  Endpoint out;
  std::memcpy(&out.address, &address, sizeof address);
  out.length = sizeof address;
  return out;
}

Endpoint ipv4_endpoint(in_addr address, std::uint16_t port) noexcept {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr = address;
  return endpoint(out);
}

Endpoint ipv6_endpoint(const in6_addr& address, std::uint16_t port, std::uint32_t zone) noexcept {
  sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  out.sin6_addr = address;
  out.sin6_scope_id = zone;
  return endpoint(out);
}

/// "eth0" or "2", of "fe80::1%eth0"; 0 if there is no such interface.
std::uint32_t zone_index(const std::string& zone) noexcept {
  if (const unsigned named = ::if_nametoindex(zone.c_str()); named != 0) return named;
  std::uint32_t number = 0;
  const char* const end = zone.data() + zone.size();
  const auto [stop, error] = std::from_chars(zone.data(), end, number);
  return error == std::errc{} && stop == end ? number : 0;
}

Result<Endpoint> parse_host(const std::string& host, std::uint16_t port) {
  constexpr SysError kNoLiteral{"inet_pton", EINVAL};
  if (host.find('\0') != std::string::npos) return kNoLiteral;
  if (host == "localhost") return ipv4_endpoint({htonl(INADDR_LOOPBACK)}, port);
  in_addr ipv4{};
  if (::inet_pton(AF_INET, host.c_str(), &ipv4) == 1) return ipv4_endpoint(ipv4, port);

  const std::size_t percent = host.find('%');
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, host.substr(0, percent).c_str(), &ipv6) != 1) return kNoLiteral;
  if (percent == std::string::npos) return ipv6_endpoint(ipv6, port, 0);
  const std::uint32_t zone = zone_index(host.substr(percent + 1));
  if (zone == 0) return SysError{"if_nametoindex", ENODEV};
  return ipv6_endpoint(ipv6, port, zone);
}

Status set_option(int fd, int level, int option, int value) noexcept {
  if (::setsockopt(fd, level, option, &value, sizeof value) != 0) return SysError{"setsockopt", errno};
  return {};
}

/// Connections inherit it from the socket that accepts them: one call for all of them.
Status bound_unsent(int fd) noexcept {
  return set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kKernelUnsentBytes);
}

Result<int> get_option(int fd, int option) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0) return SysError{"getsockopt", errno};
  return value;
}

Result<UniqueFd> listen_at(const Endpoint& at, const ListenAddress& how) noexcept {
  const int family = at.address.ss_family;
  UniqueFd fd{::socket(family, kSocketFlags, 0)};
  if (!fd) return SysError{"socket", errno};
  // A restarted server must not wait for the TIME_WAIT of its predecessor's connections.
  if (const Status set = set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1); !set) return set.error();
  if (how.reuse_port) {
    if (const Status set = set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1); !set) return set.error();
  }
  // Said explicitly, or net.ipv6.bindv6only would decide whether `::` means IPv4, too.
  if (family == AF_INET6) {
    if (const Status set = set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0); !set) return set.error();
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at.address), at.length) != 0) {
    return SysError{"bind", errno};
  }
  if (const Status set = bound_unsent(fd.get()); !set) return set.error();
  if (::listen(fd.get(), how.backlog) != 0) return SysError{"listen", errno};
  return fd;
}

/// What a machine says whose kernel lacks IPv6, or has it switched off.
bool means_no_ipv6(SysError error) noexcept {
  return error.error == EAFNOSUPPORT || error.error == EADDRNOTAVAIL;
}

}  // namespace

Result<Listener> Listener::open(const ListenAddress& address) {
  if (address.fd >= 0) return open_inherited(address.fd);
  if (!address.path.empty()) return open_unix(address);
  return open_tcp(address);
}

Result<Listener> Listener::open_tcp(const ListenAddress& address) {
  if (address.host.empty()) {
    Result<UniqueFd> fd = listen_at(ipv6_endpoint(in6addr_any, address.port, 0), address);
    if (!fd && means_no_ipv6(fd.error())) fd = listen_at(ipv4_endpoint({INADDR_ANY}, address.port), address);
    if (!fd) return fd.error();
    return Listener(std::move(fd).value(), true, {});
  }
  const Result<Endpoint> at = parse_host(address.host, address.port);
  if (!at) return at.error();
  Result<UniqueFd> fd = listen_at(at.value(), address);
  if (!fd) return fd.error();
  return Listener(std::move(fd).value(), true, {});
}

Result<Listener> Listener::open_unix(const ListenAddress& address) {
  UniqueFd fd{::socket(AF_UNIX, kSocketFlags, 0)};
  if (!fd) return SysError{"socket", errno};
  Result<SocketFile> file = SocketFile::listen_at(fd.get(), address.path, address.backlog);
  if (!file) return file.error();
  return Listener(std::move(fd), false, std::move(file).value());
}

Result<Listener> Listener::open_inherited(int fd) {
  UniqueFd own{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
  if (!own) return SysError{"fcntl", errno};

  const Result<int> type = get_option(own.get(), SO_TYPE);
  if (!type) return type.error();
  if (type.value() != SOCK_STREAM) return SysError{"listen", EPROTOTYPE};
  const Result<int> family = get_option(own.get(), SO_DOMAIN);
  if (!family) return family.error();
  const bool tcp = family.value() == AF_INET || family.value() == AF_INET6;
  if (!tcp && family.value() != AF_UNIX) return SysError{"listen", EAFNOSUPPORT};
  const Result<int> listens = get_option(own.get(), SO_ACCEPTCONN);
  if (!listens) return listens.error();
  if (listens.value() == 0) return SysError{"listen", EINVAL};

  if (tcp) {
    if (const Status set = bound_unsent(own.get()); !set) return set.error();
  }
  // Without this an accept for a client that has left meanwhile would put the reactor to sleep.
  const int flags = ::fcntl(own.get(), F_GETFL);
  if (flags < 0 || ::fcntl(own.get(), F_SETFL, flags | O_NONBLOCK) != 0) return SysError{"fcntl", errno};
  return Listener(std::move(own), tcp, {}, true);
}

Accepted Listener::accept(PeerAddress& peer) const noexcept {
  // Each failure worth another try takes a client off the backlog; so many in a row mean an attack or a
  // firewall, and other connections want their turn.
  constexpr int kTries = 64;
  for (int tries = 0; tries < kTries; ++tries) {
    sockaddr_storage address;
    socklen_t length = sizeof address;
    UniqueFd client{
        ::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (client) {
      // Answers leave in one send for each batch, so Nagle's wait could only delay the last part of one.
      // It fails only for a peer that is gone, which the first read will tell.
      if (tcp_) static_cast<void>(set_option(client.get(), IPPROTO_TCP, TCP_NODELAY, 1));
      peer = PeerAddress::from_sockaddr(address, length);
      return client;
    }
    switch (errno) {
      case EAGAIN:
        return AcceptStop::drained;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return AcceptStop::out_of_descriptors;
      // accept(2): Linux hands over what is already wrong with the new connection, to be treated like EAGAIN.
      case EINTR:
      case ECONNABORTED:
      case EPERM:
      case EPROTO:
      case ENOPROTOOPT:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENONET:
        continue;
      default:
        return AcceptStop::broken;
    }
  }
  return AcceptStop::drained;
}

Result<LocalAddress> Listener::local() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return SysError{"getsockname", errno};
  }
  LocalAddress out;
  if (address.ss_family == AF_UNIX) {
    constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
    if (length > kPathAt) {
      const char* const path = reinterpret_cast<const char*>(&address) + kPathAt;
      out.path.assign(path, ::strnlen(path, length - kPathAt));
    }
    return out;
  }
  const PeerAddress own = PeerAddress::from_sockaddr(address, length);
  out.host = own.text();
  out.port = own.port;
  out.family = own.family;
  return out;
}

void Listener::close() noexcept {
  // In this order: see SocketFile, and no client finds a file behind which nobody listens.
  file_.remove();
  fd_ = UniqueFd{};
}

}  // namespace millrace
