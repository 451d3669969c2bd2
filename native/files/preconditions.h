// preconditions.h: decides whether a conditional GET or HEAD for a file goes on (RFC 9110 §13). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// What there is to compare a request with. For a representation that exists: one that does not is a 404
/// before anybody asks for its preconditions (RFC 9110 §13.2.1).
struct Validators {
  std::string_view etag;  // as in the ETag field, `"x"` or `W/"x"`; what is neither matches nothing
  std::optional<std::int64_t> modified = std::nullopt;  // Unix seconds, as in Last-Modified
};

/// Values of the request's fields, several lines of one joined by ", ". A field that is there and empty is
/// not one that is absent.
struct Conditions {
  std::optional<std::string_view> if_match = std::nullopt;
  std::optional<std::string_view> if_unmodified_since = std::nullopt;
  std::optional<std::string_view> if_none_match = std::nullopt;
  std::optional<std::string_view> if_modified_since = std::nullopt;
  std::optional<std::string_view> if_range = std::nullopt;
};

enum class Precondition : std::uint8_t {
  proceed,       // as if nothing had been asked; if_range_holds() says whether Range counts
  not_modified,  // 304
  failed,        // 412
};

/// For GET and HEAD only; in the order of RFC 9110 §13.2.2. A date that is none, or has nothing to be
/// compared with, is ignored (§13.1.3, §13.1.4), an entity tag that is none matches nothing.
[[nodiscard]] Precondition evaluate(const Conditions& conditions, const Validators& validators,
                                    std::int64_t now_unix_seconds) noexcept;

/// Whether a Range field is to be obeyed (RFC 9110 §13.1.5): without If-Range it is. Only a strong validator
/// will do; a date is one as soon as its second is over (§8.8.2.2), and has to be exactly the one that there
/// is.
[[nodiscard]] bool if_range_holds(const Conditions& conditions, const Validators& validators,
                                  std::int64_t now_unix_seconds) noexcept;

}  // namespace millrace
