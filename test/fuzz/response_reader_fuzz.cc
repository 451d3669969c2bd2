// response_reader_fuzz.cc: any bytes as what a server sends: whole, as the fields of a head, and as chunks.
// Cutting changes nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/oracle.h"
#include "native/response_feed.h"

namespace millrace::fuzz {

namespace {

using feed::read_responses;
using feed::Responses;
using load::ResponseError;
using Status = load::ResponseReader::Status;

void check(std::string_view bytes, bool to_head) {
  const Responses whole = read_responses(bytes, {}, to_head);
  require((whole.last == Status::failed) == (whole.error != ResponseError::none), "a failure has a reason");
  require(whole.answers.size() <= bytes.size() + 1, "no more comes out than goes in");
  Numbers numbers(hash_of(bytes));
  for (int round = 0; round < 3; ++round) {
    require(read_responses(bytes, random_cuts(numbers, bytes.size()), to_head) == whole,
            "cutting changes nothing");
  }
  if (bytes.size() <= kFedByteByByte) {
    require(read_responses(bytes, feed::cut_everywhere(bytes.size()), to_head) == whole,
            "single bytes say the same");
  }
}

}  // namespace

}  // namespace millrace::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  millrace::fuzz::check(bytes, false);
  millrace::fuzz::check(bytes, true);
  // Behind what random bytes hardly ever begin with.
  millrace::fuzz::check(std::string("HTTP/1.1 200 OK\r\n").append(bytes), false);
  millrace::fuzz::check(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").append(bytes),
                        false);
  return 0;
}
