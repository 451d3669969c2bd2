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

constexpr std::int64_t days_in_month(std::int64_t year, std::size_t month) {
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kMonthDays[month] + (leap && month == kFebruary ? 1 : 0);
}

constexpr char kWeekdayNames[] = "MonTueWedThuFriSatSun";
constexpr char kMonthNames[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::size_t kNameBytes = 3;
constexpr std::array<std::string_view, 7> kLongWeekdayNames = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                               "Friday", "Saturday", "Sunday"};

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

  std::size_t month = 0;
  for (; month < kMonthDays.size() - 1; ++month) {
    const std::int64_t length = days_in_month(year, month);
    if (days < length) break;
    days -= length;
  }
  return {year, month, days + 1};
}

/// Without a moment that four digits of year cannot express.
std::int64_t seconds_since_year_1(std::int64_t unix_seconds) noexcept {
  return std::clamp(unix_seconds, kFirstSecond, kLastSecond) - kFirstSecond;
}

void write_two_digits(char* to, std::int64_t value) noexcept {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
}

// The formats of RFC 9110 §5.6.7, in the letters of strptime(), which itself depends on the locale and takes
// more than these.
constexpr std::array<std::string_view, 3> kFormats = {
    "%a, %d %b %Y %H:%M:%S GMT",  // IMF-fixdate
    "%A, %d-%b-%y %H:%M:%S GMT",  // RFC 850
    "%a %b %e %H:%M:%S %Y",       // asctime(): a day below 10 may have a space before it
};

struct Moment {
  Date date{};
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;  // 60: a leap second
  bool lacks_century = false;
};

bool take_text(std::string_view& text, std::string_view wanted) noexcept {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

bool take_digits(std::string_view& text, std::size_t count, std::int64_t& value) noexcept {
  if (text.size() < count) return false;
  value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return true;
}

/// One of the names of three letters that stand in `names` without anything between them. Case counts.
bool take_short_name(std::string_view& text, std::string_view names, std::size_t& index) noexcept {
  for (index = 0; index < names.size() / kNameBytes; ++index) {
    if (take_text(text, names.substr(index * kNameBytes, kNameBytes))) return true;
  }
  return false;
}

bool take_long_weekday(std::string_view& text) noexcept {
  return std::any_of(kLongWeekdayNames.begin(), kLongWeekdayNames.end(),
                     [&](std::string_view name) { return take_text(text, name); });
}

bool take_field(char letter, std::string_view& text, Moment& moment) noexcept {
  std::size_t weekday = 0;
  switch (letter) {
    case 'a':
      return take_short_name(text, kWeekdayNames, weekday);
    case 'A':
      return take_long_weekday(text);
    case 'b':
      return take_short_name(text, kMonthNames, moment.date.month);
    case 'd':
      return take_digits(text, 2, moment.date.day);
    case 'e':
      return take_digits(text, take_text(text, " ") ? 1 : 2, moment.date.day);
    case 'Y':
      return take_digits(text, 4, moment.date.year);
    case 'y':
      moment.lacks_century = true;
      return take_digits(text, 2, moment.date.year);
    case 'H':
      return take_digits(text, 2, moment.hour);
    case 'M':
      return take_digits(text, 2, moment.minute);
    default:
      return take_digits(text, 2, moment.second);
  }
}

bool matches(std::string_view text, std::string_view format, Moment& moment) noexcept {
  for (std::size_t i = 0; i < format.size(); ++i) {
    const bool taken =
        format[i] == '%' ? take_field(format[++i], text, moment) : take_text(text, format.substr(i, 1));
    if (!taken) return false;
  }
  return text.empty();
}

std::int64_t unix_seconds_of(const Moment& moment) noexcept {
  std::int64_t days = days_before_year(moment.date.year) - kEpochDay + moment.date.day - 1;
  for (std::size_t month = 0; month < moment.date.month; ++month)
    days += days_in_month(moment.date.year, month);
  return days * kSecondsPerDay + moment.hour * 3600 + moment.minute * 60 + moment.second;
}

constexpr std::int64_t kYearsAhead = 50;

std::int64_t year_with_century(Moment moment, std::int64_t now) noexcept {
  const std::int64_t latest = date_of(seconds_since_year_1(now) / kSecondsPerDay).year + kYearsAhead;
  const std::int64_t year = latest - (latest + 100 - moment.date.year) % 100;
  // The last of the years that are possible may be too late by months.
  moment.date.year = year - kYearsAhead;
  return unix_seconds_of(moment) > now ? year - 100 : year;
}

bool exists(const Moment& moment) noexcept {
  const Date& date = moment.date;
  return date.year >= 1 && date.year <= 9999 && date.day >= 1 &&
         date.day <= days_in_month(date.year, date.month) && moment.hour <= 23 && moment.minute <= 59 &&
         moment.second <= 60;
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now_unix_seconds) noexcept {
  for (const std::string_view format : kFormats) {
    Moment moment;
    if (!matches(text, format, moment)) continue;
    if (moment.lacks_century) moment.date.year = year_with_century(moment, now_unix_seconds);
    if (!exists(moment)) return std::nullopt;
    return unix_seconds_of(moment);
  }
  return std::nullopt;
}

void HttpDate::format(std::int64_t unix_seconds) noexcept {
  const std::int64_t since_year_1 = seconds_since_year_1(unix_seconds);
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
