// request_text.h: texts out of a parsed request head. Any thread.
#pragma once

#include <string_view>

#include "http/request_head.h"

namespace millrace {

/// `head_bytes` is what the head was parsed from.
[[nodiscard]] inline std::string_view text_of(Slice slice, const char* head_bytes) noexcept {
  return {head_bytes + slice.offset, slice.length};
}

/// What the router compares, and `req.path`. An absolute-form target may have no path: of OPTIONS it is the
/// server that is meant then, unless there is a query (RFC 9112 §3.2.4, RFC 9110 §4.2.3).
[[nodiscard]] inline std::string_view routing_path(const RequestHead& head, const char* head_bytes) noexcept {
  if (head.path.length > 0) return text_of(head.path, head_bytes);
  const bool has_query = text_of(head.target, head_bytes).find('?') != std::string_view::npos;
  return head.method == Method::options && !has_query ? "*" : "/";
}

}  // namespace millrace
