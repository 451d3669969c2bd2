#include "http/compression_rules.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/framing_rules.h"

namespace millrace {

namespace {

constexpr std::string_view kVaryLine = "Vary: Accept-Encoding\r\n";
constexpr std::string_view kEncodingLine = "Content-Encoding: gzip\r\n";

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// `name` in lower case.
[[nodiscard]] bool equals(std::string_view text, std::string_view name) noexcept {
  return text.size() == name.size() &&
         std::equal(text.begin(), text.end(), name.begin(), [](char a, char b) { return lower(a) == b; });
}

/// `part` in lower case.
[[nodiscard]] bool contains(std::string_view text, std::string_view part) noexcept {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

struct Line {
  std::string_view whole;  // with its end
  std::string_view name;
  std::string_view value;
};

/// Lines as lib/ writes them: "Name: value\r\n".
template <class Visit>
void for_each_line(std::string_view fields, Visit&& visit) {
  while (!fields.empty()) {
    const std::size_t end = std::min(fields.find("\r\n"), fields.size() - 2) + 2;
    const std::string_view whole = fields.substr(0, end);
    fields.remove_prefix(end);
    const std::size_t colon = whole.find(": ");
    if (colon == std::string_view::npos) continue;
    visit(Line{whole, whole.substr(0, colon), whole.substr(colon + 2, whole.size() - colon - 4)});
  }
}

[[nodiscard]] std::string_view media_type_of(ContentType type) noexcept {
  switch (type) {
    case ContentType::text:
      return "text/plain";
    case ContentType::html:
      return "text/html";
    case ContentType::json:
      return "application/json";
    case ContentType::none:
      return {};
  }
  return {};
}

[[nodiscard]] bool matches(std::string_view rule, std::string_view type) noexcept {
  // A stream of events is one that stays open: each would hold a window of its own, if nobody asks for it.
  const bool is_wild = rule.ends_with("/*") || rule.starts_with("*+");
  if (is_wild && equals(type, "text/event-stream")) return false;
  if (rule.ends_with("/*"))
    return type.size() > rule.size() - 1 &&
           equals(type.substr(0, rule.size() - 1), rule.substr(0, rule.size() - 1));
  if (rule.starts_with("*+")) {
    const std::string_view suffix = rule.substr(1);
    return type.size() > suffix.size() && equals(type.substr(type.size() - suffix.size()), suffix);
  }
  return equals(type, rule);
}

}  // namespace

bool is_compressible(const ServerConfig::Compression& config, std::string_view media_type) noexcept {
  std::string_view type = media_type.substr(0, media_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return std::any_of(config.types.begin(), config.types.end(),
                     [&](const std::string& rule) { return matches(rule, type); });
}

Compressing may_compress(const ServerConfig::Compression& config, std::uint16_t status,
                         ContentType content_type, std::string_view fields) noexcept {
  // A 205 has no content either, but says so with a length (RFC 9110 §15.3.6); a part of something is a part
  // of what it is without a coding (§14.2).
  if (!config.enabled || !status_allows_content(status) || status == 205 || status == 206)
    return Compressing::never;
  std::string_view media_type = media_type_of(content_type);
  bool refused = false;
  for_each_line(fields, [&](const Line& line) {
    if (equals(line.name, "content-type")) media_type = line.value;
    if (equals(line.name, "content-encoding") || equals(line.name, "content-range")) refused = true;
    // RFC 9111 §5.2.2.6.
    if (equals(line.name, "cache-control") && contains(line.value, "no-transform")) refused = true;
  });
  return !refused && is_compressible(config, media_type) ? Compressing::depends : Compressing::never;
}

std::string with_vary(std::string_view fields) {
  bool there = false;
  for_each_line(fields, [&](const Line& line) {
    if (!equals(line.name, "vary")) return;
    for_each_element(line.value, [&](std::string_view name) {
      if (name == "*" || equals(name, "accept-encoding")) there = true;
    });
  });
  std::string result(fields);
  if (!there) result += kVaryLine;
  return result;
}

std::optional<std::uint64_t> declared_length(std::string_view fields) noexcept {
  std::optional<std::uint64_t> length;
  for_each_line(fields, [&](const Line& line) {
    if (!equals(line.name, "content-length")) return;
    std::uint64_t value = 0;
    std::from_chars(line.value.data(), line.value.data() + line.value.size(), value);
    length = value;
  });
  return length;
}

std::string with_weak_etag(std::string_view fields) {
  std::string result;
  result.reserve(fields.size() + 2);
  for_each_line(fields, [&](const Line& line) {
    if (equals(line.name, "etag") && line.value.starts_with('"')) {
      result.append(line.name).append(": W/").append(line.value).append("\r\n");
    } else {
      result += line.whole;
    }
  });
  return result;
}

std::string compressed_fields(std::string_view fields) {
  std::string result;
  result.reserve(fields.size() + kEncodingLine.size());
  for_each_line(fields, [&](const Line& line) {
    if (!equals(line.name, "content-length")) result += line.whole;
  });
  result += kEncodingLine;
  return with_vary(with_weak_etag(result));
}

}  // namespace millrace
