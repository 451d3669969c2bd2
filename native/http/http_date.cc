#include "http/http_date.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

// The Gregorian calendar repeats itself: 400 years have always the same days, and the odd day of each period
// is its last one if days are counted from 1 January of year 1, a Monday.
constexpr std::int64_t kDaysPerYear = 365;
constexpr std::int64_t kDaysPer4Years = 4 * kDaysPerYear + 1;
constexpr std::int64_t kDaysPer100Years = 25 * kDaysPer4Years - 1;
constexpr std::int64_t kDaysPer400Years = 4 * kDaysPer100Years + 1;

constexpr std::int64_t days_before_year(std::int64_t year) {
  const std::int64_t past = year - 1;
  return past * kDaysPerYear + past / 4 - past / 100 + past / 400;
}

constexpr std::int64_t kEpochDay = days_before_year(1970);
constexpr std::int64_t kFirstSecond = -kEpochDay * kSecondsPerDay;
constexpr std::int64_t kLastSecond = (days_before_year(10'000) - kEpochDay) * kSecondsPerDay - 1;

constexpr std::array<std::int64_t, 12> kMonthDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr std::size_t kFebruary = 1;

constexpr char kWeekdayNames[] = "MonTueWedThuFriSatSun";
constexpr char kMonthNames[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::size_t kNameBytes = 3;

// Day names, month names and digits are written over this; the rest never changes.
constexpr char kTemplate[] = "Day, 00 Mon 0000 00:00:00 GMT";
static_assert(sizeof kTemplate - 1 == kHttpDateBytes);
constexpr std::size_t kWeekdayAt = 0, kDayAt = 5, kMonthAt = 8, kYearAt = 12, kHourAt = 17, kMinuteAt = 20,
                      kSecondAt = 23;

struct Date {
  std::int64_t year;
  std::size_t month;  // 0: January
  std::int64_t day;   // 1: the first
};

// The last day of a period would divide into a period that does not exist (a fifth century, a fifth year):
// hence min.
Date date_of(std::int64_t day_number) noexcept {
  std::int64_t days = day_number;
  std::int64_t year = 1 + days / kDaysPer400Years * 400;
  days %= kDaysPer400Years;
  const std::int64_t centuries = std::min<std::int64_t>(days / kDaysPer100Years, 3);
  days -= centuries * kDaysPer100Years;
  year += centuries * 100 + days / kDaysPer4Years * 4;
  days %= kDaysPer4Years;
  const std::int64_t years = std::min<std::int64_t>(days / kDaysPerYear, 3);
  days -= years * kDaysPerYear;
  year += years;

  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  std::size_t month = 0;
  for (; month < kMonthDays.size() - 1; ++month) {
    const std::int64_t length = kMonthDays[month] + (leap && month == kFebruary ? 1 : 0);
    if (days < length) break;
    days -= length;
  }
  return {year, month, days + 1};
}

void write_two_digits(char* to, std::int64_t value) noexcept {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

void HttpDate::format(std::int64_t unix_seconds) noexcept {
  const std::int64_t since_year_1 = std::clamp(unix_seconds, kFirstSecond, kLastSecond) - kFirstSecond;
  const std::int64_t day_number = since_year_1 / kSecondsPerDay;
  const std::int64_t second = since_year_1 % kSecondsPerDay;
  const Date date = date_of(day_number);

  char* const text = text_.data();
  std::copy_n(kTemplate, kHttpDateBytes, text);
  std::copy_n(kWeekdayNames + day_number % 7 * kNameBytes, kNameBytes, text + kWeekdayAt);
  write_two_digits(text + kDayAt, date.day);
  std::copy_n(kMonthNames + date.month * kNameBytes, kNameBytes, text + kMonthAt);
  write_two_digits(text + kYearAt, date.year / 100);
  write_two_digits(text + kYearAt + 2, date.year % 100);
  write_two_digits(text + kHourAt, second / 3600);
  write_two_digits(text + kMinuteAt, second / 60 % 60);
  write_two_digits(text + kSecondAt, second % 60);
  formatted_second_ = unix_seconds;
}

}  // namespace millrace
