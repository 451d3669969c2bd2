// peer_address.h: the address of a client, small enough to keep for each connection. Any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace {

struct PeerAddress {
  enum class Family : std::uint8_t { none /* Unix sockets have no address */ = 0, ipv4 = 4, ipv6 = 6 };

  /// The longest text, "ffff:...:255.255.255.255", with its terminating NUL.
  static constexpr std::size_t kMaxTextBytes = INET6_ADDRSTRLEN;

  /// A family that is neither IPv4 nor IPv6, or an address cut short, gives `none`.
  [[nodiscard]] static PeerAddress from_sockaddr(const sockaddr_storage& address, socklen_t length) noexcept;

  /// Writes the address as node:http shows it: IPv4 on a dual-stack listener is "::ffff:1.2.3.4". Returns the
  /// length without the NUL that follows; 0 for `none`.
  std::size_t write_text(std::array<char, kMaxTextBytes>& to) const noexcept;
  [[nodiscard]] std::string text() const;

  Family family = Family::none;
  std::uint16_t port = 0;
  std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 uses the first four
};

static_assert(sizeof(PeerAddress) == 20, "kept for each of 65,536 and more connections");

}  // namespace millrace
