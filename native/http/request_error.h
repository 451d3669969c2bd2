// request_error.h: every way in which a request's bytes can be wrong. Any thread.
#pragma once

#include <cstdint>

namespace millrace {

/// One name for each way a head or a chunked body can stop being a request. None can be repaired: the message
/// is answered with `status_of` and its connection ends, because nothing behind a doubtful message can be
/// trusted.
enum class RequestError : std::uint8_t {
  none,
  // Line ends, wherever they stand.
  bare_cr,
  bare_lf,
  too_many_empty_lines,  // more ahead of the request line than kMaxLeadingEmptyLines
  // Request line.
  bad_method,
  bad_target,
  fragment_in_target,
  asterisk_without_options,
  bad_authority,  // of an absolute-form or authority-form target
  bad_version,
  unsupported_version,
  request_line_too_long,
  // Field lines.
  whitespace_before_first_field,
  folded_field,
  bad_field_name,
  whitespace_before_colon,
  missing_colon,
  bad_field_value,
  header_too_large,
  too_many_fields,
  // What the fields say together.
  missing_host,
  repeated_host,
  bad_host,
  bad_content_length,
  repeated_content_length,
  content_length_too_large,  // does not fit 64 bits; the configured limit is checked by the connection
  content_length_with_transfer_encoding,
  transfer_encoding_in_http_1_0,
  bad_transfer_encoding,
  unknown_transfer_coding,
  // Chunked bodies.
  bad_chunk_size,
  bad_chunk_extension,
  bad_chunk_end,
  chunk_size_line_too_long,
  chunk_extensions_too_large,
  body_too_large,
  trailers_too_large,
  too_many_trailers,
  out_of_memory,  // not the client's fault: 503
};

/// The status code the message is answered with; 0 for `none`.
[[nodiscard]] std::uint16_t status_of(RequestError error) noexcept;

/// A short English phrase for logs and diagnostics, never sent to the client. Static storage.
[[nodiscard]] const char* describe(RequestError error) noexcept;

}  // namespace millrace
