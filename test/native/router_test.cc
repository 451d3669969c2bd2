// router_test.cc: which route answers, as tables.
#include "http/router.h"

#include <string>
#include <vector>

#include "native/check.h"
#include "native/route_answers.h"

namespace millrace {
namespace {

using AddError = Router::AddError;
using Kind = RouteMatch::Kind;

Router router_of(const std::vector<Route>& routes) {
  Router router;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const RouteTarget target{RouteTarget::Kind::handler, static_cast<std::uint32_t>(i)};
    EXPECT_EQ(router.add(routes[i].method, routes[i].pattern, target), AddError::none);
  }
  return router;
}

struct Ask {
  std::string_view method;
  std::string_view path;
  std::string_view answer;
};

void check(const std::vector<Route>& routes, const std::vector<Ask>& asks) {
  const Router router = router_of(routes);
  for (const Ask& ask : asks) {
    SCOPE(std::string(ask.method) + ' ' + std::string(ask.path));
    EXPECT_EQ(answer(routes, router, ask.method, ask.path), ask.answer);
  }
}

TEST("finds literal routes byte by byte, trailing slashes and case included") {
  check({{"GET", "/"}, {"GET", "/a/b"}, {"GET", "/a/b/"}, {"GET", "/a//b"}, {"GET", "/caf%C3%A9"}},
        {{"GET", "/", "GET /"},
         {"GET", "/a/b", "GET /a/b"},
         {"GET", "/a/b/", "GET /a/b/"},
         {"GET", "/a//b", "GET /a//b"},
         {"GET", "/caf%C3%A9", "GET /caf%C3%A9"},
         {"GET", "/caf%c3%a9", "404"},
         {"GET", "/A/b", "404"},
         {"GET", "/a", "404"},
         {"GET", "/a/", "404"},
         {"GET", "//", "404"},
         {"GET", "", "404"},
         {"GET", "a/b", "404"}});
}

TEST("a parameter is one segment and never an empty one") {
  check({{"GET", "/users/:id"}, {"GET", "/users/:id/posts/:post"}, {"GET", "/:x/end/"}},
        {{"GET", "/users/7", "GET /users/:id"},
         {"GET", "/users/:id", "GET /users/:id"},
         {"GET", "/users/", "404"},
         {"GET", "/users", "404"},
         {"GET", "/users/7/", "404"},
         {"GET", "/users/7/posts/8", "GET /users/:id/posts/:post"},
         {"GET", "/users//posts/8", "404"},
         {"GET", "/users/7/posts/", "404"},
         {"GET", "//end/", "404"},
         {"GET", "/a/end/", "GET /:x/end/"}});
}

TEST("a trailing * takes the rest, which may be empty, but not the prefix without its slash") {
  check({{"GET", "/files/*"}}, {{"GET", "/files/", "GET /files/*"},
                                {"GET", "/files/a", "GET /files/*"},
                                {"GET", "/files/a/b//c/", "GET /files/*"},
                                {"GET", "/files", "404"},
                                {"GET", "/filesystem/", "404"},
                                {"GET", "/", "404"}});
}

TEST("the lone * takes every path, after all others, and /* every path that begins with a slash") {
  check({{"GET", "*"}, {"GET", "/*"}, {"OPTIONS", "*"}}, {{"GET", "/", "GET /*"},
                                                          {"GET", "/a/b", "GET /*"},
                                                          {"OPTIONS", "*", "OPTIONS *"},
                                                          {"OPTIONS", "/a", "OPTIONS *"}});
  check({{"GET", "*"}},
        {{"GET", "/", "GET *"}, {"GET", "/a/b", "GET *"}, {"GET", "", "GET *"}, {"HEAD", "/a", "GET *"}});
}

TEST("literal wins over parameter over *, segment by segment from the left") {
  check(
      {{"GET", "/a/:x"}, {"GET", "/:y/b"}, {"GET", "/a/*"}, {"GET", "/:y/*"}, {"GET", "/a/c"}, {"GET", "*"}},
      {{"GET", "/a/c", "GET /a/c"},
       {"GET", "/a/b", "GET /a/:x"},
       {"GET", "/a/", "GET /a/*"},
       {"GET", "/a/b/c", "GET /a/*"},
       {"GET", "/z/b", "GET /:y/b"},
       {"GET", "/z/c", "GET /:y/*"},
       {"GET", "/z", "GET *"}});
}

TEST("goes back to less specific patterns when a branch ends in nothing") {
  check({{"GET", "/a/b/c/d"}, {"GET", "/a/:x/c/e"}, {"GET", "/:w/b/c/f"}, {"GET", "/a/*"}},
        {{"GET", "/a/b/c/d", "GET /a/b/c/d"},
         {"GET", "/a/b/c/e", "GET /a/:x/c/e"},
         {"GET", "/a/b/c/f", "GET /a/*"},
         {"GET", "/z/b/c/f", "GET /:w/b/c/f"},
         {"GET", "/z/b/c/g", "404"}});
}

TEST("a pattern that lacks the method leaves the request to less specific ones that have it") {
  check({{"POST", "/a"}, {"GET", "/:x"}, {"*", "*"}}, {{"POST", "/a", "POST /a"},
                                                       {"GET", "/a", "GET /:x"},
                                                       {"HEAD", "/a", "GET /:x"},
                                                       {"PUT", "/a", "* *"},
                                                       {"OPTIONS", "/a", "* *"},
                                                       {"OPTIONS", "*", "* *"},
                                                       {"BREW", "/a", "* *"}});
}

TEST("at one pattern the method itself wins over GET for HEAD over all") {
  check({{"*", "/a"}, {"GET", "/a"}, {"*", "/b"}, {"GET", "/b"}, {"HEAD", "/b"}, {"*", "/c"}},
        {{"GET", "/a", "GET /a"},
         {"HEAD", "/a", "GET /a"},
         {"POST", "/a", "* /a"},
         {"HEAD", "/b", "HEAD /b"},
         {"HEAD", "/c", "* /c"},
         {"OPTIONS", "/c", "* /c"},
         {"TRACE", "/c", "* /c"}});
}

TEST(
    "the pattern decides before the method does: HEAD goes to the literal all rather than to GET of a "
    "parameter") {
  check({{"*", "/a"}, {"GET", "/:x"}},
        {{"HEAD", "/a", "* /a"}, {"GET", "/a", "* /a"}, {"HEAD", "/b", "GET /:x"}});
}

TEST("405 and OPTIONS list what all matching patterns accept together") {
  check({{"POST", "/a"},
         {"GET", "/:x"},
         {"DELETE", "/*"},
         {"PUT", "/b"},
         {"PATCH", "*"},
         {"BREW", "/a"},
         {"BREW", "/:y"}},
        {{"PUT", "/a", "405 BREW, DELETE, GET, HEAD, OPTIONS, PATCH, POST"},
         {"OPTIONS", "/a", "204 BREW, DELETE, GET, HEAD, OPTIONS, PATCH, POST"},
         {"POST", "/b", "405 BREW, DELETE, GET, HEAD, OPTIONS, PATCH, PUT"},
         {"GET", "/c/d", "405 DELETE, OPTIONS, PATCH"},
         {"GET", "nowhere", "405 OPTIONS, PATCH"}});
}

TEST("405 lists HEAD only once and only where there is GET or HEAD") {
  check({{"GET", "/a"}, {"HEAD", "/a"}, {"HEAD", "/b"}, {"POST", "/c"}, {"OPTIONS", "/c"}},
        {{"POST", "/a", "405 GET, HEAD, OPTIONS"},
         {"GET", "/b", "405 HEAD, OPTIONS"},
         {"GET", "/c", "405 OPTIONS, POST"}});
}

TEST("an OPTIONS route answers OPTIONS") {
  check({{"GET", "/a"}, {"OPTIONS", "/a"}, {"GET", "/b"}}, {{"OPTIONS", "/a", "OPTIONS /a"},
                                                            {"OPTIONS", "/b", "204 GET, HEAD, OPTIONS"},
                                                            {"OPTIONS", "/c", "404"}});
}

TEST("OPTIONS * asks what the whole server accepts (RFC 9110 §9.3.7)") {
  check({}, {{"OPTIONS", "*", "204 OPTIONS"}, {"OPTIONS", "/", "404"}, {"GET", "*", "404"}});
  check({{"GET", "/a"}, {"DELETE", "/b/:c"}, {"BREW", "/pot"}},
        {{"OPTIONS", "*", "204 BREW, DELETE, GET, HEAD, OPTIONS"}});
  check({{"*", "/a"}, {"TRACE", "/b"}},
        {{"OPTIONS", "*", "204 DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"}});
  check({{"GET", "*"}},
        {{"OPTIONS", "*", "204 GET, HEAD, OPTIONS"}, {"OPTIONS", "/a", "204 GET, HEAD, OPTIONS"}});
}

TEST("methods that have no enumerator are told apart by name, and by case (RFC 9110 §9.1)") {
  check({{"BREW", "/a"}, {"brew", "/a"}, {"get", "/a"}, {"*", "/b"}, {"BREW", "/b"}},
        {{"BREW", "/a", "BREW /a"},
         {"brew", "/a", "brew /a"},
         {"get", "/a", "get /a"},
         {"Brew", "/a", "405 BREW, OPTIONS, brew, get"},
         {"GET", "/a", "405 BREW, OPTIONS, brew, get"},
         {"BREW", "/b", "BREW /b"},
         {"WHEN", "/b", "* /b"}});
}

TEST("refuses the same method on the same pattern, whatever its parameters are called") {
  Router router;
  EXPECT_EQ(router.add("GET", "/a/:id", {}), AddError::none);
  EXPECT_EQ(router.add("GET", "/a/:name", {}), AddError::duplicate);
  EXPECT_EQ(router.add("POST", "/a/:name", {}), AddError::none);
  EXPECT_EQ(router.add("*", "/a/:x", {}), AddError::none);
  EXPECT_EQ(router.add("*", "/a/:y", {}), AddError::duplicate);
  EXPECT_EQ(router.add("BREW", "/a/:x", {}), AddError::none);
  EXPECT_EQ(router.add("BREW", "/a/:y", {}), AddError::duplicate);
  EXPECT_EQ(router.add("GET", "/a/*", {}), AddError::none);
  EXPECT_EQ(router.add("GET", "/a/*", {}), AddError::duplicate);
  EXPECT_EQ(router.add("GET", "*", {}), AddError::none);
  EXPECT_EQ(router.add("GET", "*", {}), AddError::duplicate);
  EXPECT_EQ(router.add("GET", "/a/b", {}), AddError::none);
  EXPECT_EQ(router.add("GET", "/a/b", {}), AddError::duplicate);
  EXPECT_EQ(router.add("GET", "/a/b/", {}), AddError::none);
}

TEST("a refused duplicate leaves the first target in place") {
  Router router;
  EXPECT_EQ(router.add("GET", "/a", {RouteTarget::Kind::reply, 7}), AddError::none);
  EXPECT_EQ(router.add("GET", "/a", {RouteTarget::Kind::handler, 8}), AddError::duplicate);
  const RouteMatch match = router.match(Method::get, "GET", "/a");
  EXPECT_EQ(match.target.kind, RouteTarget::Kind::reply);
  EXPECT_EQ(match.target.id, 7u);
}

TEST("refuses what is no pattern, and no method, and nothing of it stays") {
  Router router;
  for (const std::string_view pattern :
       {"",    "a",     "a/b",  "**",     "*/",    "*a",           "/a*",      "/*a",    "/a/*/b",
        "/*/", "/a/**", "/:",   "/:/a",   "/a/:",  "/:a-b",        "/:a.json", "/:a:b",  "/:a*",
        "/::", "/a b",  "/a?",  "/a?b=c", "/a#b",  "/caf\xc3\xa9", "/a\r",     "/a\x7f", "/\t",
        "/%",  "/%4",   "/%4/", "/%zz",   "/a%4g", "/\\",          "/\"",      "/<a>"}) {
    SCOPE(std::string(pattern));
    EXPECT_EQ(router.add("GET", pattern, {}), AddError::bad_pattern);
  }
  EXPECT_EQ(router.add("GET", std::string_view("/a\0b", 4), {}), AddError::bad_pattern);
  for (const std::string_view method : {"", "G T", "GET ", "G\r\nX", "GET/", "G\xc3\xa9", "(GET)"}) {
    SCOPE(std::string(method));
    EXPECT_EQ(router.add(method, "/a", {}), AddError::bad_method);
  }
  EXPECT_EQ(router.match(Method::get, "GET", "/a").kind, Kind::not_found);
  EXPECT_EQ(router.match(Method::options, "OPTIONS", "*").allow, "OPTIONS");
}

TEST("takes a colon inside a segment as it is") {
  check({{"GET", "/v1/jobs:batch"}, {"GET", "/v1/:job"}},
        {{"GET", "/v1/jobs:batch", "GET /v1/jobs:batch"}, {"GET", "/v1/jobs:other", "GET /v1/:job"}});
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  while (times-- > 0) text += part;
  return text;
}

TEST("patterns have at most kMaxSegments segments, paths as many as they like") {
  const std::string literals = repeated("/a", Router::kMaxSegments);
  const std::string parameters = repeated("/:a", Router::kMaxSegments);
  const std::string rest = repeated("/b", Router::kMaxSegments - 1) + "/*";
  Router router = router_of({{"GET", literals}, {"GET", parameters}, {"GET", rest}});
  EXPECT_EQ(router.add("GET", literals + "/a", {}), AddError::bad_pattern);
  EXPECT_EQ(router.add("GET", literals + "/*", {}), AddError::bad_pattern);
  EXPECT_EQ(router.match(Method::get, "GET", literals).target.id, 0u);
  EXPECT_EQ(router.match(Method::get, "GET", repeated("/c", Router::kMaxSegments)).target.id, 1u);
  EXPECT_EQ(router.match(Method::get, "GET", repeated("/b", 5'000)).target.id, 2u);
  EXPECT_EQ(router.match(Method::get, "GET", repeated("/a", 5'000)).kind, Kind::not_found);
  EXPECT_EQ(router.match(Method::get, "GET", std::string(100'000, '/')).kind, Kind::not_found);
}

TEST("keeps thousands of routes apart") {
  Router router;
  constexpr std::uint32_t kRoutes = 5'000;
  for (std::uint32_t i = 0; i < kRoutes; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(router.add("GET", "/n" + number, {RouteTarget::Kind::handler, 2 * i}), AddError::none);
    EXPECT_EQ(router.add("GET", "/n" + number + "/:x/" + number, {RouteTarget::Kind::handler, 2 * i + 1}),
              AddError::none);
  }
  for (std::uint32_t i = 0; i < kRoutes; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(router.match(Method::get, "GET", "/n" + number).target.id, 2 * i);
    EXPECT_EQ(router.match(Method::get, "GET", "/n" + number + "/y/" + number).target.id, 2 * i + 1);
    EXPECT_EQ(router.match(Method::get, "GET", "/n" + number + "/y/" + number + "z").kind, Kind::not_found);
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
