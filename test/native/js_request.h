// js_request.h: reads a request's record as lib/request-record.ts does, by byte positions alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ring/ring_layout.h"

namespace millrace::js {

class RequestReader {
 public:
  explicit RequestReader(std::string_view record) : record_(record) {}

  [[nodiscard]] std::uint32_t method() const { return byte(ring::record::kMethod); }
  [[nodiscard]] std::uint32_t minor_version() const { return byte(ring::record::kMinorVersion); }
  [[nodiscard]] std::uint32_t peer_family() const { return byte(ring::record::kPeerFamily); }
  [[nodiscard]] std::uint32_t target_form() const { return byte(ring::record::kTargetForm); }
  [[nodiscard]] std::uint32_t peer_port() const { return number(ring::record::kPeerPort, 2); }
  [[nodiscard]] std::uint32_t field_count() const { return number(ring::record::kFieldCount, 2); }
  [[nodiscard]] std::string_view peer_address() const {
    return record_.substr(ring::record::kPeerAddress, 16);
  }

  [[nodiscard]] std::string_view method_name() const { return slice(ring::record::kMethodName); }
  [[nodiscard]] std::string_view target() const { return slice(ring::record::kTarget); }
  [[nodiscard]] std::string_view path() const { return slice(ring::record::kPath); }
  [[nodiscard]] std::string_view query() const { return slice(ring::record::kQuery); }
  [[nodiscard]] std::string_view authority() const { return slice(ring::record::kAuthority); }

  [[nodiscard]] std::uint32_t field_id(std::uint32_t n) const { return number(field(n) + 6, 2); }
  [[nodiscard]] std::string_view field_name(std::uint32_t n) const {
    return head().substr(number(field(n), 4), number(field(n) + 4, 2));
  }
  [[nodiscard]] std::string_view field_value(std::uint32_t n) const { return slice(field(n) + 8); }

  /// The first field of that name, as it was sent; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (std::uint32_t n = 0; n < field_count(); ++n) {
      if (field_name(n) == name) return field_value(n);
    }
    return {};
  }

 private:
  [[nodiscard]] std::uint32_t byte(std::uint32_t at) const { return number(at, 1); }
  [[nodiscard]] std::uint32_t number(std::uint32_t at, std::uint32_t bytes) const {
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < bytes; ++i) {
      value |= std::uint32_t{static_cast<unsigned char>(record_.at(at + i))} << 8 * i;
    }
    return value;
  }
  [[nodiscard]] static std::uint32_t field(std::uint32_t n) {
    return ring::record::kFields + n * ring::record::kFieldBytes;
  }
  [[nodiscard]] std::string_view head() const { return record_.substr(field(field_count())); }
  [[nodiscard]] std::string_view slice(std::uint32_t at) const {
    return head().substr(number(at, 4), number(at + 4, 4));
  }

  std::string_view record_;
};

}  // namespace millrace::js
