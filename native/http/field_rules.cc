#include "http/field_rules.h"

#include <algorithm>
#include <cstddef>

namespace millrace {

namespace {

constexpr unsigned kMaxPort = 65535;
constexpr int kIpv6Groups = 8;

char lower_letter(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_port(std::string_view text, PortRule rule) noexcept {
  if (text.empty()) return rule == PortRule::optional;
  unsigned value = 0;
  for (const char c : text) {
    if (!is(kDigit, c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > kMaxPort) return false;
  }
  return true;
}

/// Length of the RFC 3986 §3.2.2 reg-name at the start of `text`; every IPv4 address is one too.
std::size_t registered_name_length(std::string_view text) noexcept {
  std::size_t at = 0;
  for (;;) {
    while (at < text.size() && is(kHostByte, text[at])) ++at;
    const bool escaped = text.size() - at >= 3 && text[at] == '%' && is(kHexDigit, text[at + 1]) &&
                         is(kHexDigit, text[at + 2]);
    if (!escaped) return at;
    at += 3;
  }
}

bool is_ipv4(std::string_view text) noexcept {
  int octets = 0;
  for (;;) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view octet = text.substr(0, dot);
    if (octet.empty() || octet.size() > 3 || (octet.size() > 1 && octet[0] == '0')) return false;
    unsigned value = 0;
    for (const char c : octet) {
      if (!is(kDigit, c)) return false;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value > 255) return false;
    ++octets;
    if (dot == text.size()) return octets == 4;
    text.remove_prefix(dot + 1);
  }
}

/// RFC 3986 §3.2.2. No zone (RFC 6874): it means something on the sending machine only.
bool is_ipv6(std::string_view text) noexcept {
  int groups = 0;
  bool gap = false;
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = true;
    at = 2;
  }
  while (at < text.size()) {
    const std::size_t start = at;
    while (at < text.size() && at - start < 4 && is(kHexDigit, text[at])) ++at;
    if (at < text.size() && text[at] == '.') {
      if (!is_ipv4(text.substr(start))) return false;
      groups += 2;
      break;
    }
    if (at == start) return false;
    ++groups;
    if (at == text.size()) break;
    if (text[at++] != ':' || at == text.size()) return false;
    if (text[at] == ':') {
      if (gap) return false;
      gap = true;
      ++at;
    }
  }
  return gap ? groups < kIpv6Groups : groups == kIpv6Groups;
}

/// RFC 3986 §3.2.2: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ).
bool is_future_address(std::string_view text) noexcept {
  if (text.empty() || (text[0] | 0x20) != 'v') return false;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  const auto version = text.substr(1, dot - 1);
  const auto address = text.substr(dot + 1);
  return std::all_of(version.begin(), version.end(), [](char c) { return is(kHexDigit, c); }) &&
         std::all_of(address.begin(), address.end(), [](char c) { return is(kHostByte, c) || c == ':'; });
}

/// Length of the bracketed address at the start of `text`, or 0.
std::size_t address_literal_length(std::string_view text) noexcept {
  const std::size_t bracket = text.find(']');
  if (bracket == std::string_view::npos) return 0;
  const std::string_view address = text.substr(1, bracket - 1);
  return is_ipv6(address) || is_future_address(address) ? bracket + 1 : 0;
}

}  // namespace

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower_letter(text[i]) != lower[i]) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_whitespace(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_whitespace(text.back())) text.remove_suffix(1);
  return text;
}

bool is_host_and_port(std::string_view text, PortRule port) noexcept {
  const std::size_t host =
      text.starts_with('[') ? address_literal_length(text) : registered_name_length(text);
  if (host == 0) return false;
  if (host == text.size()) return port == PortRule::optional;
  return text[host] == ':' && is_port(text.substr(host + 1), port);
}

}  // namespace millrace
