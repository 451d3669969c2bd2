#include "handlers/path_params.h"

#include <algorithm>
#include <cstddef>

#include "http/field_rules.h"

namespace millrace {

namespace {

/// Where this segment begins; the end of the path if it has fewer.
std::size_t start_of(std::string_view path, std::uint32_t segment) noexcept {
  std::size_t at = std::min<std::size_t>(1, path.size());
  for (; segment > 0; --segment) {
    const std::size_t slash = path.find('/', at);
    if (slash == std::string_view::npos) return path.size();
    at = slash + 1;
  }
  return at;
}

[[nodiscard]] bool is_between(unsigned char byte, unsigned low, unsigned high) noexcept {
  return byte >= low && byte <= high;
}

/// Length of the well-formed sequence at the beginning (Unicode 15, table 3-7); 0: there is none.
std::size_t sequence_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t n) -> unsigned char {
    return n < text.size() ? static_cast<unsigned char>(text[n]) : 0;  // 0 continues nothing
  };
  const auto continues = [&](std::size_t n) { return is_between(byte(n), 0x80, 0xbf); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (is_between(first, 0xc2, 0xdf)) return continues(1) ? 2 : 0;
  if (is_between(first, 0xe0, 0xef)) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;   // not longer than it must be
    const unsigned high = first == 0xed ? 0x9f : 0xbf;  // no halves of pairs
    return is_between(byte(1), low, high) && continues(2) ? 3 : 0;
  }
  if (is_between(first, 0xf0, 0xf4)) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;  // U+10FFFF is the last
    return is_between(byte(1), low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

[[nodiscard]] bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t bytes = sequence_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

}  // namespace

std::string_view raw_param(const PathParams& params, std::string_view path, std::string_view name) noexcept {
  if (name == "*") {
    if (params.is_any_path) return path;
    return params.has_wildcard ? path.substr(start_of(path, params.wildcard_segment)) : std::string_view();
  }
  for (const PathParams::Param& param : params.params) {
    if (param.name != name) continue;
    const std::string_view rest = path.substr(start_of(path, param.segment));
    return rest.substr(0, rest.find('/'));
  }
  return {};
}

std::string percent_decoded(std::string_view raw) {
  std::string decoded;
  decoded.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      decoded += raw[i];
      continue;
    }
    if (raw.size() - i < 3 || !is(kHexDigit, raw[i + 1]) || !is(kHexDigit, raw[i + 2]))
      return std::string(raw);
    decoded += static_cast<char>(hex_value(raw[i + 1]) << 4 | hex_value(raw[i + 2]));
    i += 2;
  }
  return is_utf8(decoded) ? decoded : std::string(raw);
}

}  // namespace millrace
