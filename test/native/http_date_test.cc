// http_date_test.cc: IMF-fixdate against the C library's calendar.
#include "http/http_date.h"

#include <ctime>
#include <limits>
#include <random>
#include <string>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kYear10000 = 253'402'300'800;

std::string libc_date(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm fields{};
  gmtime_r(&time, &fields);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &fields)};
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

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
