// request_line.h: reads method, target and version. Any thread.
#pragma once

#include "http/line_read.h"
#include "http/request_head.h"

namespace millrace {

/// Reads the request line at `line` (RFC 9112 §3) and fills in what it says; after a stop or with too few
/// bytes the head holds a part of it. Offsets are counted from `message`.
[[nodiscard]] LineRead read_request_line(const char* message, const char* line, const char* end,
                                         RequestHead& head) noexcept;

}  // namespace millrace
