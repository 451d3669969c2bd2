#include "load/response_head.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "http/field_line.h"
#include "http/framing_rules.h"
#include "http/scan.h"

namespace millrace::load {

namespace {

constexpr HeadRead kMore{0, ResponseError::none};
constexpr HeadRead wrong(ResponseError error) { return {0, error}; }

ResponseError error_of_line(RequestError error) noexcept {
  return error == RequestError::bare_cr || error == RequestError::bare_lf ? ResponseError::bad_line_end
                                                                          : ResponseError::bad_field;
}

/// What the fields say, of which the framing follows when all are known.
class Facts {
 public:
  explicit Facts(bool is_http_1_0) noexcept : is_http_1_0_(is_http_1_0) {}

  ResponseError note(FieldId id, std::string_view value) noexcept {
    if (id == FieldId::content_length) {
      if (has_length_) return ResponseError::repeated_content_length;
      has_length_ = true;
      if (read_content_length(value, length_) != RequestError::none) return ResponseError::bad_content_length;
    } else if (id == FieldId::transfer_encoding) {
      // A body with another coding last ends with the connection (RFC 9112 §6.3); no server needs that.
      if (has_coding_ || is_http_1_0_ || check_transfer_encoding(value) != RequestError::none) {
        return ResponseError::bad_transfer_encoding;
      }
      has_coding_ = true;
    } else if (id == FieldId::connection) {
      for_each_element(value, [this](std::string_view option) {
        closes_ = closes_ || equals_ignoring_case(option, "close");
        stays_ = stays_ || equals_ignoring_case(option, "keep-alive");
      });
    }
    return has_length_ && has_coding_ ? ResponseError::content_length_with_transfer_encoding
                                      : ResponseError::none;
  }

  void conclude(bool to_head, ResponseHead& head) const noexcept {
    using Framing = ResponseHead::Framing;
    const bool has_no_body = to_head || head.status < 200 || head.status == 204 || head.status == 304;
    head.length = has_no_body ? 0 : length_;
    head.framing = has_no_body   ? Framing::none
                   : has_coding_ ? Framing::chunked
                   : has_length_ ? Framing::length
                                 : Framing::until_close;
    head.closes = closes_ || (is_http_1_0_ && !stays_) || head.framing == Framing::until_close;
  }

 private:
  std::uint64_t length_ = 0;
  bool is_http_1_0_;
  bool has_length_ = false;
  bool has_coding_ = false;
  bool closes_ = false;
  bool stays_ = false;
};

/// "HTTP/1.x DDD reason": the reason may be empty, the space ahead of it not (RFC 9112 §4). `next`: behind
/// the CRLF; null: see `error`.
struct StatusLine {
  const char* next;
  ResponseError error;
  bool is_http_1_0;
};

StatusLine read_status_line(const char* p, const char* end, std::uint16_t& status) noexcept {
  constexpr std::string_view kStart = "HTTP/1.";
  const auto stop_with = [](ResponseError error) { return StatusLine{nullptr, error, false}; };
  const auto there = std::min<std::size_t>(kStart.size(), static_cast<std::size_t>(end - p));
  if (std::memcmp(p, kStart.data(), there) != 0) return stop_with(ResponseError::not_http);
  p += there;
  if (p == end) return stop_with(ResponseError::none);
  const char minor = *p++;
  if (minor != '0' && minor != '1') return stop_with(ResponseError::not_http);
  if (p == end) return stop_with(ResponseError::none);
  if (*p++ != ' ') return stop_with(ResponseError::not_http);
  unsigned code = 0;
  for (int digit = 0; digit < 3; ++digit, ++p) {
    if (p == end) return stop_with(ResponseError::none);
    // RFC 9110 §15: from 600 on they are no codes, but are to be treated like 5xx.
    if (!is(kDigit, *p) || (digit == 0 && *p == '0')) return stop_with(ResponseError::bad_status_line);
    code = code * 10 + static_cast<unsigned>(*p - '0');
  }
  if (p == end) return stop_with(ResponseError::none);
  if (*p != ' ') return stop_with(ResponseError::bad_status_line);
  p = BestScan::field_value_end(p + 1, end);
  const LineRead read = read_line_end(p, end, RequestError::bad_field_value);
  if (read.error == RequestError::bad_field_value) return stop_with(ResponseError::bad_status_line);
  if (read.error != RequestError::none) return stop_with(ResponseError::bad_line_end);
  status = static_cast<std::uint16_t>(code);
  return {read.next, ResponseError::none, minor == '0'};
}

}  // namespace

const char* describe(ResponseError error) noexcept {
  switch (error) {
    case ResponseError::none:
      return "no error";
    case ResponseError::not_http:
      return "does not begin with HTTP/1.0 or HTTP/1.1";
    case ResponseError::bad_status_line:
      return "malformed status line";
    case ResponseError::bad_line_end:
      return "CR or LF alone";
    case ResponseError::bad_field:
      return "malformed field line";
    case ResponseError::head_too_large:
      return "head of more than 32 KiB";
    case ResponseError::bad_content_length:
      return "Content-Length is no number";
    case ResponseError::repeated_content_length:
      return "several Content-Length fields";
    case ResponseError::content_length_with_transfer_encoding:
      return "both Content-Length and Transfer-Encoding";
    case ResponseError::bad_transfer_encoding:
      return "a Transfer-Encoding other than chunked, or in HTTP/1.0";
    case ResponseError::bad_chunk:
      return "malformed chunk";
    case ResponseError::switches_protocols:
      return "101 to a request that asked for no other protocol";
    case ResponseError::out_of_memory:
      return "out of memory";
  }
  return "";
}

HeadRead read_response_head(const char* input, std::size_t length, bool to_head,
                            ResponseHead& head) noexcept {
  // No further, so that whatever is wrong before the limit counts first, however the bytes were cut.
  const std::size_t there = std::min(length, kMaxResponseHeadBytes);
  const HeadRead unfinished = there < kMaxResponseHeadBytes ? kMore : wrong(ResponseError::head_too_large);
  const char* const end = input + there;
  const StatusLine line = read_status_line(input, end, head.status);
  if (line.error != ResponseError::none) return wrong(line.error);
  if (line.next == nullptr) return unfinished;
  Facts facts(line.is_http_1_0);
  const char* p = line.next;
  for (;;) {
    if (p == end) return unfinished;
    if (*p == '\r') {
      const LineRead empty = read_line_end(p, end, RequestError::bare_cr);
      if (empty.error != RequestError::none) return wrong(ResponseError::bad_line_end);
      if (empty.next == nullptr) return unfinished;
      if (head.status == 101) return wrong(ResponseError::switches_protocols);
      facts.conclude(to_head, head);
      return {static_cast<std::size_t>(empty.next - input), ResponseError::none};
    }
    FieldLine field;
    const LineRead read = read_field_line<BestScan>(p, end, field);
    if (read.error != RequestError::none) return wrong(error_of_line(read.error));
    if (read.next == nullptr) return unfinished;
    if (field.id != FieldId::unknown) {
      const std::string_view value(field.value, static_cast<std::size_t>(field.value_end - field.value));
      const ResponseError error = facts.note(field.id, value);
      if (error != ResponseError::none) return wrong(error);
    }
    p = read.next;
  }
}

}  // namespace millrace::load
