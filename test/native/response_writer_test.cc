// response_writer_test.cc: the head of a response, byte by byte.
#include "http/response_writer.h"

#include <memory>
#include <string>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

// The buffer is exactly as large as the bound says, so that a sanitizer sees every byte too many.
std::string written(const ResponseHead& head, std::string_view date = kDate) {
  const std::size_t bound = response_head_bound(head);
  const std::unique_ptr<char[]> buffer(new char[bound]);
  char* const end = write_response_head(buffer.get(), head, date);
  const auto length = static_cast<std::size_t>(end - buffer.get());
  EXPECT_LE(length, bound);
  return {buffer.get(), length};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST("writes status line, Date and Content-Length of a plain 200") {
  EXPECT_EQ(written({.status = 200, .content_length = 5}),
            "HTTP/1.1 200 OK\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 5\r\n\r\n");
}

TEST("writes everything at once, the application's fields as they are") {
  EXPECT_EQ(written({.status = 404,
                     .content_type = ContentType::html,
                     .close = true,
                     .content_length = 1'234'567,
                     .reason = "Gone Fishing",
                     .fields = "X-A: 1\r\nSet-Cookie: a=b\r\n"}),
            "HTTP/1.1 404 Gone Fishing\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Connection: close\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            "X-A: 1\r\nSet-Cookie: a=b\r\n"
            "Content-Length: 1234567\r\n\r\n");
}

TEST("knows the content types") {
  EXPECT_TRUE(contains(written({.content_type = ContentType::text}),
                       "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_TRUE(contains(written({.content_type = ContentType::html}),
                       "\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_TRUE(
      contains(written({.content_type = ContentType::json}), "\r\nContent-Type: application/json\r\n"));
  EXPECT_FALSE(contains(written({.content_type = ContentType::none}), "Content-Type"));
}

TEST("tells an HTTP/1.0 client that the connection stays, unless it does not (RFC 9112 §9.3)") {
  EXPECT_TRUE(contains(written({.keep_alive_1_0 = true}), "\r\nConnection: keep-alive\r\n"));
  const std::string closing = written({.close = true, .keep_alive_1_0 = true});
  EXPECT_TRUE(contains(closing, "\r\nConnection: close\r\n"));
  EXPECT_FALSE(contains(closing, "keep-alive"));
  EXPECT_FALSE(contains(written({}), "Connection"));
}

TEST("never writes Content-Length into 1xx and 204 (RFC 9110 §8.6)") {
  for (const int status : {100, 101, 102, 103, 199, 204}) {
    SCOPE(std::to_string(status));
    EXPECT_FALSE(contains(written({.status = static_cast<std::uint16_t>(status)}), "Content-Length"));
    EXPECT_FALSE(contains(written({.status = static_cast<std::uint16_t>(status), .content_length = 7}),
                          "Content-Length"));
  }
}

TEST("writes a known Content-Length into 304, and none where it is unknown (RFC 9110 §8.6)") {
  EXPECT_TRUE(contains(written({.status = 304, .content_length = 7}), "\r\nContent-Length: 7\r\n"));
  EXPECT_FALSE(contains(written({.status = 304, .omit_length = true}), "Content-Length"));
}

TEST("writes Content-Length 0 for empty bodies, also of 205 (RFC 9110 §15.3.6)") {
  for (const int status : {200, 201, 205, 404, 500}) {
    SCOPE(std::to_string(status));
    EXPECT_TRUE(
        contains(written({.status = static_cast<std::uint16_t>(status)}), "\r\nContent-Length: 0\r\n\r\n"));
  }
}

TEST("leaves out what the application sends itself") {
  EXPECT_EQ(written({.omit_date = true, .omit_length = true, .fields = "Content-Length: 3\r\n"}, {}),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
}

TEST("leaves out a Date of the wrong length rather than write a broken one") {
  EXPECT_FALSE(contains(written({}, ""), "Date"));
  EXPECT_FALSE(contains(written({}, "today"), "Date"));
}

TEST("keeps the space after a code without phrase (RFC 9112 §4)") {
  EXPECT_TRUE(written({.status = 299}).starts_with("HTTP/1.1 299 \r\n"));
  EXPECT_TRUE(written({.status = 599}).starts_with("HTTP/1.1 599 \r\n"));
  EXPECT_TRUE(written({.status = 600}).starts_with("HTTP/1.1 600 \r\n"));
  EXPECT_TRUE(written({.status = 999}).starts_with("HTTP/1.1 999 \r\n"));
  EXPECT_TRUE(written({.status = 599, .reason = "Odd"}).starts_with("HTTP/1.1 599 Odd\r\n"));
}

TEST("writes 500 for what is not a status code") {
  for (const int status : {0, 1, 99, 1000, 65535}) {
    SCOPE(std::to_string(status));
    EXPECT_TRUE(written({.status = static_cast<std::uint16_t>(status)})
                    .starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
  }
}

TEST("writes lengths of every number of digits") {
  std::uint64_t length = 1;
  for (int digits = 1; digits <= 20; ++digits, length *= 10) {
    for (const std::uint64_t value : {length - 1, length, length + 1}) {
      EXPECT_TRUE(contains(written({.content_length = value}),
                           "\r\nContent-Length: " + std::to_string(value) + "\r\n\r\n"));
    }
  }
  EXPECT_TRUE(contains(written({.content_length = UINT64_MAX}), "Content-Length: 18446744073709551615\r\n"));
}

TEST("every status has a well-formed line that fits its record") {
  int known = 0;
  for (int status = kMinStatus; status <= kMaxStatus; ++status) {
    SCOPE(std::to_string(status));
    const auto code = static_cast<std::uint16_t>(status);
    const std::string_view line = status_line(code);
    const std::string_view phrase = reason_phrase(code);
    EXPECT_EQ(line.empty(), phrase.empty());
    EXPECT_LE(line.size(), kStatusLineRecordBytes);
    const std::string expected = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(phrase) + "\r\n";
    if (!line.empty()) {
      ++known;
      EXPECT_EQ(line, expected);
    }
    EXPECT_TRUE(written({.status = code}).starts_with(expected));
  }
  EXPECT_EQ(known, 61);
  EXPECT_TRUE(status_line(0).empty());
  EXPECT_TRUE(status_line(65535).empty());
  EXPECT_TRUE(reason_phrase(0).empty());
}

TEST("uses the phrases of RFC 9110 where older ones are still around") {
  EXPECT_EQ(reason_phrase(413), "Content Too Large");
  EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
}

TEST("knows which statuses have content and Content-Length (RFC 9110 §6.4.1, §8.6)") {
  EXPECT_FALSE(status_allows_content(101) || status_allows_content(204) || status_allows_content(304));
  EXPECT_TRUE(status_allows_content(200) && status_allows_content(404));
  EXPECT_FALSE(status_allows_content_length(101) || status_allows_content_length(204));
  EXPECT_TRUE(status_allows_content_length(200) && status_allows_content_length(304));
}

TEST("stays within its bound with the longest of everything") {
  const std::string reason(1000, 'r');
  const std::string fields = "X-Long: " + std::string(5000, 'v') + "\r\n";
  for (const int status : {200, 431, 599}) {
    for (const std::string_view given : {std::string_view{}, std::string_view{reason}}) {
      const std::string head = written({.status = static_cast<std::uint16_t>(status),
                                        .content_type = ContentType::text,
                                        .keep_alive_1_0 = true,
                                        .content_length = UINT64_MAX,
                                        .reason = given,
                                        .fields = fields});
      EXPECT_TRUE(head.ends_with("\r\n\r\n"));
      EXPECT_TRUE(contains(head, fields));
    }
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
