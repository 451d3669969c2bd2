#include "http/request_line.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/field_rules.h"

namespace millrace {

namespace {

Slice slice(const char* message, const char* from, const char* to) noexcept {
  return {static_cast<std::uint32_t>(from - message), static_cast<std::uint32_t>(to - from)};
}

Method method_of(std::string_view name) noexcept {
  switch (name.size()) {
    case 3:
      if (name == "GET") return Method::get;
      if (name == "PUT") return Method::put;
      break;
    case 4:
      if (name == "POST") return Method::post;
      if (name == "HEAD") return Method::head;
      break;
    case 5:
      if (name == "PATCH") return Method::patch;
      if (name == "TRACE") return Method::trace;
      break;
    case 6:
      if (name == "DELETE") return Method::delete_;
      break;
    case 7:
      if (name == "OPTIONS") return Method::options;
      if (name == "CONNECT") return Method::connect;
      break;
    default:
      break;
  }
  return Method::other;
}

/// The method and the space behind it.
LineRead read_method(const char* message, const char* p, const char* end, RequestHead& head) noexcept {
  const char* const name = p;
  p = skip(kTchar, p, end);
  if (p == end) return need_more();
  if (*p != ' ' || p == name) return stop(RequestError::bad_method);
  head.method_name = slice(message, name, p);
  head.method = method_of({name, static_cast<std::size_t>(p - name)});
  return read_up_to(p + 1);
}

/// The path: to the first byte that is no part of one. "%" has to announce two hex digits, or what the router
/// compares and what the handler decodes are not the same path.
LineRead read_path(const char* p, const char* end) noexcept {
  for (;;) {
    p = skip(kPathByte, p, end);
    if (p == end) return need_more();
    if (*p != '%') return read_up_to(p);
    for (int digit = 0; digit < 2; ++digit) {
      if (++p == end) return need_more();
      if (!is(kHexDigit, *p)) return stop(RequestError::bad_target);
    }
    ++p;
  }
}

/// Path, query and the space behind them: origin-form, and what follows the authority of an absolute-form.
LineRead read_path_and_query(const char* message, const char* p, const char* end,
                             RequestHead& head) noexcept {
  const char* const path = p;
  const LineRead path_read = read_path(p, end);
  if (path_read.next == nullptr) return path_read;
  p = path_read.next;
  head.path = slice(message, path, p);
  head.query = {};
  if (*p == '?') {
    const char* const query = p + 1;
    p = skip(kQueryByte, query, end);
    if (p == end) return need_more();
    head.query = slice(message, query, p);
  }
  if (*p == ' ') return read_up_to(p + 1);
  return stop(*p == '#' ? RequestError::fragment_in_target : RequestError::bad_target);
}

/// host[:port], to the first byte that is no part of it.
LineRead read_authority(const char* message, const char* p, const char* end, PortRule port,
                        RequestHead& head) noexcept {
  const char* const start = p;
  p = skip(kAuthorityByte, p, end);
  if (p == end) return need_more();
  const bool ends = *p == ' ' || *p == '/' || *p == '?' || *p == '#';
  if (!ends || !is_host_and_port({start, static_cast<std::size_t>(p - start)}, port)) {
    return stop(RequestError::bad_authority);
  }
  head.authority = slice(message, start, p);
  return read_up_to(p);
}

/// RFC 9112 §3.2.2. Only http: RFC 9110 §7.4 has an https target refused on a connection that is not secured,
/// and other schemes are for proxies.
LineRead read_absolute_form(const char* message, const char* p, const char* end, RequestHead& head) noexcept {
  constexpr std::string_view kScheme = "http://";
  for (const char wanted : kScheme) {
    if (p == end) return need_more();
    const char c = *p >= 'A' && *p <= 'Z' ? static_cast<char>(*p | 0x20) : *p;
    if (c != wanted) return stop(RequestError::bad_target);
    ++p;
  }
  head.target_form = TargetForm::absolute;
  const LineRead authority = read_authority(message, p, end, PortRule::optional, head);
  if (authority.next == nullptr) return authority;
  return read_path_and_query(message, authority.next, end, head);
}

/// RFC 9112 §3.2.3.
LineRead read_authority_form(const char* message, const char* p, const char* end,
                             RequestHead& head) noexcept {
  head.target_form = TargetForm::authority;
  const LineRead authority = read_authority(message, p, end, PortRule::required, head);
  if (authority.next == nullptr) return authority;
  return *authority.next == ' ' ? read_up_to(authority.next + 1) : stop(RequestError::bad_authority);
}

/// RFC 9112 §3.2.4.
LineRead read_asterisk_form(const char* message, const char* p, const char* end, RequestHead& head) noexcept {
  if (head.method != Method::options) return stop(RequestError::asterisk_without_options);
  head.target_form = TargetForm::asterisk;
  head.path = slice(message, p, p + 1);
  if (++p == end) return need_more();
  return *p == ' ' ? read_up_to(p + 1) : stop(RequestError::bad_target);
}

/// The target and the space behind it. Its first byte and the method say which form it has.
LineRead read_target(const char* message, const char* p, const char* end, RequestHead& head) noexcept {
  if (p == end) return need_more();
  LineRead read;
  if (head.method == Method::connect) {
    read = read_authority_form(message, p, end, head);
  } else if (*p == '/') {
    read = read_path_and_query(message, p, end, head);
  } else if (*p == '*') {
    read = read_asterisk_form(message, p, end, head);
  } else {
    read = read_absolute_form(message, p, end, head);
  }
  if (read.next != nullptr) head.target = slice(message, p, read.next - 1);
  return read;
}

/// RFC 9112 §2.3, with the end of the line.
LineRead read_version(const char* p, const char* end, RequestHead& head) noexcept {
  constexpr std::string_view kUsual = "HTTP/1.1\r\n";
  if (static_cast<std::size_t>(end - p) >= kUsual.size() &&
      std::memcmp(p, kUsual.data(), kUsual.size()) == 0) {
    head.minor_version = 1;
    return read_up_to(p + kUsual.size());
  }
  // "d" stands for a digit.
  constexpr std::string_view kShape = "HTTP/d.d";
  char digits[2] = {};
  int digit = 0;
  for (const char wanted : kShape) {
    if (p == end) return need_more();
    if (wanted == 'd' ? !is(kDigit, *p) : *p != wanted) return stop(RequestError::bad_version);
    if (wanted == 'd') digits[digit++] = *p;
    ++p;
  }
  const LineRead line_end = read_line_end(p, end, RequestError::bad_version);
  if (line_end.next != nullptr && digits[0] != '1') return stop(RequestError::unsupported_version);
  head.minor_version = digits[1] == '0' ? 0 : 1;
  return line_end;
}

}  // namespace

LineRead read_request_line(const char* message, const char* line, const char* end,
                           RequestHead& head) noexcept {
  head.start = static_cast<std::uint32_t>(line - message);
  LineRead read = read_method(message, line, end, head);
  if (read.next == nullptr) return read;
  read = read_target(message, read.next, end, head);
  if (read.next == nullptr) return read;
  return read_version(read.next, end, head);
}

}  // namespace millrace
