// field_rules.h: which bytes may stand where in a request head. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace millrace {

/// Classes of bytes, as bits, because one byte belongs to several.
enum ByteClass : std::uint8_t {
  kTchar = 1 << 0,          // RFC 9110 §5.6.2: tokens, so field names and methods
  kFieldByte = 1 << 1,      // RFC 9110 §5.5: field-vchar, SP and HTAB, so field values
  kPathByte = 1 << 2,       // see below; without "%", which has to be followed by two hex digits
  kQueryByte = 1 << 3,      // see below; with "%"
  kHostByte = 1 << 4,       // RFC 3986 §3.2.2 reg-name without "%" and ","
  kAuthorityByte = 1 << 5,  // what may occur anywhere in host[:port]; the order is checked afterwards
  kHexDigit = 1 << 6,
  kDigit = 1 << 7,
};

namespace detail {

constexpr bool occurs_in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

constexpr std::uint8_t classes_of(unsigned byte) {
  const char c = static_cast<char>(byte);
  const bool digit = c >= '0' && c <= '9';
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool unreserved = digit || letter || occurs_in("-._~", c);
  const bool subdelim = occurs_in("!$&'()*+,;=", c);
  const bool pchar = unreserved || subdelim || c == ':' || c == '@';
  // RFC 3986 has more characters escaped than browsers escape. What the URL standard's parser leaves as it is
  // in a path or query reaches servers daily ("?filter[name]=x", "?family=A|B") and is harmless, so it is let
  // through. Not "\" in a path: some software takes it for "/".
  const bool raw_in_path = occurs_in("[]{}|^`", c);
  const bool path = pchar || c == '/' || raw_in_path;
  // "%" needs no digits in a query: nobody routes by it, and browsers send "?discount=50%" as it was typed.
  const bool query = path || c == '?' || c == '\\' || c == '%';
  // RFC 3986 allows a comma in a name, but what has one is two Host lines that somebody joined.
  const bool host = unreserved || (subdelim && c != ',');

  unsigned classes = 0;
  if (digit || letter || occurs_in("!#$%&'*+-.^_`|~", c)) classes |= kTchar;
  if (c == '\t' || (byte >= 0x20 && byte != 0x7f)) classes |= kFieldByte;
  if (path) classes |= kPathByte;
  if (query) classes |= kQueryByte;
  if (host) classes |= kHostByte;
  if (host || occurs_in("%:[]", c)) classes |= kAuthorityByte;
  if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) classes |= kHexDigit;
  if (digit) classes |= kDigit;
  return static_cast<std::uint8_t>(classes);
}

constexpr std::array<std::uint8_t, 256> make_byte_classes() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) table[byte] = classes_of(byte);
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kByteClasses = make_byte_classes();

}  // namespace detail

[[nodiscard]] constexpr bool is(ByteClass wanted, char c) noexcept {
  return (detail::kByteClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

[[nodiscard]] constexpr bool is_whitespace(char c) noexcept { return c == ' ' || c == '\t'; }

/// The first byte in [p, end) outside the class, or `end`.
[[nodiscard]] inline const char* skip(ByteClass wanted, const char* p, const char* end) noexcept {
  while (p != end && is(wanted, *p)) ++p;
  return p;
}

/// The value of a hex digit.
[[nodiscard]] constexpr unsigned hex_value(char c) noexcept {
  return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

/// Compares letters without their case. `lower` is in lower case already.
[[nodiscard]] bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept;

/// `text` without the spaces and tabs around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

enum class PortRule : std::uint8_t { optional, required };

/// uri-host [ ":" port ] of an http URI (RFC 9110 §4.2.1, §7.2): no user, no empty host; a port is at most
/// 65535. "a:" is valid where the port is optional.
[[nodiscard]] bool is_host_and_port(std::string_view text, PortRule port) noexcept;

}  // namespace millrace
