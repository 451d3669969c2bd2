// request_line.h: reads method, target and version. Any thread.
#pragma once

#include "http/line_read.h"
#include "http/request_head.h"

namespace millrace {

/// Reads the request line at `line` (RFC 9112 §3) and fills in what it says. `head` is new, or has been given
/// to an earlier try with fewer bytes of the same line. Offsets are counted from `message`.
[[nodiscard]] LineRead read_request_line(const char* message, const char* line, const char* end,
                                         RequestHead& head) noexcept;

}  // namespace millrace
