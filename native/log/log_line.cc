#include "log/log_line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "http/field_names.h"
#include "http/request_text.h"

namespace millrace {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kNothing = "-";
constexpr unsigned char kFirstPrintable = 0x20;
constexpr unsigned char kDelete = 0x7f;
constexpr std::uint64_t kUsPerMs = 1000;
constexpr std::size_t kLogVersionBytes = 16;  // more is none

/// Whatever a client sends stays on its line and within its quotes. Bytes beyond ASCII are written as bytes
/// in text, since nobody knows their charset, and as Latin-1 in JSON, which is how lib/ reads them.
void append_escaped(LogFormat format, std::string_view text, std::size_t most, std::string& to) {
  const bool is_cut = text.size() > most;
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= kFirstPrintable && byte < kDelete && c != '"' && c != '\\';
    if (is_plain) {
      to += c;
    } else if (format == LogFormat::json && (c == '"' || c == '\\')) {
      to.append({'\\', c});
    } else {
      to += format == LogFormat::json ? "\\u00" : "\\x";
      to.append({kHexDigits[byte >> 4U], kHexDigits[byte & 0xfU]});
    }
  }
  if (is_cut) to += "...";
}

void append_number(std::uint64_t number, std::string& to) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append(digits.data(), end);
}

void append_milliseconds(std::uint64_t us, std::string& to) {
  append_number(us / kUsPerMs, to);
  const std::uint64_t rest = us % kUsPerMs;
  to.append({'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
             static_cast<char>('0' + rest % 10)});
}

bool has(std::string_view received, std::size_t offset, std::size_t length) noexcept {
  return offset + length <= received.size();
}

std::string_view value_of(FieldId id, std::span<const Field> fields, std::string_view received) {
  for (const Field& field : fields) {
    if (static_cast<FieldId>(field.id) == id && has(received, field.value_offset, field.value_length))
      return received.substr(field.value_offset, field.value_length);
  }
  return {};
}

/// What the client has sent in place of a request line.
std::string_view first_line(std::string_view received) {
  const std::size_t from = std::min(received.find_first_not_of("\r\n"), received.size());
  received.remove_prefix(from);
  return received.substr(0, received.find_first_of("\r\n"));
}

void append_json(std::string_view name, std::string_view value, std::size_t most, std::string& to) {
  to.append(",\"").append(name).append("\":\"");
  append_escaped(LogFormat::json, value, most, to);
  to += '"';
}

struct Parts {
  std::string_view method = {};
  std::string_view target = {};
  std::string_view version = {};
  std::string_view referer = {};
  std::string_view user_agent = {};
};

void describe(LogFormat format, const Parts& parts, LoggedText& to) {
  std::string& text = to.bytes;
  text.clear();
  if (format == LogFormat::json) {
    to.front_bytes = 0;
    if (!parts.method.empty()) append_json("method", parts.method, kLogFieldBytes, text);
    append_json("target", parts.target, kLogTargetBytes, text);
    if (!parts.version.empty()) append_json("protocol", parts.version, kLogVersionBytes, text);
    if (!parts.referer.empty()) append_json("referer", parts.referer, kLogFieldBytes, text);
    if (!parts.user_agent.empty()) append_json("userAgent", parts.user_agent, kLogFieldBytes, text);
    return;
  }
  const bool is_brief = format == LogFormat::brief;
  if (!is_brief) text += '"';
  if (!parts.method.empty()) {
    append_escaped(format, parts.method, kLogFieldBytes, text);
    text += ' ';
  }
  append_escaped(format, parts.target.empty() ? kNothing : parts.target, kLogTargetBytes, text);
  if (!is_brief) {
    if (!parts.version.empty()) {
      text += ' ';
      append_escaped(format, parts.version, kLogVersionBytes, text);
    }
    text += '"';
  }
  to.front_bytes = text.size();
  if (format != LogFormat::combined) return;
  for (const std::string_view field : {parts.referer, parts.user_agent}) {
    text += " \"";
    append_escaped(format, field.empty() ? kNothing : field, kLogFieldBytes, text);
    text += '"';
  }
}

}  // namespace

