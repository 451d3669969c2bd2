// request_record.h: one request as it lies in the arena, for JavaScript to read. Written by the reactor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "http/request_head.h"
#include "net/peer_address.h"
#include "ring/ring_layout.h"

namespace millrace::ring {

/// The fixed part; `field_count` Fields and the bytes of the head follow. Slices and Fields count from the
/// head.
struct RequestRecord {
  Method method;
  std::uint8_t minor_version;
  PeerAddress::Family peer_family;
  TargetForm target_form;
  std::uint16_t peer_port;
  std::uint16_t field_count;
  std::array<std::uint8_t, 16> peer_address;
  Slice method_name;
  Slice target;
  Slice path;
  Slice query;
  Slice authority;
};
static_assert(offsetof(RequestRecord, method) == record::kMethod);
static_assert(offsetof(RequestRecord, minor_version) == record::kMinorVersion);
static_assert(offsetof(RequestRecord, peer_family) == record::kPeerFamily);
static_assert(offsetof(RequestRecord, target_form) == record::kTargetForm);
static_assert(offsetof(RequestRecord, peer_port) == record::kPeerPort);
static_assert(offsetof(RequestRecord, field_count) == record::kFieldCount);
static_assert(offsetof(RequestRecord, peer_address) == record::kPeerAddress);
static_assert(offsetof(RequestRecord, method_name) == record::kMethodName);
static_assert(offsetof(RequestRecord, target) == record::kTarget);
static_assert(offsetof(RequestRecord, path) == record::kPath);
static_assert(offsetof(RequestRecord, query) == record::kQuery);
static_assert(offsetof(RequestRecord, authority) == record::kAuthority);
static_assert(sizeof(RequestRecord) == record::kFields && sizeof(Field) == record::kFieldBytes);

[[nodiscard]] inline std::uint32_t record_bytes(const RequestHead& head, std::size_t field_count) noexcept {
  return static_cast<std::uint32_t>(sizeof(RequestRecord) + field_count * sizeof(Field)) + head.bytes;
}

/// Largest record that these limits let through, for sizing the arena.
[[nodiscard]] constexpr std::size_t largest_record_bytes(std::size_t request_line_bytes,
                                                         std::size_t header_bytes,
                                                         std::size_t header_count) noexcept {
  // Line ends and the empty lines that may stand before the request line are not counted by the limits.
  constexpr std::size_t kLineEnds = 64;
  return sizeof(RequestRecord) + header_count * sizeof(Field) + request_line_bytes + header_bytes + kLineEnds;
}

/// Writes record_bytes() bytes and returns their end.
inline char* write_record(char* to, const RequestHead& head, std::span<const Field> fields,
                          const char* head_bytes, const PeerAddress& peer) noexcept {
  const RequestRecord fixed{.method = head.method,
                            .minor_version = head.minor_version,
                            .peer_family = peer.family,
                            .target_form = head.target_form,
                            .peer_port = peer.port,
                            .field_count = static_cast<std::uint16_t>(fields.size()),
                            .peer_address = peer.bytes,
                            .method_name = head.method_name,
                            .target = head.target,
                            .path = head.path,
                            .query = head.query,
                            .authority = head.authority};
  std::memcpy(to, &fixed, sizeof fixed);
  to += sizeof fixed;
  std::memcpy(to, fields.data(), fields.size_bytes());
  to += fields.size_bytes();
  std::memcpy(to, head_bytes, head.bytes);
  return to + head.bytes;
}

}  // namespace millrace::ring
