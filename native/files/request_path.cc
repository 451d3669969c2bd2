#include "files/request_path.h"

#include <algorithm>
#include <cstddef>

#include "base/limits.h"
#include "http/field_rules.h"

namespace millrace {
namespace {

constexpr std::size_t kEscapeBytes = 3;

bool may_be_in_name(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != 0x7f && c != '\\' && c != '/';
}

/// Decodes a segment that is not empty behind what there is of the path.
bool append_segment(std::string_view raw, FilePath& file) {
  std::string& path = file.path;
  if (!path.empty()) path += '/';
  const std::size_t start = path.size();
  while (!raw.empty()) {
    char c = raw[0];
    std::size_t used = 1;
    if (c == '%') {
      if (raw.size() < kEscapeBytes || !is(kHexDigit, raw[1]) || !is(kHexDigit, raw[2])) return false;
      c = static_cast<char>(hex_value(raw[1]) << 4 | hex_value(raw[2]));
      used = kEscapeBytes;
    }
    if (!may_be_in_name(c) || path.size() - start == kFileNameBytes) return false;
    path += c;
    raw.remove_prefix(used);
  }
  const std::string_view name = std::string_view(path).substr(start);
  file.has_dotfile |= name[0] == '.';
  return name != "." && name != ".." && path.size() <= kFilePathBytes;
}

}  // namespace

std::optional<FilePath> decode_request_path(std::string_view raw) {
  FilePath file;
  file.wants_directory = raw.empty() || raw.back() == '/';
  file.path.reserve(std::min(raw.size(), kFilePathBytes));
  while (!raw.empty()) {
    const std::size_t slash = std::min(raw.find('/'), raw.size());
    if (slash > 0 && !append_segment(raw.substr(0, slash), file)) return std::nullopt;
    raw.remove_prefix(std::min(slash + 1, raw.size()));
  }
  return file;
}

}  // namespace millrace
