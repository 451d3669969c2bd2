#include "load/response_reader.h"

#include <algorithm>

namespace millrace::load {

void ResponseReader::reset() noexcept {
  partial_.clear();
  state_ = State::head;
  saw_interim_ = false;
  error_ = ResponseError::none;
}

ResponseReader::Step ResponseReader::fail(ResponseError error) noexcept {
  state_ = State::failed;
  error_ = error;
  return {Status::failed, 0, {}};
}

ResponseReader::Step ResponseReader::next(const char* input, std::size_t length) noexcept {
  switch (state_) {
    case State::failed:
      return {Status::failed, 0, {}};
    case State::head:
      return read_head(input, length);
    case State::chunked:
      return read_chunks(input, length);
    case State::until_close:
      return {length == 0 ? Status::need_more : Status::data, length, {input, length}};
    case State::length:
      break;
  }
  if (length == 0) return {Status::need_more, 0, {}};
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, length));
  left_ -= taken;
  if (left_ > 0) return {Status::data, taken, {input, taken}};
  state_ = State::head;
  return {Status::done, taken, {input, taken}};
}

ResponseReader::Step ResponseReader::read_head(const char* input, std::size_t length) noexcept {
  // Heads that come whole, nearly all, are read where they lie.
  std::size_t before = 0;  // bytes of the head that had come already
  const char* from = input;
  std::size_t there = length;
  if (!partial_.empty()) {
    before = partial_.size();
    // No more than a head may have: the input may go on with a large body.
    if (!partial_.append({input, std::min(length, kMaxResponseHeadBytes - before)}))
      return fail(ResponseError::out_of_memory);
    from = partial_.data();
    there = partial_.size();
  }
  if (there == 0) return {Status::need_more, 0, {}};
  ResponseHead head;
  const HeadRead read = read_response_head(from, there, to_head_, head);
  if (read.error != ResponseError::none) return fail(read.error);
  if (read.bytes == 0) {
    if (before == 0 && !partial_.append({input, length})) return fail(ResponseError::out_of_memory);
    return {Status::need_more, length, {}};
  }
  const std::size_t consumed = read.bytes - before;
  if (before > 0) partial_.clear();
  if (head.status < 200) {
    saw_interim_ = true;
    return {Status::data, consumed, {}};
  }
  saw_interim_ = false;
  head_ = head;
  switch (head.framing) {
    case ResponseHead::Framing::none:
      return {Status::done, consumed, {}};
    case ResponseHead::Framing::length:
      if (head.length == 0) return {Status::done, consumed, {}};
      left_ = head.length;
      state_ = State::length;
      break;
    case ResponseHead::Framing::chunked:
      decoder_ = ChunkedDecoder(UINT64_MAX);
      state_ = State::chunked;
      break;
    case ResponseHead::Framing::until_close:
      state_ = State::until_close;
      break;
  }
  const Step body = next(input + consumed, length - consumed);
  return {body.status, body.consumed + consumed, body.data};
}

ResponseReader::Step ResponseReader::read_chunks(const char* input, std::size_t length) noexcept {
  const ChunkedDecoder::Step step = decoder_.next(input, length);
  switch (step.status) {
    case ChunkedDecoder::Status::need_more:
      return {Status::need_more, step.consumed, {}};
    case ChunkedDecoder::Status::data:
      return {Status::data, step.consumed, step.data};
    case ChunkedDecoder::Status::failed:
      return fail(ResponseError::bad_chunk);
    case ChunkedDecoder::Status::done:
      break;
  }
  state_ = State::head;
  return {Status::done, step.consumed, {}};
}

ResponseReader::End ResponseReader::end_of_input() const noexcept {
  switch (state_) {
    case State::head:
      return partial_.empty() && !saw_interim_ ? End::between : End::in_head;
    case State::length:
      return End::in_length;
    case State::chunked:
      return End::in_chunks;
    case State::until_close:
      return End::complete;
    case State::failed:
      break;
  }
  return End::in_head;
}

}  // namespace millrace::load
