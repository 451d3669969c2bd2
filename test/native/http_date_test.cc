// http_date_test.cc: writing IMF-fixdate against the C library's calendar; reading all three formats.
#include "http/http_date.h"

#include <ctime>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "http/field_rules.h"
#include "native/check.h"

namespace millrace {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kYear10000 = 253'402'300'800;

std::string libc_date(std::int64_t seconds, const char* format = "%a, %d %b %Y %H:%M:%S GMT") {
  const std::time_t time = seconds;
  std::tm fields{};
  gmtime_r(&time, &fields);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &fields)};
}

TEST("writes the example of RFC 9110 §5.6.7") {
  HttpDate date;
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST("writes the epoch, and the seconds around it") {
  HttpDate date;
  EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(date.at(1), "Thu, 01 Jan 1970 00:00:01 GMT");
}

TEST("knows which century years are leap years") {
  HttpDate date;
  EXPECT_EQ(date.at(951'782'400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(date.at(4'107'542'399), "Sun, 28 Feb 2100 23:59:59 GMT");
  EXPECT_EQ(date.at(4'107'542'400), "Mon, 01 Mar 2100 00:00:00 GMT");
}

TEST("passes 2^31 and 2^32 seconds") {
  HttpDate date;
  EXPECT_EQ(date.at(2'147'483'648), "Tue, 19 Jan 2038 03:14:08 GMT");
  EXPECT_EQ(date.at(4'294'967'296), "Sun, 07 Feb 2106 06:28:16 GMT");
}

TEST("agrees with the C library on every day from 1900 to 2500") {
  HttpDate date;
  for (std::int64_t day = -25'567; day < 193'600; ++day) {
    const std::int64_t seconds = day * kSecondsPerDay + (day & 1) * (kSecondsPerDay - 1);
    EXPECT_EQ(date.at(seconds), libc_date(seconds));
  }
}

TEST("agrees with the C library at random moments of four-digit years") {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> moment(-30'610'224'000,
                                                     kYear10000 - 1);  // from year 1000: no padding
  HttpDate date;
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t seconds = moment(random);
    EXPECT_EQ(date.at(seconds), libc_date(seconds));
  }
}

TEST("stays within four digits of year for a clock that is off") {
  HttpDate date;
  EXPECT_EQ(date.at(kYear10000 - 1), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date.at(kYear10000), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date.at(std::numeric_limits<std::int64_t>::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date.at(-62'135'596'800), "Mon, 01 Jan 0001 00:00:00 GMT");
  EXPECT_EQ(date.at(-62'135'596'801), "Mon, 01 Jan 0001 00:00:00 GMT");
  EXPECT_EQ(date.at(std::numeric_limits<std::int64_t>::min()), "Mon, 01 Jan 0001 00:00:00 GMT");
}

TEST("keeps the text while the second is the same, and follows a clock that is set back") {
  HttpDate date;
  const std::string_view first = date.at(1'000'000'000);
  EXPECT_TRUE(date.at(1'000'000'000).data() == first.data());
  EXPECT_EQ(date.at(1'000'000'000), "Sun, 09 Sep 2001 01:46:40 GMT");
  EXPECT_EQ(date.at(999'999'999), "Sun, 09 Sep 2001 01:46:39 GMT");
}

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kNow = 1'795'000'000;  // 18 November 2026

/// INT64_MIN, which is no date, for nothing.
std::int64_t parsed(std::string_view text, std::int64_t now = kNow) {
  return parse_http_date(text, now).value_or(std::numeric_limits<std::int64_t>::min());
}

TEST("reads the three examples of RFC 9110 §5.6.7 as the same moment") {
  EXPECT_EQ(parsed("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(parsed("Sunday, 06-Nov-94 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(parsed("Sun Nov  6 08:49:37 1994"), 784'111'777);
}

TEST("reads what the C library writes, in all three formats (RFC 9110 §5.6.7)") {
  std::mt19937_64 random(2);
  std::uniform_int_distribution<std::int64_t> moment(-30'610'224'000, kYear10000 - 1);
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t seconds = moment(random);
    SCOPE(std::to_string(seconds));
    EXPECT_EQ(parsed(libc_date(seconds)), seconds);
    EXPECT_EQ(parsed(libc_date(seconds, "%a %b %e %H:%M:%S %Y")), seconds);
    EXPECT_EQ(parsed(libc_date(seconds, "%a %b %d %H:%M:%S %Y")), seconds);
    EXPECT_EQ(parsed(libc_date(seconds, "%A, %d-%b-%y %H:%M:%S GMT"), seconds), seconds);
  }
}

TEST("reads every day that it writes, from year 1 to 9999") {
  HttpDate date;
  for (std::int64_t seconds = -62'135'596'800; seconds < kYear10000; seconds += kSecondsPerDay) {
    EXPECT_EQ(parsed(date.at(seconds)), seconds);
  }
}

TEST("a year of two digits is the latest that is not more than 50 years ahead (RFC 9110 §5.6.7)") {
  struct Row {
    const char* now;
    const char* text;
    const char* meant;
  };
  static constexpr Row kRows[] = {
      {"Wed, 18 Nov 2026 00:00:00 GMT", "Monday, 01-Jan-26 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT"},
      {"Wed, 18 Nov 2026 00:00:00 GMT", "Monday, 01-Jan-76 00:00:00 GMT", "Wed, 01 Jan 2076 00:00:00 GMT"},
      {"Wed, 18 Nov 2026 00:00:00 GMT", "Monday, 18-Nov-76 00:00:00 GMT", "Wed, 18 Nov 2076 00:00:00 GMT"},
      {"Wed, 18 Nov 2026 00:00:00 GMT", "Monday, 18-Nov-76 00:00:01 GMT", "Thu, 18 Nov 1976 00:00:01 GMT"},
      {"Wed, 18 Nov 2026 00:00:00 GMT", "Monday, 01-Jan-77 00:00:00 GMT", "Sat, 01 Jan 1977 00:00:00 GMT"},
      {"Sat, 28 Feb 2026 12:00:00 GMT", "Monday, 29-Feb-76 00:00:00 GMT", "Sun, 29 Feb 1976 00:00:00 GMT"},
      {"Thu, 01 Jan 1970 00:00:00 GMT", "Monday, 31-Dec-69 23:59:59 GMT", "Wed, 31 Dec 1969 23:59:59 GMT"},
      {"Fri, 01 Jan 2049 00:00:00 GMT", "Monday, 01-Jan-99 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"},
      {"Sun, 01 Jan 2090 00:00:00 GMT", "Monday, 01-Jan-10 00:00:00 GMT", "Wed, 01 Jan 2110 00:00:00 GMT"},
  };
  HttpDate date;
  for (const Row& row : kRows) {
    SCOPE(row.text);
    EXPECT_EQ(date.at(parsed(row.text, parsed(row.now))), row.meant);
  }
}

TEST("a clock that is far off does no harm to a year of two digits") {
  for (const std::int64_t now : {std::numeric_limits<std::int64_t>::min(), -62'135'596'801, -62'135'596'800,
                                 kYear10000, std::numeric_limits<std::int64_t>::max()}) {
    for (const char* text : {"Monday, 01-Jan-00 00:00:00 GMT", "Monday, 31-Dec-49 23:59:60 GMT",
                             "Monday, 31-Dec-51 23:59:60 GMT", "Monday, 31-Dec-99 23:59:60 GMT"}) {
      const auto seconds = parse_http_date(text, now);
      EXPECT_TRUE(!seconds || (*seconds >= -62'135'596'800 && *seconds <= kYear10000));
    }
  }
}

TEST("a day exists in its month, a time on its day, and the weekday is not looked at") {
  EXPECT_EQ(parsed("Mon, 29 Feb 2000 00:00:00 GMT"), 951'782'400);
  EXPECT_EQ(parsed("Mon, 29 Feb 2024 00:00:00 GMT"), 1'709'164'800);
  EXPECT_EQ(parsed("Sat, 31 Dec 2016 23:59:60 GMT"), parsed("Sun, 01 Jan 2017 00:00:00 GMT"));
  EXPECT_EQ(parsed("Sat, 31 Dec 2016 23:58:60 GMT") + kMinute, parsed("Sun, 01 Jan 2017 00:00:00 GMT"));
  for (const char* text :
       {"Mon, 29 Feb 1900 00:00:00 GMT", "Mon, 29 Feb 2023 00:00:00 GMT", "Mon, 30 Feb 2024 00:00:00 GMT",
        "Mon, 00 Jan 2024 00:00:00 GMT", "Mon, 32 Jan 2024 00:00:00 GMT", "Mon, 31 Apr 2024 00:00:00 GMT",
        "Mon, 31 Jun 2024 00:00:00 GMT", "Mon, 31 Sep 2024 00:00:00 GMT", "Mon, 31 Nov 2024 00:00:00 GMT",
        "Mon, 01 Jan 2024 24:00:00 GMT", "Mon, 01 Jan 2024 00:60:00 GMT", "Mon, 01 Jan 2024 00:00:61 GMT",
        "Mon, 01 Jan 0000 00:00:00 GMT", "Monday, 29-Feb-23 00:00:00 GMT", "Mon Jan  0 00:00:00 2024",
        "Mon Jan 00 00:00:00 2024", "Mon Feb 30 00:00:00 2024"}) {
    SCOPE(text);
    EXPECT_FALSE(parse_http_date(text, kNow));
  }
}

TEST("what is written in no format of RFC 9110 §5.6.7 is no date") {
  for (const char* text : {"",
                           "0",
                           "784111777",
                           "Sun",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 06 Nov 1994 08:49:37 GMT; length=3",
                           "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 gmt",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun, 06 Nov 1994 08:49 GMT",
                           "Sun, 06 Nov 1994  08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun,  6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06-Nov-1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 NOV 1994 08:49:37 GMT",
                           "Son, 06 Nov 1994 08:49:37 GMT",
                           "unT, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 anF 1994 08:49:37 GMT",
                           "Sun 06 Nov 1994 08:49:37 GMT",
                           "06 Nov 1994 08:49:37 GMT",
                           "Sun, +6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov -994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov 1994 08.49.37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sunday, 6-Nov-94 08:49:37 GMT",
                           "Sunday 06-Nov-94 08:49:37 GMT",
                           "Sund, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov   6 08:49:37 1994",
                           "Sun Nov  16 08:49:37 1994",
                           "Sun Nov  6 08:49:37 94",
                           "Sun Nov  6 08:49:37 1994\n",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "1994-11-06T08:49:37Z"}) {
    SCOPE(text);
    EXPECT_FALSE(parse_http_date(text, kNow));
  }
  EXPECT_FALSE(parse_http_date(std::string_view("Sun, 06 Nov 1994 08:49:37 GMT\0", 30), kNow));
}

TEST("every beginning of a date is no date, and no byte behind it is read") {
  for (const std::string_view whole :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(parse_http_date({exact.data(), exact.size()}, kNow));
    }
  }
}

TEST("a date with any one byte changed is no date, unless that is a digit") {
  for (const std::string whole : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = whole;
        text[at] = static_cast<char>(byte);
        const bool digits = is(kDigit, whole[at]) && is(kDigit, text[at]);
        if (text != whole && !digits) EXPECT_FALSE(parse_http_date(text, kNow));
      }
    }
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
