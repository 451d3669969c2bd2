// error_responses.h: the complete responses that the reactor gives without asking JavaScript. Any thread, no
// state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

struct ErrorResponseOptions {
  /// Sends `Connection: close`. The caller decides, because it also has to close: after 400, 408, 413, 414,
  /// 431, 501 and 505 for a message that was refused nothing that follows may be parsed.
  bool close = false;
  /// The request was HEAD: same head, no body.
  bool head_request = false;
  /// The client speaks HTTP/1.0 and the connection stays open (see ResponseHead).
  bool keep_alive_1_0 = false;
  /// `Retry-After` in seconds (RFC 9110 §10.2.3); 0: none.
  std::uint32_t retry_after_seconds = 0;
  /// `Allow`, as RouteMatch::allow gives it. A 405 has the field even when this is empty (RFC 9110 §15.5.6).
  std::string_view allow = {};
};

/// A whole response: head, and the reason phrase as text/plain body where status and method allow one. Meant
/// for 400, 404, 405, 408, 413, 414, 417, 431, 500, 501, 503, 505, and 204 for OPTIONS with `allow`; any
/// registered 4xx or 5xx works. `date` as for write_response_head.
[[nodiscard]] std::string error_response(std::uint16_t status, const ErrorResponseOptions& options,
                                         std::string_view date);

}  // namespace millrace
