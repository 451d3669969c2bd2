// http_date.h: dates as HTTP writes and reads them. HttpDate: one object a reactor, reactor thread only. The
// rest: any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// IMF-fixdate (RFC 9110 §5.6.7) has one length for every moment: "Sun, 06 Nov 1994 08:49:37 GMT".
inline constexpr std::size_t kHttpDateBytes = 29;

/// Independent of the locale and of the time zone, which strftime() and localtime() are not.
class HttpDate {
 public:
  HttpDate() noexcept { format(0); }

  /// The text stays valid and unchanged until the next call with another second. Moments that four digits of
  /// year cannot express (before year 1, after 9999) are written as the nearest one that they can.
  [[nodiscard]] std::string_view at(std::int64_t unix_seconds) noexcept {
    if (unix_seconds != formatted_second_) format(unix_seconds);
    return {text_.data(), text_.size()};
  }

 private:
  void format(std::int64_t unix_seconds) noexcept;

  std::int64_t formatted_second_;
  std::array<char, kHttpDateBytes> text_;
};

/// Unix seconds of a date in any of the three formats of RFC 9110 §5.6.7, or nothing: what is not exactly one
/// of them is no date. A day has to exist in its month, but need not fall on the weekday it claims. A leap
/// second is the second after it.
/// `now_unix_seconds` gives the two-digit year of the RFC 850 format its century: it is the latest with these
/// digits that is not more than 50 years ahead.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text,
                                                          std::int64_t now_unix_seconds) noexcept;

}  // namespace millrace
