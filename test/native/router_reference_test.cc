// router_reference_test.cc: the router against its rules written down a second time, in the slowest way.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "http/router.h"
#include "native/check.h"
#include "native/route_answers.h"

namespace millrace {
namespace {

// ---------------------------------------------------

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t at = 1;;) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    segments.emplace_back(path.substr(at, end - at));
    if (end == path.size()) return segments;
    at = end + 1;
  }
}

/// How specific a pattern is, smaller first; empty if it does not match. 'l', 'p' and 'r' happen to be in
/// order.
std::string rank(const std::string& pattern, std::string_view path) {
  if (pattern == "*") return "z";
  if (!path.starts_with('/')) return "";
  const std::vector<std::string> wanted = split(pattern);
  const std::vector<std::string> given = split(path);
  std::string rank;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= given.size()) return "";
    if (wanted[i] == "*") return rank + 'r';
    if (wanted[i].starts_with(':') ? given[i].empty() : wanted[i] != given[i]) return "";
    rank += wanted[i].starts_with(':') ? 'p' : 'l';
  }
  return wanted.size() == given.size() ? rank : "";
}

std::string slow_answer(const std::vector<Route>& routes, std::string_view method, std::string_view path) {
  std::set<std::tuple<std::string, int, std::string>> candidates;  // rank, how well the method fits, route
  std::set<std::string> allow;
  for (const Route& route : routes) {
    const std::string rank_of_route = rank(route.pattern, path);
    if (rank_of_route.empty()) continue;
    allow.insert(route.method);
    if (route.method == "GET") allow.insert("HEAD");
    const int fit = route.method == method                      ? 0
                    : route.method == "GET" && method == "HEAD" ? 1
                    : route.method == "*"                       ? 2
                                                                : 3;
    if (fit < 3) candidates.insert({rank_of_route, fit, route.method + ' ' + route.pattern});
  }
  if (!candidates.empty()) return std::get<2>(*candidates.begin());
  if (allow.empty()) return "404";
  allow.insert("OPTIONS");
  std::string text = method == "OPTIONS" ? "204 " : "405 ";
  for (const std::string& name : allow) text += name + ", ";
  return text.substr(0, text.size() - 2);
}

TEST("agrees with a router that tries every pattern, on random routes and paths") {
  std::mt19937 random(20'240'601);
  const auto one_of = [&random](const std::vector<std::string>& choices) {
    return choices[std::uniform_int_distribution<std::size_t>(0, choices.size() - 1)(random)];
  };
  const std::vector<std::string> methods = {"GET", "POST", "HEAD", "OPTIONS", "*", "BREW"};
  const std::vector<std::string> asked = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW", "WHEN"};
  const std::vector<std::string> literals = {"a", "b", "longer-than-eight-bytes", ""};

  for (int round = 0; round < 400; ++round) {
    std::vector<Route> routes;
    Router router;
    for (int i = 0; i < 12; ++i) {
      std::string pattern;
      do {
        pattern += '/' + (random() % 3 == 0 ? std::string(":p") + std::to_string(i) : one_of(literals));
      } while (random() % 3 != 0);
      if (random() % 5 == 0) pattern += "/*";
      if (random() % 20 == 0) pattern = "*";
      const std::string method = one_of(methods);
      const RouteTarget target{RouteTarget::Kind::handler, static_cast<std::uint32_t>(routes.size())};
      if (router.add(method, pattern, target) == Router::AddError::none) routes.push_back({method, pattern});
    }
    for (int i = 0; i < 60; ++i) {
      std::string path;
      do {
        path += '/' + (random() % 6 == 0 ? std::string("z") : one_of(literals));
      } while (random() % 4 != 0);
      const std::string method = one_of(asked);
      SCOPE(method + ' ' + path);
      EXPECT_EQ(answer(routes, router, method, path), slow_answer(routes, method, path));
    }
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
