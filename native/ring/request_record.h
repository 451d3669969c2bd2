// request_record.h: one request as it lies in the arena, for JavaScript to read. Written by the reactor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

#include "http/field_names.h"
#include "http/request_head.h"
#include "net/peer_address.h"
#include "ring/ring_layout.h"

namespace millrace::ring {

/// The fixed part. What follows, and what the names mean, is in ring_layout.h.
struct RequestRecord {
  Method method;
  std::uint8_t minor_version;
  TargetForm target_form;
  PeerAddress::Family peer_family;
  std::uint8_t fields_start;
  std::uint8_t unused;
  std::uint16_t peer_port;
  std::uint16_t field_count;
  std::uint16_t method_bytes;
  std::uint16_t target_bytes;
  std::uint16_t path_offset;
  std::uint16_t path_bytes;
};
static_assert(offsetof(RequestRecord, method) == record::kMethod);
static_assert(offsetof(RequestRecord, minor_version) == record::kMinorVersion);
static_assert(offsetof(RequestRecord, target_form) == record::kTargetForm);
static_assert(offsetof(RequestRecord, peer_family) == record::kPeerFamily);
static_assert(offsetof(RequestRecord, fields_start) == record::kFieldsStart);
static_assert(offsetof(RequestRecord, peer_port) == record::kPeerPort);
static_assert(offsetof(RequestRecord, field_count) == record::kFieldCount);
static_assert(offsetof(RequestRecord, method_bytes) == record::kMethodBytes);
static_assert(offsetof(RequestRecord, target_bytes) == record::kTargetBytes);
static_assert(offsetof(RequestRecord, path_offset) == record::kPathOffset);
static_assert(offsetof(RequestRecord, path_bytes) == record::kPathBytes);
static_assert(sizeof(RequestRecord) == record::kPeerAddress);

struct RecordField {
  std::uint16_t name_offset;
  std::uint16_t value_offset;
  std::uint16_t value_bytes;
  std::uint8_t id;
  std::uint8_t name_bytes;
};
static_assert(offsetof(RecordField, name_offset) == record::kNameOffset);
static_assert(offsetof(RecordField, value_offset) == record::kValueOffset);
static_assert(offsetof(RecordField, value_bytes) == record::kValueBytes);
static_assert(offsetof(RecordField, id) == record::kFieldId);
static_assert(offsetof(RecordField, name_bytes) == record::kNameBytes);
static_assert(sizeof(RecordField) == record::kFieldBytes);
static_assert(kFieldNames.size() < 256, "RecordField::id has one byte");

[[nodiscard]] inline std::uint32_t address_bytes(PeerAddress::Family family) noexcept {
  switch (family) {
    case PeerAddress::Family::ipv4:
      return 4;
    case PeerAddress::Family::ipv6:
      return 16;
    case PeerAddress::Family::none:
      break;
  }
  return 0;
}

/// Records begin and end at whole words, so that their parts are stored where they belong: put together
/// elsewhere and copied, each field would wait for its halves to leave the store buffer.
[[nodiscard]] constexpr std::uint32_t aligned(std::uint32_t bytes) noexcept { return (bytes + 3) & ~3U; }

[[nodiscard]] inline std::uint32_t record_bytes(const RequestHead& head, std::size_t field_count,
                                                const PeerAddress& peer) noexcept {
  const auto bytes = static_cast<std::uint32_t>(sizeof(RequestRecord) + field_count * sizeof(RecordField)) +
                     address_bytes(peer.family) + head.bytes - head.start;
  return aligned(bytes);
}

/// Largest record that these limits let through, for sizing the arena.
[[nodiscard]] constexpr std::size_t largest_record_bytes(std::size_t request_line_bytes,
                                                         std::size_t header_bytes,
                                                         std::size_t header_count) noexcept {
  // The limits do not count the ends of the request line and of the head.
  // And the end is at a whole word.
  constexpr std::size_t kLineEnds = 4 + 3;
  return sizeof(RequestRecord) + sizeof(PeerAddress::bytes) + header_count * sizeof(RecordField) +
         request_line_bytes + header_bytes + kLineEnds;
}

/// Writes record_bytes() bytes and returns their end. `to` is at a whole word; `head_bytes` is what the
/// parser was given.
inline char* write_record(char* to, const RequestHead& head, std::span<const Field> fields,
                          const char* head_bytes, const PeerAddress& peer) noexcept {
  const auto u16 = [](std::uint32_t value) { return static_cast<std::uint16_t>(value); };
  char* const start = to;
  const std::uint32_t peer_bytes = address_bytes(peer.family);
  // An authority-form target is all authority (RFC 9112 §3.2.3); the others have a path, if an empty one.
  const std::uint32_t path =
      head.target_form == TargetForm::authority ? head.target.length : head.path.offset - head.target.offset;
  new (to) RequestRecord{.method = head.method,
                         .minor_version = head.minor_version,
                         .target_form = head.target_form,
                         .peer_family = peer.family,
                         .fields_start = static_cast<std::uint8_t>(sizeof(RequestRecord) + peer_bytes),
                         .unused = 0,
                         .peer_port = peer.port,
                         .field_count = u16(static_cast<std::uint32_t>(fields.size())),
                         .method_bytes = u16(head.method_name.length),
                         .target_bytes = u16(head.target.length),
                         .path_offset = u16(path),
                         .path_bytes = u16(head.path.length)};
  to += sizeof(RequestRecord);
  std::memcpy(to, peer.bytes.data(), peer_bytes);
  to += peer_bytes;
  const std::uint32_t section =
      head.start + head.method_name.length + head.target.length + record::kRequestLineRest;
  for (const Field& field : fields) {
    const auto name_bytes = std::min<std::uint32_t>(field.name_length, record::kLongName);
    new (to) RecordField{.name_offset = u16(field.name_offset - section),
                         .value_offset = u16(field.value_offset - section),
                         .value_bytes = u16(field.value_length),
                         .id = static_cast<std::uint8_t>(field.id),
                         .name_bytes = static_cast<std::uint8_t>(name_bytes)};
    to += sizeof(RecordField);
  }
  const std::uint32_t text_bytes = head.bytes - head.start;
  std::memcpy(to, head_bytes + head.start, text_bytes);
  return start + aligned(static_cast<std::uint32_t>(to - start) + text_bytes);
}

}  // namespace millrace::ring
