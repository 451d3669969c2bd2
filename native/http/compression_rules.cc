#include "http/compression_rules.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/field_lines.h"
#include "http/framing_rules.h"

namespace millrace {

namespace {

constexpr std::string_view kVaryLine = "Vary: Accept-Encoding\r\n";
constexpr std::string_view kEncodingLine = "Content-Encoding: gzip\r\n";

/// `part` in lower case.
[[nodiscard]] bool contains(std::string_view text, std::string_view part) noexcept {
  for (; text.size() >= part.size(); text.remove_prefix(1)) {
    if (equals_ignoring_case(text.substr(0, part.size()), part)) return true;
  }
  return false;
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
  if (is_wild && equals_ignoring_case(type, "text/event-stream")) return false;
  if (rule.ends_with("/*"))
    return type.size() > rule.size() - 1 &&
           equals_ignoring_case(type.substr(0, rule.size() - 1), rule.substr(0, rule.size() - 1));
  if (rule.starts_with("*+")) {
    const std::string_view suffix = rule.substr(1);
    return type.size() > suffix.size() &&
           equals_ignoring_case(type.substr(type.size() - suffix.size()), suffix);
  }
  return equals_ignoring_case(type, rule);
}

}  // namespace

bool have_digest(std::string_view fields) noexcept {
  const auto is_digest = [](std::string_view name) {
    return equals_ignoring_case(name, "content-digest") || equals_ignoring_case(name, "repr-digest") ||
           equals_ignoring_case(name, "digest") || equals_ignoring_case(name, "content-md5");
  };
  bool found = false;
  for_each_line(fields, [&](const WrittenLine& line) {
    found = found || is_digest(line.name);
    if (!equals_ignoring_case(line.name, "trailer")) return;
    for_each_element(line.value, [&](std::string_view name) { found = found || is_digest(name); });
  });
  return found;
}

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
  const bool is_not_modified = status == 304;
  const bool has_whole_content = status_allows_content(status) && status != 205 && status != 206;
  if (!config.enabled || (!has_whole_content && !is_not_modified)) return Compressing::never;
  std::string_view media_type = media_type_of(content_type);
  bool refused = have_digest(fields);
  for_each_line(fields, [&](const WrittenLine& line) {
    if (equals_ignoring_case(line.name, "content-type")) media_type = line.value;
    if (equals_ignoring_case(line.name, "content-encoding") ||
        equals_ignoring_case(line.name, "content-range"))
      refused = true;
    // RFC 9111 §5.2.2.6.
    if (equals_ignoring_case(line.name, "cache-control") && contains(line.value, "no-transform"))
      refused = true;
  });
  // Of a 304 without a type nobody knows what the 200 was: most of those that are not compressed would be
  // kept apart for nothing, and caches go on with the Vary that they have (RFC 9111 §3.2).
  if (refused || !is_compressible(config, media_type)) return Compressing::never;
  return is_not_modified ? Compressing::spared : Compressing::depends;
}

std::string with_vary(std::string_view fields) {
  bool there = false;
  for_each_line(fields, [&](const WrittenLine& line) {
    if (!equals_ignoring_case(line.name, "vary")) return;
    for_each_element(line.value, [&](std::string_view name) {
      if (name == "*" || equals_ignoring_case(name, "accept-encoding")) there = true;
    });
  });
  std::string result(fields);
  if (!there) result += kVaryLine;
  return result;
}

std::optional<std::uint64_t> declared_length(std::string_view fields) noexcept {
  const auto text = value_of_line(fields, "content-length");
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

std::string with_weak_etag(std::string_view fields) {
  std::string result;
  result.reserve(fields.size() + 2);
  for_each_line(fields, [&](const WrittenLine& line) {
    if (equals_ignoring_case(line.name, "etag") && line.value.starts_with('"')) {
      result.append(line.name).append(": W/").append(line.value).append("\r\n");
    } else {
      result += line.whole;
    }
  });
  return result;
}

std::string not_modified_fields(std::string_view fields) {
  std::string result;
  result.reserve(fields.size());
  for_each_line(fields, [&](const WrittenLine& line) {
    if (!equals_ignoring_case(line.name, "content-length")) result += line.whole;
  });
  return with_vary(with_weak_etag(result));
}

std::string compressed_fields(std::string_view fields) {
  return not_modified_fields(fields).append(kEncodingLine);
}

}  // namespace millrace
