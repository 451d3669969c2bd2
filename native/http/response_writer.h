// response_writer.h: writes the head of a response. Any thread, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/http_date.h"
#include "http/status_lines.h"

namespace millrace {

/// What the API's text(), html() and json() stand for. JSON has no charset parameter (RFC 8259 §11).
enum class ContentType : std::uint8_t { none, text, html, json };

/// What goes into a head. `reason` and `fields` must have been checked: they are copied as they are.
struct ResponseHead {
  /// Outside 100–999 it is written as 500: a wrong code is our own bug by then, and must not break framing.
  std::uint16_t status = 200;
  ContentType content_type = ContentType::none;
  /// Sends `Connection: close`; wins over keep_alive_1_0.
  bool close = false;
  /// The client speaks HTTP/1.0 and asked to keep the connection: it must be told (RFC 9112 §9.3).
  bool keep_alive_1_0 = false;
  /// For an application that sends its own Date, and for interim responses.
  bool omit_date = false;
  /// For an application that sends its own Content-Length or is framed otherwise, and for a 304 whose length
  /// is unknown. 1xx and 204 never get a Content-Length, whatever this says (RFC 9110 §8.6).
  bool omit_length = false;
  /// Sends `Transfer-Encoding: chunked` in place of a Content-Length (RFC 9112 §6.1). Not in 1xx and 204.
  bool chunked = false;
  /// Of the body; for HEAD and 304 of the body that GET or 200 would have had (RFC 9110 §8.6).
  std::uint64_t content_length = 0;
  /// Empty: the registered phrase; of a code that has none, nothing but the space before it (RFC 9112 §4).
  std::string_view reason = {};
  /// Whole field lines: "Name: value\r\n" for each.
  std::string_view fields = {};
};

/// The whole answer to `Expect: 100-continue` (RFC 9110 §10.1.1).
inline constexpr std::string_view kContinueResponse = "HTTP/1.1 100 Continue\r\n\r\n";

/// False for 1xx, 204 and 304, whose responses end with the head (RFC 9110 §6.4.1). Responses to HEAD and 2xx
/// to CONNECT have no content either: the status does not show that, the caller knows the method.
[[nodiscard]] constexpr bool status_allows_content(std::uint16_t status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

/// False for 1xx and 204 (RFC 9110 §8.6). A 304 may carry the length that a 200 would have had.
[[nodiscard]] constexpr bool status_allows_content_length(std::uint16_t status) noexcept {
  return status >= 200 && status != 204;
}

/// Room for everything that write_response_head writes besides `reason` and `fields`, and for what its block
/// copies write beyond the end; response_writer.cc checks it against the parts.
inline constexpr std::size_t kResponseHeadFixedBytes = 256;

/// The room that write_response_head needs. It may write anywhere in it, also behind the end it returns.
[[nodiscard]] constexpr std::size_t response_head_bound(const ResponseHead& head) noexcept {
  return kResponseHeadFixedBytes + head.reason.size() + head.fields.size();
}

/// Writes the head with its closing empty line and returns its end. `to` has response_head_bound() bytes and
/// overlaps neither `reason` nor `fields`. `date` is what HttpDate::at() gave (kHttpDateBytes long); of
/// another length, as with omit_date, no Date is written.
char* write_response_head(char* to, const ResponseHead& head, std::string_view date) noexcept;

}  // namespace millrace
