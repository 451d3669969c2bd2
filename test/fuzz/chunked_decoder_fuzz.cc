// chunked_decoder_fuzz.cc: any bytes as a chunked body, and as the content of one. Cutting and vectorising
// change nothing.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "fuzz/oracle.h"
#include "native/feed.h"

namespace millrace::fuzz {

namespace {

using feed::BodyResult;
using feed::read_body;
using Status = ChunkedDecoder::Status;

/// The bytes come from anywhere.
void check_as_body(std::string_view bytes, std::uint64_t limit) {
  const BodyResult whole = read_body(bytes, limit);
  require(whole.body.size() <= limit, "no body is larger than the limit");
  require(whole.trailers.size() <= kMaxTrailerBytes, "no trailers are larger than the limit");
  require(read_body(bytes, limit, {}, ScanPath::scalar) == whole, "the scalar scan says the same");
  Numbers numbers(hash_of(bytes));
  for (int round = 0; round < 3; ++round) {
    require(read_body(bytes, limit, random_cuts(numbers, bytes.size())) == whole, "cutting changes nothing");
  }
  if (bytes.size() <= kFedByteByByte) {
    require(read_body(bytes, limit, feed::cut_everywhere(bytes.size())) == whole,
            "single bytes say the same");
  }
  if (whole.status == Status::done) {
    const std::string_view used = bytes.substr(0, whole.consumed);
    require(used.ends_with("\r\n"), "a body ends with an empty line");
    require(read_body(used, limit) == whole, "what follows a body changes nothing");
    require(read_body(used.substr(0, used.size() - 1), limit).status == Status::need_more,
            "a body is complete at its last byte and not before");
  }
  require((whole.status == Status::failed) == (status_of(whole.error) >= 400), "a failure has a status");
}

/// The bytes are the content: what is encoded here comes out again, and the bytes behind it stay.
void check_as_content(std::string_view content) {
  Numbers numbers(hash_of(content));
  std::string encoded;
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t size = 1 + numbers.below(content.size() - at);
    char size_line[40];
    std::snprintf(size_line, sizeof(size_line), numbers.below(2) == 0 ? "%zx\r\n" : "0%zX;x=\"y\"\r\n", size);
    encoded += size_line;
    encoded += content.substr(at, size);
    encoded += "\r\n";
    at += size;
  }
  encoded += "0\r\nX: y\r\n\r\n";
  const std::size_t end = encoded.size();
  encoded += "GET";
  const BodyResult expected{.status = Status::done,
                            .error = RequestError::none,
                            .consumed = end,
                            .body = std::string(content),
                            .trailers = "X: y\r\n"};
  require(read_body(encoded, content.size()) == expected, "what was encoded comes out");
  require(read_body(encoded, content.size(), random_cuts(numbers, encoded.size())) == expected,
          "what was encoded comes out of pieces");
  if (!content.empty()) {
    require(read_body(encoded, content.size() - 1).error == RequestError::body_too_large,
            "the limit is exact");
  }
}

}  // namespace

}  // namespace millrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  millrace::fuzz::check_as_body(bytes, 16);
  millrace::fuzz::check_as_body(bytes, UINT64_MAX);
  // The size bounds the number of chunks, and so of extension bytes.
  if (size < millrace::kMaxChunkExtensionBytes / 8) millrace::fuzz::check_as_content(bytes);
  return 0;
}
