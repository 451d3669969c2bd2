// How lines of the access log look, and that nothing a client sends gets out of its place in them.
#include "log/log_line.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "http/request_parser.h"
#include "native/check.h"

namespace millrace {
namespace {

constexpr std::time_t kMoment = 1'795'277'280;  // 2026-11-21T16:08:00Z
const LoggedFigures kFigures{.time = kMoment, .status = 200, .body_bytes = 12, .duration_us = 1'234};

struct InBerlin {
  InBerlin() {
    ::setenv("TZ", "CET-1CEST", 1);
    ::tzset();
  }
};

std::string line_of(LogFormat format, std::string_view received, std::string_view remote = "192.0.2.1") {
  static const InBerlin zone;
  FieldTable table;
  RequestParser parser({}, table);
  static_cast<void>(parser.parse(received.data(), received.size()));
  LoggedText text;
  describe_request(format, parser.head(), parser.fields(), received, text);
  std::string line;
  LogClock clock;
  append_log_line(format, clock, remote, text, kFigures, line);
  return line;
}

constexpr std::string_view kRequest =
    "GET /a?b HTTP/1.1\r\nHost: h\r\nReferer: http://h/\r\nUser-Agent: curl/8\r\n\r\n";

TEST("the four formats") {
  EXPECT_EQ(
      line_of(LogFormat::combined, kRequest),
      "192.0.2.1 - - [21/Nov/2026:17:08:00 +0100] \"GET /a?b HTTP/1.1\" 200 12 \"http://h/\" \"curl/8\" "
      "1.234\n");
  EXPECT_EQ(line_of(LogFormat::common, kRequest),
            "192.0.2.1 - - [21/Nov/2026:17:08:00 +0100] \"GET /a?b HTTP/1.1\" 200 12 1.234\n");
  EXPECT_EQ(line_of(LogFormat::brief, kRequest),
            "2026-11-21T17:08:00+01:00 192.0.2.1 200 GET /a?b 12 B 1.234 ms\n");
  EXPECT_EQ(
      line_of(LogFormat::json, kRequest),
      "{\"time\":\"2026-11-21T17:08:00+01:00\",\"remote\":\"192.0.2.1\",\"method\":\"GET\",\"target\":\"/a?"
      "b\",\"protocol\":\"HTTP/1.1\",\"referer\":\"http://h/\",\"userAgent\":\"curl/8\",\"status\":200,"
      "\"bytes\":12,\"ms\":1.234}\n");
}

TEST("what is not known is a hyphen, or left out of JSON") {
  constexpr std::string_view kBare = "GET / HTTP/1.0\r\n\r\n";
  EXPECT_EQ(line_of(LogFormat::combined, kBare, ""),
            "- - - [21/Nov/2026:17:08:00 +0100] \"GET / HTTP/1.0\" 200 12 \"-\" \"-\" 1.234\n");
  EXPECT_EQ(
      line_of(LogFormat::json, kBare, ""),
      "{\"time\":\"2026-11-21T17:08:00+01:00\",\"method\":\"GET\",\"target\":\"/\",\"protocol\":\"HTTP/1.0\","
      "\"status\":200,\"bytes\":12,\"ms\":1.234}\n");
  EXPECT_EQ(line_of(LogFormat::common, ""),
            "192.0.2.1 - - [21/Nov/2026:17:08:00 +0100] \"-\" 200 12 1.234\n");
}

TEST("control bytes, quotes and backslashes are escaped, wherever they come from") {
  constexpr std::string_view kAgent = "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: a\"b\\c\td\xe9\r\n\r\n";
  EXPECT_TRUE(line_of(LogFormat::combined, kAgent).find("\"a\\x22b\\x5cc\\x09d\\xe9\"") != std::string::npos);
  EXPECT_TRUE(line_of(LogFormat::json, kAgent).find("\"a\\\"b\\\\c\\u0009d\\u00e9\"") != std::string::npos);
  // A first line that is no request line: its control bytes could change what a terminal shows.
  constexpr std::string_view kGarbage = "\x16\x03\x01\x1b[2J\" 200 0 \"\r\nx";
  EXPECT_TRUE(line_of(LogFormat::common, kGarbage).find("\"\\x16\\x03\\x01\\x1b[2J\\x22 200 0 \\x22\"") !=
              std::string::npos);
  for (const LogFormat format : {LogFormat::combined, LogFormat::common, LogFormat::brief, LogFormat::json}) {
    for (const std::string_view received : {kAgent, kGarbage}) {
      const std::string line = line_of(format, received);
      EXPECT_EQ(line.find('\n'), line.size() - 1);
      for (const char c : line.substr(0, line.size() - 1)) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
    }
  }
}

TEST("long texts are cut off") {
  const std::string received = "GET /" + std::string(5'000, 'a') +
                               " HTTP/1.1\r\nHost: h\r\nUser-Agent: " + std::string(5'000, 'b') + "\r\n\r\n";
  const std::string line = line_of(LogFormat::combined, received);
  EXPECT_TRUE(line.size() < 3'000);
  EXPECT_TRUE(line.find("aaa... HTTP/1.1\"") != std::string::npos);
  EXPECT_TRUE(line.find("bbb...\"") != std::string::npos);
}

TEST("IPv4 clients of a socket for both families have their own address") {
  EXPECT_TRUE(line_of(LogFormat::brief, kRequest, "::ffff:192.0.2.7").find(" 192.0.2.7 ") !=
              std::string::npos);
  EXPECT_TRUE(line_of(LogFormat::brief, kRequest, "2001:db8::1").find(" 2001:db8::1 ") != std::string::npos);
}

TEST("a gap is a line of its own") {
  static const InBerlin zone;
  LogClock clock;
  std::string text;
  append_log_gap(LogFormat::json, clock, kMoment, 7, text);
  append_log_gap(LogFormat::common, clock, kMoment, 8, text);
  EXPECT_EQ(text,
            "{\"time\":\"2026-11-21T17:08:00+01:00\",\"dropped\":7}\n"
            "# 2026-11-21T17:08:00+01:00 lines dropped, since nobody took them: 8\n");
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
