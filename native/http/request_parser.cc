#include "http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "http/field_line.h"
#include "http/field_names.h"
#include "http/request_line.h"

namespace millrace {

namespace {

constexpr std::uint64_t kLineEndBytes = 2;  // CRLF

/// The bytes that may be looked at: what has arrived, but nothing beyond the limit. So whatever is found
/// inside is found before the limit is reached, and running out of bytes at the limit is reaching it.
struct Window {
  const char* end;
  bool full;

  Window(const char* data, std::size_t length, std::uint64_t limit) noexcept
      : end(data + std::min<std::uint64_t>(length, limit)), full(length >= limit) {}
};

Slice slice(const char* data, const char* from, const char* to) noexcept {
  return {static_cast<std::uint32_t>(from - data), static_cast<std::uint32_t>(to - from)};
}

}  // namespace

RequestParser::RequestParser(HeadLimits limits, FieldTable& table, ScanPath scan) noexcept
    : limits_(limits), scan_(scan), table_(table) {
  limits_.header_count = std::min(limits_.header_count, FieldTable::kCapacity);
}

void RequestParser::reset() noexcept {
  // Member by member: in one assignment GCC 12 makes a temporary and copies it, 35 ns instead of 26 for a
  // small head.
  state_.head = RequestHead{};
  state_.facts = FieldFacts{};
  state_.line_start = 0;
  state_.fields_start = 0;
  state_.field_count = 0;
  state_.stage = ParserState::Stage::request_line;
  state_.begun = false;
  state_.error = RequestError::none;
}

bool RequestParser::park(UnfinishedHead& into) const noexcept {
  const std::size_t bytes = state_.field_count * sizeof(Field);
  if (!into.fields_.reserve(bytes)) return false;
  if (bytes > 0) std::memcpy(into.fields_.data(), table_.fields.data(), bytes);
  into.fields_.set_size(bytes);
  into.state_ = state_;
  return true;
}

void RequestParser::resume(const UnfinishedHead& from) noexcept {
  if (!from.fields_.empty()) std::memcpy(table_.fields.data(), from.fields_.data(), from.fields_.size());
  state_ = from.state_;
}

ParseStatus RequestParser::fail(RequestError error) noexcept {
  state_.error = error;
  state_.stage = ParserState::Stage::failed;
  return ParseStatus::failed;
}

ParseStatus RequestParser::parse(const char* data, std::size_t length) noexcept {
  switch (state_.stage) {
    case ParserState::Stage::complete:
      return ParseStatus::complete;
    case ParserState::Stage::failed:
      return ParseStatus::failed;
    case ParserState::Stage::request_line: {
      const ParseStatus status = read_request_line(data, length);
      if (state_.stage != ParserState::Stage::fields) return status;
      break;
    }
    case ParserState::Stage::fields:
      break;
  }
  return scan_ == ScanPath::best ? read_fields<BestScan>(data, length)
                                 : read_fields<ScalarScan>(data, length);
}

ParseStatus RequestParser::unfinished(RequestError error, bool window_full,
                                      RequestError limit_error) noexcept {
  if (error != RequestError::none) return fail(error);
  return window_full ? fail(limit_error) : ParseStatus::incomplete;
}

ParseStatus RequestParser::read_request_line(const char* data, std::size_t length) noexcept {
  const char* line = data + state_.line_start;
  const char* const received = data + length;
  while (line != received && (*line == '\r' || *line == '\n')) {
    // Only empty lines come before this one, so its offset says how many.
    if (state_.line_start == kMaxLeadingEmptyLines * kLineEndBytes)
      return fail(RequestError::too_many_empty_lines);
    const LineRead empty = read_line_end(line, received, RequestError::bare_lf);
    if (empty.next == nullptr) return unfinished(empty.error, false, RequestError::none);
    line = empty.next;
    state_.line_start = static_cast<std::uint32_t>(line - data);
  }
  if (line == received) return ParseStatus::incomplete;
  state_.begun = true;

  const Window window(data, length,
                      std::uint64_t{state_.line_start} + limits_.request_line_bytes + kLineEndBytes);
  const LineRead read = millrace::read_request_line(data, line, window.end, state_.head);
  if (read.next == nullptr) return unfinished(read.error, window.full, RequestError::request_line_too_long);
  state_.line_start = static_cast<std::uint32_t>(read.next - data);
  state_.fields_start = state_.line_start;
  state_.stage = ParserState::Stage::fields;
  return ParseStatus::incomplete;
}

template <class Scan>
ParseStatus RequestParser::read_fields(const char* data, std::size_t length) noexcept {
  const Window window(data, length,
                      std::uint64_t{state_.fields_start} + limits_.header_bytes + kLineEndBytes);
  const char* line = data + state_.line_start;
  while (line != window.end && *line != '\r') {
    if (state_.field_count == limits_.header_count) return fail(RequestError::too_many_fields);
    FieldLine found;
    const LineRead read = read_field_line<Scan>(line, window.end, found);
    if (read.next == nullptr) {
      const bool ahead_of_first = read.error == RequestError::folded_field && state_.field_count == 0;
      return unfinished(ahead_of_first ? RequestError::whitespace_before_first_field : read.error,
                        window.full, RequestError::header_too_large);
    }
    const RequestError error = add_field(data, line, found);
    if (error != RequestError::none) return fail(error);
    line = read.next;
    state_.line_start = static_cast<std::uint32_t>(line - data);
  }

  const LineRead read = read_line_end(line, window.end, RequestError::bare_cr);
  if (read.next == nullptr) return unfinished(read.error, window.full, RequestError::header_too_large);
  const RequestError error = state_.facts.conclude(state_.head);
  if (error != RequestError::none) return fail(error);
  state_.head.bytes = static_cast<std::uint32_t>(read.next - data);
  state_.stage = ParserState::Stage::complete;
  return ParseStatus::complete;
}

RequestError RequestParser::add_field(const char* data, const char* line, const FieldLine& found) noexcept {
  const Slice name = slice(data, line, found.name_end);
  const Slice value = slice(data, found.value, found.value_end);
  if (name.length > std::numeric_limits<std::uint16_t>::max()) return RequestError::header_too_large;
  Field& field = table_.fields[state_.field_count++];
  field = {name.offset, static_cast<std::uint16_t>(name.length), static_cast<std::uint16_t>(found.id),
           value.offset, value.length};
  if (found.id == FieldId::unknown) return RequestError::none;
  return state_.facts.note(field, {found.value, value.length}, state_.head, known_host_);
}

}  // namespace millrace
