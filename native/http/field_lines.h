// field_lines.h: reads header fields as they are written into an answer: "Name: value\r\n", one line after
// the other. Any thread, no state.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "http/field_rules.h"

namespace millrace {

struct WrittenLine {
  std::string_view whole;  // with its end
  std::string_view name;
  std::string_view value;
};

template <class Visit>
void for_each_line(std::string_view fields, Visit&& visit) {
  while (!fields.empty()) {
    const std::size_t end = std::min(fields.find("\r\n"), fields.size() - 2) + 2;
    const std::string_view whole = fields.substr(0, end);
    fields.remove_prefix(end);
    const std::size_t colon = whole.find(": ");
    if (colon == std::string_view::npos) continue;
    visit(WrittenLine{whole, whole.substr(0, colon), whole.substr(colon + 2, whole.size() - colon - 4)});
  }
}

/// Of the first line with this name, which is in lower case.
[[nodiscard]] inline std::optional<std::string_view> value_of_line(std::string_view fields,
                                                                   std::string_view name) noexcept {
  std::optional<std::string_view> value;
  for_each_line(fields, [&](const WrittenLine& line) {
    if (!value && equals_ignoring_case(line.name, name)) value = line.value;
  });
  return value;
}

}  // namespace millrace
