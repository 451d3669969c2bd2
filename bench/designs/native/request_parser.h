// request_parser.h: takes one HTTP/1.1 request out of what was received: Content-Length bodies only, and
// strict.

#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

#include "limits.h"
#include "request.h"

namespace designs {

struct Parsed {
  enum class State { incomplete, complete, refused };
  State state = State::incomplete;
  std::size_t bytes =
      0;           // complete: what the request took. incomplete: how many there must be before it can be
  int status = 0;  // refused: with what; the connection has to end then
  Request request;
};

namespace parsing {

inline constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

inline bool is_token_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kTokenMarks.find(c) != kTokenMarks.npos;
}
inline bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}
inline bool is_visible(char c) { return c > ' ' && c < '\x7f'; }
inline bool is_field_byte(char c) { return c == '\t' || static_cast<unsigned char>(c) >= ' '; }

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Whether a list such as that of Connection has this member.
inline bool lists(std::string_view list, std::string_view member) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (equals_ignoring_case(trimmed(list.substr(0, comma)), member)) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
}

/// What the fields of a head say about the message.
struct Facts {
  int hosts = 0;
  std::optional<std::size_t> length;
  bool has_coding = false;
  bool wants_close = false;
  bool wants_keep_alive = false;
};

/// Returns 0, or the status that the field is refused with.
inline int take_field(std::string_view line, Facts& facts) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon)))
    return 400;  // also a folded line (RFC 9112 §5.2)
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_field_byte)) return 400;
  if (equals_ignoring_case(name, "host")) {
    ++facts.hosts;
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    facts.has_coding = true;
  } else if (equals_ignoring_case(name, "connection")) {
    facts.wants_close |= lists(value, "close");
    facts.wants_keep_alive |= lists(value, "keep-alive");
  } else if (equals_ignoring_case(name, "content-length")) {
    if (facts.length || value.empty()) return 400;
    if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) return 400;
    std::size_t length = 0;
    // Too many digits for a number are too many bytes as well.
    if (std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc{}) return 413;
    facts.length = length;
  }
  return 0;
}

/// Returns 0, or the status that the request line is refused with.
inline int take_request_line(std::string_view line, Request& request, bool& is_1_0) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || first == last) return 400;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method) || target.front() != '/') return 400;
  if (!std::all_of(target.begin(), target.end(), is_visible)) return 400;
  is_1_0 = version == "HTTP/1.0";
  if (!is_1_0 && version != "HTTP/1.1") return version.starts_with("HTTP/") ? 505 : 400;
  const std::size_t mark = target.find('?');
  request.method = method;
  request.path = target.substr(0, mark);
  if (mark != target.npos) request.query = target.substr(mark + 1);
  return 0;
}

}  // namespace parsing

/// Looks from the beginning each time it is called: `bytes` says when that makes sense.
inline Parsed parse_request(std::string_view received) {
  using namespace parsing;
  constexpr std::string_view kLineEnd = "\r\n";
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  const auto refused = [](int status) {
    Parsed parsed;
    parsed.state = Parsed::State::refused;
    parsed.status = status;
    return parsed;
  };

  std::size_t begin = 0;  // empty lines before a request are to be ignored (RFC 9112 §2.2)
  while (received.substr(begin).starts_with(kLineEnd)) begin += kLineEnd.size();
  const std::size_t end = received.find(kHeadEnd, begin);
  if ((end == received.npos ? received.size() : end) > kMaxHeadBytes) return refused(431);
  if (end == received.npos) {
    Parsed parsed;
    parsed.bytes = received.size() + 1;
    // What cannot become a request is not waited for.
    const std::string_view line = received.substr(begin, received.find(kLineEnd, begin) - begin);
    return line.find('\n') == line.npos ? parsed : refused(400);
  }

  Parsed parsed;
  Facts facts;
  bool is_1_0 = false;
  std::string_view head = received.substr(begin, end - begin);
  std::size_t line_end = std::min(head.find(kLineEnd), head.size());
  if (const int status = take_request_line(head.substr(0, line_end), parsed.request, is_1_0))
    return refused(status);
  while (line_end < head.size()) {
    head.remove_prefix(line_end + kLineEnd.size());
    line_end = std::min(head.find(kLineEnd), head.size());
    if (const int status = take_field(head.substr(0, line_end), facts)) return refused(status);
  }
  if (facts.hosts > 1 || (facts.hosts == 0 && !is_1_0)) return refused(400);
  if (facts.has_coding) return refused(facts.length || is_1_0 ? 400 : 411);
  const std::size_t length = facts.length.value_or(0);
  if (length > kMaxBodyBytes) return refused(413);

  parsed.bytes = end + kHeadEnd.size() + length;
  if (received.size() < parsed.bytes) return parsed;
  parsed.state = Parsed::State::complete;
  parsed.request.body = received.substr(end + kHeadEnd.size(), length);
  parsed.request.keep_alive = !facts.wants_close && (!is_1_0 || facts.wants_keep_alive);
  return parsed;
}

}  // namespace designs
