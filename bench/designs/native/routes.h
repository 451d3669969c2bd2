// routes.h: what all native designs answer. How a wait is waited is the design's own affair.

#pragma once

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

#include "limits.h"
#include "request.h"
#include "response.h"

namespace designs {

/// An answer, and how long it has to wait before it is given.
struct Outcome {
  Response response;
  std::chrono::milliseconds after{0};
};

/// The number of a query that is `name=NUMBER`, and -1 where it is anything else.
inline long number_in(std::string_view query, std::string_view name) {
  if (!query.starts_with(name)) return -1;
  query.remove_prefix(name.size());
  if (!query.starts_with("=") || query.size() < 2 || query[1] == '-') return -1;
  query.remove_prefix(1);
  long number = -1;
  const auto [end, error] = std::from_chars(query.data(), query.data() + query.size(), number);
  return error == std::errc{} && end == query.data() + query.size() ? number : -1;
}

inline Outcome outcome_of(Request&& request) {
  const bool is_get = request.method == "GET";
  if (is_get && request.path == "/") return {.response = {.body = "Hello, World!"}};
  if (is_get && request.path == "/sleep") {
    const long ms = number_in(request.query, "ms");
    if (ms < 0 || ms > kMaxSleepMs) {
      const std::string most = std::to_string(kMaxSleepMs);
      return {.response = {.status = 400,
                           .body = "ms must be a whole number from 0 to " + most + ": /sleep?ms=100"}};
    }
    return {.response = {.body = "slept " + std::to_string(ms)}, .after = std::chrono::milliseconds(ms)};
  }
  if (request.method == "POST" && request.path == "/echo") {
    return {.response = {.body = std::move(request.body), .type = "application/octet-stream"}};
  }
  return {.response = problem(404)};
}

}  // namespace designs
