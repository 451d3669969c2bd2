// error_responses_test.cc: the answers that need no JavaScript.
#include "http/error_responses.h"

#include "http/response_writer.h"
#include "native/check.h"

namespace millrace {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::uint16_t kStatuses[] = {400, 404, 405, 408, 413, 414, 417, 431, 500, 501, 503, 505};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST("writes a whole 404") {
  EXPECT_EQ(error_response(404, {}, kDate),
            "HTTP/1.1 404 Not Found\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 9\r\n\r\n"
            "Not Found");
}

TEST("every error has its phrase as body, and the length of it") {
  for (const std::uint16_t status : kStatuses) {
    SCOPE(std::to_string(status));
    const std::string response = error_response(status, {.close = true}, kDate);
    const std::string phrase(reason_phrase(status));
    EXPECT_TRUE(response.starts_with("HTTP/1.1 " + std::to_string(status) + ' ' + phrase + "\r\n"));
    EXPECT_TRUE(contains(response, "\r\nConnection: close\r\n"));
    EXPECT_TRUE(
        response.ends_with("\r\nContent-Length: " + std::to_string(phrase.size()) + "\r\n\r\n" + phrase));
    EXPECT_EQ(response.find('\0'), std::string::npos);
  }
}

TEST("answers HEAD with the same head and no body (RFC 9110 §9.3.2)") {
  for (const std::uint16_t status : kStatuses) {
    SCOPE(std::to_string(status));
    const std::string get = error_response(status, {.allow = "GET"}, kDate);
    const std::string head = error_response(status, {.head_request = true, .allow = "GET"}, kDate);
    EXPECT_EQ(head, get.substr(0, get.find("\r\n\r\n") + 4));
  }
}

TEST("405 lists the methods, and has the field even when there are none (RFC 9110 §15.5.6)") {
  EXPECT_TRUE(contains(error_response(405, {.allow = "GET, HEAD, OPTIONS"}, kDate),
                       "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
  EXPECT_TRUE(contains(error_response(405, {}, kDate), "\r\nAllow: \r\n"));
  EXPECT_FALSE(contains(error_response(404, {}, kDate), "Allow"));
}

TEST("answers OPTIONS with 204, Allow, and no Content-Length") {
  EXPECT_EQ(error_response(204, {.allow = "GET, HEAD, OPTIONS"}, kDate),
            "HTTP/1.1 204 No Content\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Allow: GET, HEAD, OPTIONS\r\n\r\n");
}

TEST("says when to try again") {
  EXPECT_TRUE(contains(error_response(503, {.retry_after_seconds = 1}, kDate), "\r\nRetry-After: 1\r\n"));
  EXPECT_TRUE(contains(error_response(503, {.retry_after_seconds = UINT32_MAX}, kDate),
                       "\r\nRetry-After: 4294967295\r\n"));
  EXPECT_FALSE(contains(error_response(503, {}, kDate), "Retry-After"));
}

TEST("tells an HTTP/1.0 client that the connection stays") {
  EXPECT_TRUE(
      contains(error_response(404, {.keep_alive_1_0 = true}, kDate), "\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(contains(error_response(404, {}, kDate), "Connection"));
}

TEST("gives no length and no body to a status without content, nor to one without phrase") {
  EXPECT_TRUE(error_response(304, {}, kDate).ends_with("GMT\r\n\r\n"));
  EXPECT_TRUE(error_response(599, {}, kDate).ends_with("GMT\r\nContent-Length: 0\r\n\r\n"));
}

TEST("holds an Allow of any length") {
  const std::string allow(10'000, 'M');
  EXPECT_TRUE(contains(error_response(405, {.allow = allow}, kDate), "\r\nAllow: " + allow + "\r\n"));
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
