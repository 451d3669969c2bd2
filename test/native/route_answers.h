// route_answers.h: asks a router and writes what it says as a line of text, for the tests of the router.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/router.h"

namespace millrace {

struct Route {
  std::string method;
  std::string pattern;
};

inline Method method_of(std::string_view name) {
  if (name == "GET") return Method::get;
  if (name == "HEAD") return Method::head;
  if (name == "POST") return Method::post;
  if (name == "PUT") return Method::put;
  if (name == "DELETE") return Method::delete_;
  if (name == "CONNECT") return Method::connect;
  if (name == "OPTIONS") return Method::options;
  if (name == "TRACE") return Method::trace;
  if (name == "PATCH") return Method::patch;
  return Method::other;
}

/// "GET /users/:id" for the route that answers, else "404", "405 <allow>" or "204 <allow>".
inline std::string answer(const std::vector<Route>& routes, const Router& router, std::string_view method,
                          std::string_view path) {
  const RouteMatch match = router.match(method_of(method), method, path);
  switch (match.kind) {
    case RouteMatch::Kind::found:
      return routes[match.target.id].method + ' ' + routes[match.target.id].pattern;
    case RouteMatch::Kind::not_found:
      return "404";
    case RouteMatch::Kind::method_not_allowed:
      return "405 " + match.allow;
    case RouteMatch::Kind::options:
      return "204 " + match.allow;
  }
  return "no kind";
}

}  // namespace millrace
