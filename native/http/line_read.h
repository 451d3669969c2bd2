// line_read.h: how far the reading of one line came. Any thread.
#pragma once

#include "http/request_error.h"

namespace millrace {

/// Success: `next` is the byte behind what was read. Else `next` is null, and `error` is `none` when the
/// bytes were right as far as they go and more are needed.
struct LineRead {
  const char* next;
  RequestError error;
};

[[nodiscard]] constexpr LineRead read_up_to(const char* next) noexcept { return {next, RequestError::none}; }
[[nodiscard]] constexpr LineRead need_more() noexcept { return {nullptr, RequestError::none}; }
[[nodiscard]] constexpr LineRead stop(RequestError error) noexcept { return {nullptr, error}; }

/// Reads CRLF at `p`. Anything else is refused, a lone CR or LF too (RFC 9112 §2.2 allows repairing them, and
/// whoever repairs differently from the next server opens a hole); `otherwise` says what other bytes are.
[[nodiscard]] inline LineRead read_line_end(const char* p, const char* end, RequestError otherwise) noexcept {
  if (p == end) return need_more();
  if (*p != '\r') return stop(*p == '\n' ? RequestError::bare_lf : otherwise);
  if (++p == end) return need_more();
  if (*p != '\n') return stop(RequestError::bare_cr);
  return read_up_to(p + 1);
}

}  // namespace millrace
