// feed.h: gives bytes to the parsers in pieces, for the tests and the fuzzers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/chunked_decoder.h"
#include "http/request_parser.h"

namespace millrace::feed {

/// Bytes in a heap block of exactly their size, `shift` bytes behind its start: AddressSanitizer sees any
/// read outside them, and the vector code sees every alignment.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes, std::size_t shift = 0)
      : block_(new char[shift + bytes.size()]), begin_(block_.get() + shift), size_(bytes.size()) {
    bytes.copy(begin_, bytes.size());
  }
  [[nodiscard]] const char* data() const { return begin_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> block_;
  char* begin_;
  std::size_t size_;
};

/// Everything a caller can learn from a RequestParser.
struct HeadResult {
  ParseStatus status = ParseStatus::incomplete;
  RequestError error = RequestError::none;
  RequestHead head;
  std::vector<Field> fields;

  bool operator==(const HeadResult&) const = default;
};

struct HeadOptions {
  HeadLimits limits = {};
  ScanPath scan = ScanPath::best;
  std::size_t shift = 0;
};

/// Feeds `bytes` up to each of `cuts` (ascending) and then all of them, the bytes at a new place each time.
/// Between two calls the head is parked and another parser goes on with it, as when other connections are
/// served.
inline HeadResult read_head(std::string_view bytes, std::span<const std::size_t> cuts = {},
                            HeadOptions options = {}) {
  static FieldTable tables[2];
  RequestParser parsers[2] = {{options.limits, tables[0], options.scan},
                              {options.limits, tables[1], options.scan}};
  UnfinishedHead parked;
  HeadResult result;
  for (std::size_t call = 0; call <= cuts.size(); ++call) {
    RequestParser& parser = parsers[call % 2];
    if (call == 0)
      parser.reset();
    else
      parser.resume(parked);
    const std::string_view received = call < cuts.size() ? bytes.substr(0, cuts[call]) : bytes;
    const ExactCopy copy(received, options.shift);
    result.status = parser.parse(copy.data(), copy.size());
    if (result.status == ParseStatus::incomplete && !parser.park(parked)) std::abort();
    if (result.status == ParseStatus::complete) {
      result.head = parser.head();
      result.fields.assign(parser.fields().begin(), parser.fields().end());
    }
    // Nothing of this table may be needed again: what the next call needs has to be in `parked`.
    std::fill_n(tables[call % 2].fields.begin(), parser.fields().size(),
                Field{~0u, 0xffff, 0xffff, ~0u, ~0u});
    if (result.status != ParseStatus::incomplete) {
      result.error = parser.error();
      break;
    }
  }
  return result;
}

/// Everything a caller can learn from a ChunkedDecoder; `consumed` up to and with the end of the body.
struct BodyResult {
  ChunkedDecoder::Status status = ChunkedDecoder::Status::need_more;
  RequestError error = RequestError::none;
  std::size_t consumed = 0;
  std::string body;
  std::string trailers;

  bool operator==(const BodyResult&) const = default;
};

/// Feeds `bytes` in the pieces that `cuts` (ascending) makes of them.
inline BodyResult read_body(std::string_view bytes, std::uint64_t limit,
                            std::span<const std::size_t> cuts = {}, ScanPath scan = ScanPath::best) {
  ChunkedDecoder decoder(limit, scan);
  BodyResult result;
  std::size_t from = 0;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const std::size_t to = piece < cuts.size() ? cuts[piece] : bytes.size();
    const ExactCopy copy(bytes.substr(from, to - from));
    std::size_t at = 0;
    for (;;) {
      const ChunkedDecoder::Step step = decoder.next(copy.data() + at, copy.size() - at);
      result.status = step.status;
      if (step.status == ChunkedDecoder::Status::failed) {
        result.error = decoder.error();
        result.consumed = 0;  // a failed step does not say
        return result;
      }
      at += step.consumed;
      result.consumed += step.consumed;
      result.body += step.data;
      if (step.status == ChunkedDecoder::Status::done) {
        result.trailers = decoder.trailers();
        return result;
      }
      if (step.status == ChunkedDecoder::Status::need_more) {
        if (at != copy.size()) std::abort();  // need_more promises to have consumed everything
        break;
      }
      if (step.data.empty()) std::abort();  // data promises bytes
    }
    from = to;
  }
  return result;
}

/// The cuts that make single bytes.
inline std::vector<std::size_t> cut_everywhere(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = 1; at < size; ++at) cuts.push_back(at);
  return cuts;
}

}  // namespace millrace::feed
