// response_reader.h: takes the responses of one connection apart. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/owned_bytes.h"
#include "http/chunked_decoder.h"
#include "load/response_head.h"

namespace millrace::load {

/// Incremental, with the same result however the bytes are cut. Keeps no bytes but those of a head that has
/// not arrived as a whole; body bytes are handed out where they lie. Interim responses (1xx) are skipped.
class ResponseReader {
 public:
  /// Of the next response, and all after it.
  void set_to_head(bool to_head) noexcept { to_head_ = to_head; }

  /// The next connection's first response.
  void reset() noexcept;

  enum class Status : std::uint8_t { need_more, data, done, failed };
  struct Step {
    Status status;
    std::size_t consumed;  // of the input given
    std::string_view
        data;  // body bytes inside the input; also with `done`, and empty behind an interim response
  };
  /// `input` begins where the last step's `consumed` ended. `need_more` has consumed everything, `data` says
  /// that there is more to come. After `done` the next byte is the next response's. After `failed` it says
  /// the same again.
  [[nodiscard]] Step next(const char* input, std::size_t length) noexcept;

  /// What it means when the connection ends here.
  enum class End : std::uint8_t {
    between,   // no byte of a response has come
    complete,  // the end of the body that it was the end of
    in_head,
    in_length,  // less body than Content-Length says
    in_chunks,
  };
  [[nodiscard]] End end_of_input() const noexcept;

  /// Of the response whose head has been read last.
  [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }
  [[nodiscard]] ResponseError error() const noexcept { return error_; }

 private:
  enum class State : std::uint8_t { head, length, chunked, until_close, failed };

  Step fail(ResponseError error) noexcept;
  Step read_head(const char* input, std::size_t length) noexcept;
  Step read_chunks(const char* input, std::size_t length) noexcept;

  ResponseHead head_;
  std::uint64_t left_ = 0;  // body bytes, in State::length
  OwnedBytes partial_;      // what has come of a head
  ChunkedDecoder decoder_{UINT64_MAX};
  State state_ = State::head;
  bool to_head_ = false;
  bool saw_interim_ = false;  // the next response has begun with 1xx
  ResponseError error_ = ResponseError::none;
};

}  // namespace millrace::load
