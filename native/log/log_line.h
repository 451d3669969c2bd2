// log_line.h: how a line of the access log looks. One thread at a time, no state but a clock's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "base/server_config.h"
#include "http/request_head.h"

namespace millrace {

/// What a line says of its request, in the form that it has there: `"GET / HTTP/1.1"`, and what comes behind
/// the figures.
struct LoggedText {
  std::string bytes;
  std::size_t front_bytes = 0;  // of them, what comes ahead of the figures

  [[nodiscard]] std::string_view front() const noexcept {
    return std::string_view(bytes).substr(0, front_bytes);
  }
  [[nodiscard]] std::string_view back() const noexcept { return std::string_view(bytes).substr(front_bytes); }
};

/// `received` is what the head was parsed from. Where no target has been found, as in what is no request
/// line, its first line stands for the request.
void describe_request(LogFormat format, const RequestHead& head, std::span<const Field> fields,
                      std::string_view received, LoggedText& to);

/// The same where nothing has come.
void describe_nothing(LogFormat format, LoggedText& to);

/// Texts of moments, in local time. Most ask for the second of the last call.
class LogClock {
 public:
  /// `21/Nov/2026:17:08:00 +0100`, as the Common Log Format has it.
  [[nodiscard]] std::string_view common(std::time_t seconds) { return text(seconds, Style::common); }
  /// `2026-11-21T17:08:00+01:00` (RFC 3339).
  [[nodiscard]] std::string_view iso(std::time_t seconds) { return text(seconds, Style::iso); }

 private:
  enum class Style : std::uint8_t { none, common, iso };
  [[nodiscard]] std::string_view text(std::time_t seconds, Style style);

  std::time_t seconds_ = 0;
  Style style_ = Style::none;
  std::string text_;
};

/// The figures of a line.
struct LoggedFigures {
  std::time_t time = 0;  // when the request began
  std::uint16_t status = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t duration_us = 0;
};

/// `remote`: the client's address; empty if it has none.
void append_log_line(LogFormat format, LogClock& clock, std::string_view remote, const LoggedText& request,
                     const LoggedFigures& figures, std::string& to);

/// Says that so many lines are missing.
void append_log_gap(LogFormat format, LogClock& clock, std::time_t now, std::uint64_t lines, std::string& to);

}  // namespace millrace
