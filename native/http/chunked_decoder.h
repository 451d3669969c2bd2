// chunked_decoder.h: takes a chunked body apart (RFC 9112 §7.1). Reactor thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/owned_bytes.h"
#include "http/request_error.h"
#include "http/scan.h"

namespace millrace {

/// Chunk extensions mean nothing to anybody; 16 KiB of them in one body is an attack (CVE-2023-39326 class).
inline constexpr std::uint32_t kMaxChunkExtensionBytes = 16 * 1024;
/// As much as the fields of a head may take.
inline constexpr std::uint32_t kMaxTrailerBytes = 16 * 1024;
inline constexpr std::uint32_t kMaxTrailerCount = 100;
/// Sixteen digits say every 64-bit size; leading zeros are legal, an endless run of them is not.
inline constexpr std::uint32_t kMaxChunkSizeDigits = 32;

/// Incremental, with the same result however the bytes are cut. Body bytes are never copied: they are handed
/// out as runs of the input. Only trailers are kept, as they are read after the body.
class ChunkedDecoder {
 public:
  /// `scan` is for tests; both paths give identical results.
  explicit ChunkedDecoder(std::uint64_t body_limit, ScanPath scan = ScanPath::best) noexcept;

  enum class Status : std::uint8_t { need_more, data, done, failed };
  struct Step {
    Status status;
    std::size_t consumed;   // of the input given; on `failed` meaningless
    std::string_view data;  // on `data`: body bytes inside the input, never empty
  };

  /// `input` begins where the last step's `consumed` ended. `need_more` has consumed everything. After `done`
  /// or `failed` it consumes nothing and says the same again.
  [[nodiscard]] Step next(const char* input, std::size_t length) noexcept;

  /// After `failed`.
  [[nodiscard]] RequestError error() const noexcept { return error_; }

  /// After `done`: the trailer section's field lines ("Name: value\r\n", checked like a head's), without the
  /// empty line. Never part of the head: framing and routing fields in it mean nothing (RFC 9110 §6.5.1).
  [[nodiscard]] std::string_view trailers() const noexcept { return trailers_.view(); }

  /// On the heap.
  [[nodiscard]] std::size_t bytes_held() const noexcept { return trailers_.capacity(); }

 private:
  enum class State : std::uint8_t {
    size_first_digit,
    size,
    extension_name_first,
    extension_name,
    extension_value_first,
    extension_value,
    extension_quoted,
    extension_escaped,
    extension_quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_line_first,
    trailer_line,
    last_lf,
    done,
    failed,
  };

  RequestError frame_byte(char c) noexcept;
  RequestError size_digit(char c) noexcept;
  RequestError end_of_size(char c) noexcept;
  RequestError extension_byte(char c) noexcept;
  RequestError read_trailer(const char* input, std::size_t length, std::size_t& at) noexcept;
  Step fail(RequestError error) noexcept;

  std::uint64_t body_left_;
  std::uint64_t chunk_left_ = 0;
  OwnedBytes trailers_;
  std::size_t trailer_line_ = 0;  // where the unfinished line begins in trailers_
  std::uint32_t trailer_count_ = 0;
  std::uint32_t extension_bytes_ = 0;
  std::uint32_t size_digits_ = 0;
  ScanPath scan_;
  State state_ = State::size_first_digit;
  RequestError error_ = RequestError::none;
};

}  // namespace millrace
