// path_params.h: parameters of a route's pattern, found in a request's path. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// lib/pattern.ts reads patterns, and says the same of them to JavaScript.
struct PathParams {
  struct Param {
    std::string name;
    std::uint32_t segment;  // which of the path it takes; 0 is the first
  };
  std::vector<Param> params;
  bool has_wildcard = false;
  bool is_any_path = false;            // the pattern is `*` and nothing else
  std::uint32_t wildcard_segment = 0;  // at which its rest begins
};

/// What the parameter of this name ("*": the wildcard) takes of a path that the pattern matches, as it was
/// sent. A view of null: there is no such parameter.
[[nodiscard]] std::string_view raw_param(const PathParams& params, std::string_view path,
                                         std::string_view name) noexcept;

/// Decoded; what is not valid percent-encoded UTF-8 stays as it was sent, as in JavaScript.
[[nodiscard]] std::string percent_decoded(std::string_view raw);

}  // namespace millrace
