#include "http/framing_rules.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace millrace {

RequestError read_content_length(std::string_view value, std::uint64_t& length) noexcept {
  if (value.empty() || !std::all_of(value.begin(), value.end(), [](char c) { return is(kDigit, c); })) {
    return RequestError::bad_content_length;
  }
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t sum = 0;
  for (const char c : value) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (sum > (kMax - digit) / 10) return RequestError::content_length_too_large;
    sum = sum * 10 + digit;
  }
  length = sum;
  return RequestError::none;
}

RequestError check_transfer_encoding(std::string_view value) noexcept {
  if (equals_ignoring_case(value, "chunked")) return RequestError::none;
  bool unknown = false;
  bool chunked = false;
  for (;;) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view coding = trim(value.substr(0, comma));
    // Only the name is looked at: a parameter makes `chunked` wrong, and an unknown coding not better known.
    const std::size_t parameters = coding.find(';');
    const std::string_view name = trim(coding.substr(0, parameters));
    const bool is_token =
        !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return is(kTchar, c); });
    if (!is_token || chunked) return RequestError::bad_transfer_encoding;
    if (equals_ignoring_case(name, "chunked")) {
      if (parameters != std::string_view::npos) return RequestError::bad_transfer_encoding;
      chunked = true;
    } else {
      unknown = true;
    }
    if (comma == value.size()) break;
    value.remove_prefix(comma + 1);
  }
  return unknown ? RequestError::unknown_transfer_coding : RequestError::none;
}

}  // namespace millrace
