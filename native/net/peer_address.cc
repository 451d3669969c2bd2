#include "net/peer_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace millrace {

PeerAddress PeerAddress::from_sockaddr(const sockaddr_storage& address, socklen_t length) noexcept {
  PeerAddress peer;
  // Copied out instead of cast: reading a sockaddr_storage through another struct type is undefined
  // behaviour.
  if (address.ss_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in ipv4;
    std::memcpy(&ipv4, &address, sizeof ipv4);
    peer.family = Family::ipv4;
    peer.port = ntohs(ipv4.sin_port);
    std::memcpy(peer.bytes.data(), &ipv4.sin_addr, sizeof ipv4.sin_addr);
  } else if (address.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, &address, sizeof ipv6);
    peer.family = Family::ipv6;
    peer.port = ntohs(ipv6.sin6_port);
    std::memcpy(peer.bytes.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  }
  return peer;
}

std::size_t PeerAddress::write_text(std::array<char, kMaxTextBytes>& to) const noexcept {
  to[0] = '\0';
  if (family == Family::none) return 0;
  ::inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, bytes.data(), to.data(),
              static_cast<socklen_t>(to.size()));
  return std::strlen(to.data());
}

std::string PeerAddress::text() const {
  std::array<char, kMaxTextBytes> buffer;
  const std::size_t length = write_text(buffer);
  return {buffer.data(), length};
}

}  // namespace millrace
