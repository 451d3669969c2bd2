// response_reader_test.cc: what responses mean, at every cut of their bytes.
#include "load/response_reader.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/check.h"
#include "native/feed.h"
#include "native/response_feed.h"

namespace millrace::load {

namespace {

using feed::read_responses;
using feed::Responses;
using End = ResponseReader::End;
using Status = ResponseReader::Status;

void expect_the_same_at_every_cut(std::string_view bytes, bool to_head = false) {
  const Responses whole = read_responses(bytes, {}, to_head);
  EXPECT_TRUE(read_responses(bytes, feed::cut_everywhere(bytes.size()), to_head) == whole);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      const std::size_t cuts[] = {first, second};
      const Responses cut = read_responses(bytes, cuts, to_head);
      if (cut == whole) continue;
      SCOPE("cut at " + std::to_string(first) + " and " + std::to_string(second));
      EXPECT_EQ(cut.answers, whole.answers);
      EXPECT_EQ(describe(cut.error), describe(whole.error));
      EXPECT_EQ(cut.last, whole.last);
      EXPECT_EQ(cut.end, whole.end);
    }
  }
}

struct GoodCase {
  const char* name;
  std::string_view bytes;
  std::string_view answers;
  End end = End::between;
  bool closes = false;
  bool to_head = false;
};

