// status_lines.h: the ready-made status line of every registered status code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

/// A status code is three digits (RFC 9110 §15).
inline constexpr std::uint16_t kMinStatus = 100;
inline constexpr std::uint16_t kMaxStatus = 999;

/// Every ready-made line lies in a record of this size: copying that is a few moves, copying a length a call.
inline constexpr std::size_t kStatusLineRecordBytes = 48;

/// "HTTP/1.1 200 OK\r\n", readable up to kStatusLineRecordBytes. Empty: the code is not registered.
[[nodiscard]] std::string_view status_line(std::uint16_t status) noexcept;

/// "OK" for 200. Empty where the code is not registered.
[[nodiscard]] std::string_view reason_phrase(std::uint16_t status) noexcept;

}  // namespace millrace
