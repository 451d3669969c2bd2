// http_date.h: the current time as HTTP writes it. One object a reactor, reactor thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

}  // namespace millrace