void describe_request(LogFormat format, const RequestHead& head, std::span<const Field> fields,
                      std::string_view received, LoggedText& to) {
  Parts parts{.referer = value_of(FieldId::referer, fields, received),
              .user_agent = value_of(FieldId::user_agent, fields, received)};
  if (head.target.length == 0 || !has(received, head.target.offset, head.target.length)) {
    parts.target = first_line(received);
  } else {
    parts.method = text_of(head.method_name, received.data());
    parts.target = text_of(head.target, received.data());
    // As it was sent, since it may be what the request is refused for.
    const std::string_view rest = received.substr(head.target.offset + head.target.length);
    parts.version = rest.substr(std::min(rest.size(), std::size_t{1}));
    parts.version = parts.version.substr(0, parts.version.find_first_of("\r\n"));
  }
  describe(format, parts, to);
}

void describe_nothing(LogFormat format, LoggedText& to) { describe(format, {}, to); }

std::string_view LogClock::text(std::time_t seconds, Style style) {
  if (seconds == seconds_ && style == style_) return text_;
  seconds_ = seconds;
  style_ = style;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 64> buffer;
  // Names of months as in the C locale, whatever the process has set.
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto add = [&](const char* pattern) {
    text_.append(buffer.data(), std::strftime(buffer.data(), buffer.size(), pattern, &local));
  };
  text_.clear();
  if (style == Style::common) {
    add("%d/");
    text_ += kMonths[static_cast<std::size_t>(local.tm_mon)];
    add("/%Y:%H:%M:%S %z");
  } else {
    add("%Y-%m-%dT%H:%M:%S%z");
    text_.insert(text_.size() - 2, 1, ':');  // +0100 is no offset of RFC 3339
  }
  return text_;
}

void append_log_line(LogFormat format, LogClock& clock, std::string_view remote, const LoggedText& request,
                     const LoggedFigures& figures, std::string& to) {
  // Of a socket for both families. Those who count clients want one address for each.
  constexpr std::string_view kMapped = "::ffff:";
  if (remote.starts_with(kMapped) && remote.find('.') != std::string_view::npos)
    remote.remove_prefix(kMapped.size());
  const std::string_view client = remote.empty() ? kNothing : remote;
  switch (format) {
    case LogFormat::combined:
    case LogFormat::common:
      to.append(client).append(" - - [").append(clock.common(figures.time)).append("] ");
      to.append(request.front()).append(" ");
      append_number(figures.status, to);
      to += ' ';
      append_number(figures.body_bytes, to);
      to.append(request.back()).append(" ");
      append_milliseconds(figures.duration_us, to);
      break;
    case LogFormat::brief:
      to.append(clock.iso(figures.time)).append(" ").append(client).append(" ");
      append_number(figures.status, to);
      to.append(" ").append(request.front()).append(" ");
      append_number(figures.body_bytes, to);
      to += " B ";
      append_milliseconds(figures.duration_us, to);
      to += " ms";
      break;
    case LogFormat::json:
      to.append("{\"time\":\"").append(clock.iso(figures.time)).append("\"");
      if (!remote.empty()) to.append(",\"remote\":\"").append(remote).append("\"");
      to.append(request.back()).append(",\"status\":");
      append_number(figures.status, to);
      to += ",\"bytes\":";
      append_number(figures.body_bytes, to);
      to += ",\"ms\":";
      append_milliseconds(figures.duration_us, to);
      to += '}';
      break;
  }
  to += '\n';
}

void append_log_gap(LogFormat format, LogClock& clock, std::time_t now, std::uint64_t lines,
                    std::string& to) {
  if (format == LogFormat::json) {
    to.append("{\"time\":\"").append(clock.iso(now)).append("\",\"dropped\":");
    append_number(lines, to);
    to += "}\n";
    return;
  }
  to.append("# ").append(clock.iso(now)).append(" lines dropped, since nobody took them: ");
  append_number(lines, to);
  to += '\n';
}

}  // namespace millrace