constexpr GoodCase kGood[] = {
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200:hello;"},
    {"a length of 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200:;"},
    {"names of fields in any case", "HTTP/1.1 200 OK\r\ncONTENT-lENGTH:5\r\n\r\nhello", "200:hello;"},
    {"white space around the value", "HTTP/1.1 200 OK\r\nContent-Length: \t 5 \t\r\n\r\nhello", "200:hello;"},
    {"a reason that is empty", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200:;"},
    {"a reason in Latin-1", "HTTP/1.1 404 Pas trouv\xe9\r\nContent-Length: 0\r\n\r\n", "404:;"},
    {"fields that say nothing about it",
     "HTTP/1.1 200 OK\r\nDate: x\r\nX-Empty:\r\nServer: a\r\nContent-Length: 1\r\n\r\n!", "200:!;"},
    {"two one after the other",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 201 C\r\nContent-Length: 2\r\n\r\nbc",
     "200:a;201:bc;"},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
     "200:abcde;"},
    {"no chunk but the last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "200:;"},
    {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
     "200:a;"},
    {"chunks, and another behind them",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
     "HTTP/1.1 204 No Content\r\n\r\n",
     "200:a;204:;"},
    {"until the end of the connection", "HTTP/1.1 200 OK\r\n\r\nall of it", "200:all of it", End::complete,
     true},
    {"until the end, and nothing comes", "HTTP/1.0 200 OK\r\n\r\n", "200:", End::complete, true},
    {"204 has no body", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "204:;204:;"},
    {"304 has none, whatever its length says",
     "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 N\r\n\r\n", "304:;204:;"},
    {"HEAD has none, whatever its length says",
     "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "200:;200:;", End::between,
     false, true},
    {"HEAD has no chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200:;", End::between,
     false, true},
    {"interim answers are skipped",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
     "OK\r\nContent-Length: "
     "1\r\n\r\na",
     "200:a;"},
    {"the server says that it closes",
     "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\na", "200:a;", End::between, true},
    {"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "200:a;", End::between, true},
    {"HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na",
     "200:a;"},
    {"codes from 600 on are read", "HTTP/1.1 999 Huh\r\nContent-Length: 0\r\n\r\n", "999:;"},
    {"an end within the head", "HTTP/1.1 200 OK\r\nConte", "", End::in_head},
    {"an end behind an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", "", End::in_head},
    {"an end within a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "hel", End::in_length},
    {"an end ahead of the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "", End::in_length},
    {"an end within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "he",
     End::in_chunks},
    {"an end ahead of the last chunk's last line",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "", End::in_chunks},
    {"nothing at all", "", "", End::between},
};

TEST("good responses mean what the table says") {
  for (const GoodCase& c : kGood) {
    SCOPE(c.name);
    const Responses reading = read_responses(c.bytes, {}, c.to_head);
    EXPECT_EQ(describe(reading.error), describe(ResponseError::none));
    EXPECT_EQ(reading.answers, c.answers);
    EXPECT_EQ(reading.end, c.end);
    EXPECT_EQ(reading.closes, c.closes);
  }
}

TEST("good responses are the same however they are cut") {
  for (const GoodCase& c : kGood) {
    SCOPE(c.name);
    expect_the_same_at_every_cut(c.bytes, c.to_head);
  }
}

struct BadCase {
  const char* name;
  std::string_view bytes;
  ResponseError error;
};

constexpr BadCase kBad[] = {
    {"no HTTP", "SSH-2.0-x\r\n", ResponseError::not_http},
    {"an empty line", "\r\n", ResponseError::not_http},
    {"lower case", "http/1.1 200 OK\r\n", ResponseError::not_http},
    {"HTTP/2", "HTTP/2 200\r\n", ResponseError::not_http},
    {"HTTP/1.2", "HTTP/1.2 200 OK\r\n", ResponseError::not_http},
    {"no space behind the version", "HTTP/1.1200 OK\r\n", ResponseError::not_http},
    {"two spaces", "HTTP/1.1  200 OK\r\n", ResponseError::bad_status_line},
    {"two digits", "HTTP/1.1 20 OK\r\n", ResponseError::bad_status_line},
    {"four digits", "HTTP/1.1 2000 OK\r\n", ResponseError::bad_status_line},
    {"a code below 100", "HTTP/1.1 099 OK\r\n", ResponseError::bad_status_line},
    {"no digits", "HTTP/1.1 OK\r\n", ResponseError::bad_status_line},
    {"no space behind the code", "HTTP/1.1 200\r\n", ResponseError::bad_status_line},
    {"a control character in the reason", "HTTP/1.1 200 O\x01K\r\n", ResponseError::bad_status_line},
    {"LF alone behind the status line", "HTTP/1.1 200 OK\n", ResponseError::bad_line_end},
    {"CR alone behind the status line", "HTTP/1.1 200 OK\rX", ResponseError::bad_line_end},
    {"LF alone behind a field", "HTTP/1.1 200 OK\r\nA: b\n", ResponseError::bad_line_end},
    {"CR alone instead of the empty line", "HTTP/1.1 200 OK\r\nA: b\r\n\rX", ResponseError::bad_line_end},
    {"LF alone instead of the empty line", "HTTP/1.1 200 OK\r\nA: b\r\n\n", ResponseError::bad_line_end},
    {"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\n", ResponseError::bad_field},
    {"a space ahead of the colon", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n", ResponseError::bad_field},
    {"a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n", ResponseError::bad_field},
    {"a zero byte in a value", std::string_view("HTTP/1.1 200 OK\r\nA: \0\r\n", 24),
     ResponseError::bad_field},
    {"a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n", ResponseError::bad_content_length},
    {"a length that is empty", "HTTP/1.1 200 OK\r\nContent-Length:\r\n", ResponseError::bad_content_length},
    {"a length that does not fit", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
     ResponseError::bad_content_length},
    {"a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n", ResponseError::bad_content_length},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
     ResponseError::repeated_content_length},
    {"a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
     ResponseError::content_length_with_transfer_encoding},
    {"chunks and a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
     ResponseError::content_length_with_transfer_encoding},
    {"another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
     ResponseError::bad_transfer_encoding},
    {"two codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
     ResponseError::bad_transfer_encoding},
    {"chunks twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
     ResponseError::bad_transfer_encoding},
    {"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
     ResponseError::bad_transfer_encoding},
    {"a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz",
     ResponseError::bad_chunk},
    {"a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
     ResponseError::bad_chunk},
    {"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ResponseError::switches_protocols},
    {"a second response that is none", "HTTP/1.1 204 No Content\r\n\r\nnonsense", ResponseError::not_http},
};

TEST("bad responses are refused for the reason that the table says") {
  for (const BadCase& c : kBad) {
    SCOPE(c.name);
    const Responses reading = read_responses(c.bytes);
    EXPECT_EQ(reading.last, Status::failed);
    EXPECT_EQ(describe(reading.error), describe(c.error));
  }
}

TEST("bad responses are refused alike however they are cut") {
  for (const BadCase& c : kBad) {
    SCOPE(c.name);
    expect_the_same_at_every_cut(c.bytes);
  }
}

std::string head_of(std::size_t bytes) {
  const std::string start = "HTTP/1.1 204 No Content\r\nX: ";
  return start + std::string(bytes - start.size() - 4, 'a') + "\r\n\r\n";
}

TEST("a head has 32 KiB at most, however it comes") {
  for (const std::size_t cut : {std::size_t{1}, std::size_t{4'096}, kMaxResponseHeadBytes - 1}) {
    const std::size_t cuts[] = {cut};
    EXPECT_EQ(read_responses(head_of(kMaxResponseHeadBytes), cuts).answers, "204:;");
    EXPECT_EQ(read_responses(head_of(kMaxResponseHeadBytes + 1), cuts).error, ResponseError::head_too_large);
  }
  EXPECT_EQ(read_responses(head_of(kMaxResponseHeadBytes)).answers, "204:;");
  EXPECT_EQ(read_responses(head_of(kMaxResponseHeadBytes + 1)).error, ResponseError::head_too_large);
}

TEST("a large body behind a head that was cut is handed out where it lies") {
  const std::string body(100'000, 'b');
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body;
  for (const std::size_t cut : {3, 20, 42, 43, 44}) {
    SCOPE("cut at " + std::to_string(cut));
    const std::size_t cuts[] = {cut};
    EXPECT_TRUE(read_responses(bytes, cuts).answers == "200:" + body + ";");
  }
}

TEST("a thousand interim responses take no stack") {
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += "HTTP/1.1 100 Continue\r\n\r\n";
  bytes += "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(read_responses(bytes).answers, "204:;");
}

TEST("a connection that is given up leaves nothing to the next") {
  for (const std::string_view left :
       {"HTTP/1.1 200 OK\r\nCont", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "nonsense", "HTTP/1.1 100 C\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end"}) {
    SCOPE(std::string(left));
    ResponseReader reader;
    static_cast<void>(reader.next(left.data(), left.size()));
    reader.reset();
    EXPECT_EQ(reader.end_of_input(), End::between);
    const std::string_view next = "HTTP/1.1 204 No Content\r\n\r\n";
    EXPECT_EQ(reader.next(next.data(), next.size()).status, Status::done);
    EXPECT_EQ(reader.head().status, 204);
  }
}

}  // namespace

}  // namespace millrace::load

MILLRACE_TEST_MAIN
