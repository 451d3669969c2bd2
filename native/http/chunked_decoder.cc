#include "http/chunked_decoder.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "http/field_line.h"

namespace millrace {

namespace {

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::uint64_t>::max();

}  // namespace

// A size that overflows becomes kMaxSize, which has to be above every limit.
ChunkedDecoder::ChunkedDecoder(std::uint64_t body_limit, ScanPath scan) noexcept
    : body_left_(std::min(body_limit, kMaxSize - 1)), scan_(scan) {}

ChunkedDecoder::Step ChunkedDecoder::fail(RequestError error) noexcept {
  error_ = error;
  state_ = State::failed;
  return {Status::failed, 0, {}};
}

ChunkedDecoder::Step ChunkedDecoder::next(const char* input, std::size_t length) noexcept {
  std::size_t at = 0;
  while (at < length) {
    switch (state_) {
      case State::done:
      case State::failed:
        return {state_ == State::done ? Status::done : Status::failed, at, {}};
      case State::data: {
        const std::size_t run = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, length - at));
        chunk_left_ -= run;
        if (chunk_left_ == 0) state_ = State::data_cr;
        return {Status::data, at + run, {input + at, run}};
      }
      case State::trailer_line: {
        const RequestError error = read_trailer(input, length, at);
        if (error != RequestError::none) return fail(error);
        break;
      }
      default: {
        const RequestError error = frame_byte(input[at]);
        if (error != RequestError::none) return fail(error);
        // The first byte of a trailer line is read again as part of it.
        if (state_ != State::trailer_line) ++at;
        break;
      }
    }
  }
  if (state_ == State::done) return {Status::done, at, {}};
  if (state_ == State::failed) return {Status::failed, at, {}};
  return {Status::need_more, at, {}};
}

RequestError ChunkedDecoder::frame_byte(char c) noexcept {
  switch (state_) {
    case State::size_first_digit:
      return is(kHexDigit, c) ? size_digit(c) : RequestError::bad_chunk_size;
    case State::size:
      return is(kHexDigit, c) ? size_digit(c) : end_of_size(c);
    case State::size_lf:
      if (c != '\n') return RequestError::bare_cr;
      size_digits_ = 0;
      state_ = chunk_left_ == 0 ? State::trailer_line_first : State::data;
      return RequestError::none;
    case State::data_cr:
      if (c != '\r') return c == '\n' ? RequestError::bare_lf : RequestError::bad_chunk_end;
      state_ = State::data_lf;
      return RequestError::none;
    case State::data_lf:
      if (c != '\n') return RequestError::bare_cr;
      state_ = State::size_first_digit;
      return RequestError::none;
    case State::trailer_line_first:
      if (c == '\r') {
        state_ = State::last_lf;
        return RequestError::none;
      }
      if (trailer_count_ == kMaxTrailerCount) return RequestError::too_many_trailers;
      ++trailer_count_;
      trailer_line_ = trailers_.size();
      state_ = State::trailer_line;
      return RequestError::none;
    case State::last_lf:
      if (c != '\n') return RequestError::bare_cr;
      state_ = State::done;
      return RequestError::none;
    default:
      return extension_byte(c);
  }
}

RequestError ChunkedDecoder::size_digit(char c) noexcept {
  if (size_digits_++ == kMaxChunkSizeDigits) return RequestError::chunk_size_line_too_long;
  chunk_left_ = chunk_left_ > kMaxSize >> 4 ? kMaxSize : chunk_left_ << 4 | hex_value(c);
  state_ = State::size;
  return RequestError::none;
}

/// The byte behind the size. No white space: RFC 9112 §7.1.1 asks for tolerating it ahead of an extension,
/// and what one server takes for space another takes for the end of the line.
RequestError ChunkedDecoder::end_of_size(char c) noexcept {
  if (c != '\r' && c != ';') return c == '\n' ? RequestError::bare_lf : RequestError::bad_chunk_size;
  if (chunk_left_ > body_left_) return RequestError::body_too_large;
  body_left_ -= chunk_left_;
  state_ = c == '\r' ? State::size_lf : State::extension_name_first;
  return RequestError::none;
}

/// RFC 9112 §7.1.1: *( ";" token [ "=" ( token / quoted-string ) ] ). Read only to know where it ends.
RequestError ChunkedDecoder::extension_byte(char c) noexcept {
  if (extension_bytes_++ == kMaxChunkExtensionBytes) return RequestError::chunk_extensions_too_large;
  switch (state_) {
    case State::extension_name_first:
      state_ = State::extension_name;
      return is(kTchar, c) ? RequestError::none : RequestError::bad_chunk_extension;
    case State::extension_value_first:
      state_ = c == '"' ? State::extension_quoted : State::extension_value;
      return c == '"' || is(kTchar, c) ? RequestError::none : RequestError::bad_chunk_extension;
    case State::extension_quoted:
      if (c == '"') state_ = State::extension_quoted_end;
      if (c == '\\') state_ = State::extension_escaped;
      return is(kFieldByte, c) ? RequestError::none : RequestError::bad_chunk_extension;
    case State::extension_escaped:
      state_ = State::extension_quoted;
      return is(kFieldByte, c) ? RequestError::none : RequestError::bad_chunk_extension;
    default:
      break;
  }
  // Inside or behind a token, or behind a quoted string.
  if (c == ';' || c == '\r') {
    state_ = c == ';' ? State::extension_name_first : State::size_lf;
    return RequestError::none;
  }
  if (c == '\n') return RequestError::bare_lf;
  if (c == '=' && state_ == State::extension_name) {
    state_ = State::extension_value_first;
    return RequestError::none;
  }
  return state_ != State::extension_quoted_end && is(kTchar, c) ? RequestError::none
                                                                : RequestError::bad_chunk_extension;
}

RequestError ChunkedDecoder::read_trailer(const char* input, std::size_t length, std::size_t& at) noexcept {
  // The line, or what there is of it; but nothing beyond the limit, so that whatever is wrong before it
  // counts first.
  const char* const from = input + at;
  const char* const lf = static_cast<const char*>(std::memchr(from, '\n', length - at));
  const std::size_t received = lf == nullptr ? length - at : static_cast<std::size_t>(lf - from) + 1;
  const std::size_t taken = std::min<std::size_t>(received, kMaxTrailerBytes - trailers_.size());
  if (!trailers_.append({from, taken})) return RequestError::out_of_memory;
  at += taken;

  FieldLine line;
  const char* const start = trailers_.data() + trailer_line_;
  const char* const end = trailers_.data() + trailers_.size();
  const LineRead read = scan_ == ScanPath::best ? read_field_line<BestScan>(start, end, line)
                                                : read_field_line<ScalarScan>(start, end, line);
  if (read.error != RequestError::none) return read.error;
  if (read.next != nullptr) {
    state_ = State::trailer_line_first;
  } else if (trailers_.size() == kMaxTrailerBytes) {
    return RequestError::trailers_too_large;
  }
  return RequestError::none;
}

}  // namespace millrace
