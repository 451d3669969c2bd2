// response_error.h: every way in which a response's bytes can be wrong. Any thread.
#pragma once

#include <cstdint>

namespace millrace::load {

enum class ResponseError : std::uint8_t {
  none,
  not_http,         // does not begin with "HTTP/1.0 " or "HTTP/1.1 "
  bad_status_line,  // no three digits, a byte that may not stand there
  bad_line_end,     // CR or LF alone
  bad_field,        // a field line that is none, or a folded one
  head_too_large,   // more than kMaxResponseHeadBytes
  bad_content_length,
  repeated_content_length,
  content_length_with_transfer_encoding,
  bad_transfer_encoding,  // anything but one "chunked", or any in HTTP/1.0
  bad_chunk,
  switches_protocols,  // 101, which no request of ours asks for
  out_of_memory,
};

/// A short English phrase. Static storage.
[[nodiscard]] const char* describe(ResponseError error) noexcept;

}  // namespace millrace::load
