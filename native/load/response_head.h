// response_head.h: reads the head of a response (RFC 9112 §4, §5, §6.3). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "load/response_error.h"

namespace millrace::load {

/// As much as the head of a request may take, and twice that.
inline constexpr std::size_t kMaxResponseHeadBytes = 32 * 1024;

struct ResponseHead {
  enum class Framing : std::uint8_t { none, length, chunked, until_close };

  std::uint64_t length = 0;  // of the body, if the framing is `length`
  std::uint16_t status = 0;
  Framing framing = Framing::none;
  bool closes = false;  // the server says that the connection ends with this response
};

struct HeadRead {
  std::size_t bytes;  // of the head with its empty line; 0: not all of it is there, or it is wrong
  ResponseError error;
};

/// Reads the head at `input`. Strict: what two clients could read in two ways is an error.
/// `to_head`: the response to a HEAD request, which has no body whatever its fields say.
[[nodiscard]] HeadRead read_response_head(const char* input, std::size_t length, bool to_head,
                                          ResponseHead& head) noexcept;

}  // namespace millrace::load
