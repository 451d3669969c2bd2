// framing_rules.h: decides what Content-Length, Transfer-Encoding and the other list fields say. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/field_rules.h"
#include "http/request_error.h"

namespace millrace {

/// RFC 9110 §8.6: digits and nothing else; a list of equal numbers is refused too (RFC 9112 §6.3 lets a
/// server).
[[nodiscard]] RequestError read_content_length(std::string_view value, std::uint64_t& length) noexcept;

/// `none` when the value is exactly one `chunked`. Else bad_transfer_encoding for what can frame no request
/// (RFC 9112 §6.3), or unknown_transfer_coding for well-formed codings that this server does not have (§6.1).
[[nodiscard]] RequestError check_transfer_encoding(std::string_view value) noexcept;

/// Calls `visit` with each element of a comma-separated list that is not empty (RFC 9110 §5.6.1).
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

/// Whether such a list has `name`, which is in lower case.
[[nodiscard]] inline bool has_element(std::string_view list, std::string_view name) noexcept {
  bool found = false;
  for_each_element(list,
                   [&](std::string_view element) { found = found || equals_ignoring_case(element, name); });
  return found;
}

}  // namespace millrace
