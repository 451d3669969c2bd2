// chunked_decoder_test.cc: chunked bodies, from the tables in test/protocol, at every way of cutting the
// bytes.
#include "http/chunked_decoder.h"

#include <string>
#include <string_view>

#include "native/check.h"
#include "native/feed.h"
#include "protocol/chunked_body_cases.h"

namespace millrace {

namespace {

using cases::AcceptedBody;
using cases::kAcceptedBodies;
using cases::kBodyLimit;
using cases::kRefusedBodies;
using cases::RefusedBody;
using feed::BodyResult;
using feed::read_body;
using Status = ChunkedDecoder::Status;

constexpr std::string_view kNext = "GET /next HTTP/1.1\r\n";

/// Every pair of cuts and single bytes give `expected`.
void expect_at_every_cut(std::string_view bytes, const BodyResult& expected) {
  EXPECT_TRUE(read_body(bytes, kBodyLimit, feed::cut_everywhere(bytes.size())) == expected);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    SCOPE("cut at byte " + std::to_string(first));
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      const std::size_t cuts[] = {first, second};
      if (read_body(bytes, kBodyLimit, cuts) != expected) EXPECT_EQ(second, 0u);  // reached only to name it
    }
  }
}

BodyResult expect_error(std::string_view bytes, RequestError error, std::uint64_t limit = kBodyLimit) {
  const BodyResult result = read_body(bytes, limit);
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(describe(result.error), describe(error));
  return result;
}

TEST("accepted bodies mean what the table says") {
  for (const AcceptedBody& c : kAcceptedBodies) {
    SCOPE(c.name);
    const BodyResult result = read_body(c.bytes, kBodyLimit);
    EXPECT_EQ(describe(result.error), describe(RequestError::none));
    EXPECT_EQ(result.status, Status::done);
    EXPECT_EQ(result.body, c.body);
    EXPECT_EQ(result.trailers, c.trailers);
    EXPECT_EQ(result.consumed, c.bytes.size());
  }
}

TEST("accepted bodies end at their last byte and leave the next request alone") {
  for (const AcceptedBody& c : kAcceptedBodies) {
    SCOPE(c.name);
    for (std::size_t end = 0; end < c.bytes.size(); ++end) {
      EXPECT_EQ(read_body(c.bytes.substr(0, end), kBodyLimit).status, Status::need_more);
    }
    const BodyResult result = read_body(std::string(c.bytes) += kNext, kBodyLimit);
    EXPECT_EQ(result.status, Status::done);
    EXPECT_EQ(result.consumed, c.bytes.size());
  }
}

TEST("accepted bodies are the same however they are cut") {
  for (const AcceptedBody& c : kAcceptedBodies) {
    SCOPE(c.name);
    expect_at_every_cut(c.bytes, read_body(c.bytes, kBodyLimit));
  }
}

TEST("refused bodies are refused at the first wrong byte and not before") {
  for (const RefusedBody& c : kRefusedBodies) {
    SCOPE(c.name);
    for (std::size_t end = 0; end <= c.sound.size(); ++end) {
      EXPECT_EQ(read_body(c.sound.substr(0, end), kBodyLimit).status, Status::need_more);
    }
    const std::string bytes = std::string(c.sound) += c.wrong;
    for (std::size_t end = c.sound.size() + 1; end <= bytes.size(); ++end) {
      expect_error(bytes.substr(0, end), c.error);
    }
  }
}

TEST("refused bodies are refused alike however they are cut") {
  for (const RefusedBody& c : kRefusedBodies) {
    SCOPE(c.name);
    const std::string bytes = std::string(c.sound) += c.wrong;
    expect_at_every_cut(bytes, read_body(bytes, kBodyLimit));
  }
}

TEST("body bytes are handed out where they lie in the input") {
  const std::string_view bytes = "5\r\nhello\r\n0\r\n\r\n";
  ChunkedDecoder decoder(kBodyLimit);
  const ChunkedDecoder::Step step = decoder.next(bytes.data(), bytes.size());
  EXPECT_EQ(step.status, Status::data);
  EXPECT_EQ(step.data, "hello");
  EXPECT_TRUE(step.data.data() == bytes.data() + 3);
  EXPECT_EQ(step.consumed, 8u);
}

TEST("a finished and a failed decoder consume nothing more") {
  ChunkedDecoder decoder(kBodyLimit);
  EXPECT_EQ(decoder.next("0\r\n\r\n", 5).consumed, 5u);
  const ChunkedDecoder::Step again = decoder.next("GET", 3);
  EXPECT_EQ(again.status, Status::done);
  EXPECT_EQ(again.consumed, 0u);
  ChunkedDecoder failing(kBodyLimit);
  EXPECT_EQ(failing.next("z", 1).status, Status::failed);
  EXPECT_EQ(failing.next("0\r\n\r\n", 5).status, Status::failed);
}

TEST("a limit of 0 permits the empty body only") {
  EXPECT_EQ(read_body("0\r\n\r\n", 0).status, Status::done);
  expect_error("1\r\n", RequestError::body_too_large, 0);
}

TEST("the largest limit does not let a size wrap") {
  expect_error("ffffffffffffffffff\r\n", RequestError::body_too_large, UINT64_MAX);
  EXPECT_EQ(read_body("7fffffffffffffff\r\nx", UINT64_MAX).status, Status::need_more);
}

TEST("extensions are bounded in one chunk and in all together") {
  const std::string one(kMaxChunkExtensionBytes - 1, 'a');  // and the CR
  EXPECT_EQ(read_body("1;" + one + "\r\nx\r\n0\r\n\r\n", kBodyLimit).status, Status::done);
  expect_error("1;" + one + "a\r", RequestError::chunk_extensions_too_large);
  std::string many;
  for (int i = 0; i < 40; ++i) many += "1;" + std::string(999, 'a') + "\r\nx\r\n";
  const BodyResult result = expect_error(many, RequestError::chunk_extensions_too_large);
  EXPECT_EQ(result.body, std::string(16, 'x'));
  EXPECT_EQ(status_of(RequestError::chunk_extensions_too_large), 431);
}

TEST("trailers are bounded in bytes, however they come") {
  const std::string line = "X: " + std::string(kMaxTrailerBytes - 5, 'a') + "\r\n";
  ASSERT_EQ(line.size(), kMaxTrailerBytes);
  EXPECT_EQ(read_body("0\r\n" + line + "\r\n", kBodyLimit).status, Status::done);
  expect_error("0\r\n" + line + "X", RequestError::trailers_too_large);
  const std::string endless = "0\r\nX: " + std::string(kMaxTrailerBytes, 'a');
  const BodyResult result = expect_error(endless, RequestError::trailers_too_large);
  EXPECT_TRUE(read_body(endless, kBodyLimit, feed::cut_everywhere(endless.size())) == result);
  EXPECT_EQ(read_body(endless.substr(0, 3 + kMaxTrailerBytes - 1), kBodyLimit).status, Status::need_more);
  EXPECT_EQ(status_of(RequestError::trailers_too_large), 431);
}

TEST("trailers are bounded in number") {
  std::string bytes = "0\r\n";
  for (std::uint32_t i = 0; i < kMaxTrailerCount; ++i) bytes += "X: y\r\n";
  EXPECT_EQ(read_body(bytes + "\r\n", kBodyLimit).status, Status::done);
  expect_error(bytes + "X", RequestError::too_many_trailers);
}

}  // namespace

}  // namespace millrace

MILLRACE_TEST_MAIN
