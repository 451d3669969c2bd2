// field_line.h: reads one field line, of a head or of trailers. Any thread.
#pragma once

#include <cstddef>

#include "http/field_names.h"
#include "http/field_rules.h"
#include "http/line_read.h"

namespace millrace {

struct FieldLine {
  FieldId id;
  const char* name_end;  // the name begins where the line begins
  const char* value;     // without the white space around it
  const char* value_end;
};

/// What a byte that ends a field name without being a colon is. `first`: it stands where the name should
/// begin.
[[nodiscard]] constexpr RequestError name_error(char c, bool first) noexcept {
  if (is_whitespace(c)) return first ? RequestError::folded_field : RequestError::whitespace_before_colon;
  if (c == '\n') return RequestError::bare_lf;
  if (c == '\r') return RequestError::missing_colon;
  return RequestError::bad_field_name;
}

/// Reads the name at `line`, up to its colon.
template <class Scan>
[[nodiscard]] inline LineRead read_field_name(const char* line, const char* end, FieldId& id) noexcept {
  // Most names are known, and being equal to a known one proves every byte of a name right.
  const char* const colon = Scan::find_colon(line, end);
  if (colon != nullptr) {
    id = id_of(line, static_cast<std::size_t>(colon - line));
    if (id != FieldId::unknown) return read_up_to(colon);
  }
  const char* const name_end = skip(kTchar, line, end);
  if (name_end == end) return need_more();
  if (*name_end != ':' || name_end == line) return stop(name_error(*name_end, name_end == line));
  if (colon == nullptr) id = id_of(line, static_cast<std::size_t>(name_end - line));
  return read_up_to(name_end);
}

/// Reads the line at `line`, which is not empty and does not begin with CR (RFC 9112 §5). `Scan` is one of
/// scan.h's.
template <class Scan>
[[nodiscard]] inline LineRead read_field_line(const char* line, const char* end, FieldLine& field) noexcept {
  const LineRead name = read_field_name<Scan>(line, end, field.id);
  if (name.next == nullptr) return name;
  field.name_end = name.next;
  const char* p = name.next;
  do {
    if (++p == end) return need_more();
  } while (is_whitespace(*p));
  field.value = p;
  p = Scan::field_value_end(p, end);
  const LineRead read = read_line_end(p, end, RequestError::bad_field_value);
  while (p != field.value && is_whitespace(p[-1])) --p;
  field.value_end = p;
  return read;
}

}  // namespace millrace
