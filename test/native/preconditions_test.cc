// preconditions_test.cc: whether a conditional request goes on, as tables.
#include "files/preconditions.h"

#include <string>
#include <vector>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::int64_t kModified = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t kNow = kModified + 3'600;

constexpr const char* kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kOlder = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kNewer = "Sun, 06 Nov 1994 08:49:38 GMT";

constexpr auto kProceed = Precondition::proceed;
constexpr auto kNotModified = Precondition::not_modified;
constexpr auto kFailed = Precondition::failed;

Precondition evaluated(const Conditions& conditions, std::string_view etag = "\"a\"") {
  return evaluate(conditions, {etag, kModified}, kNow);
}

TEST("without conditions a request goes on") {
  EXPECT_EQ(evaluated({}), kProceed);
  EXPECT_TRUE(if_range_holds({}, {"\"a\"", kModified}, kNow));
  EXPECT_TRUE(if_range_holds({}, {}, kNow));
}

TEST("without a date of the file dates are ignored (RFC 9110 §13.1.3, §13.1.4)") {
  const Validators undated{.etag = "\"a\""};
  EXPECT_EQ(evaluate({.if_modified_since = kNewer}, undated, kNow), kProceed);
  EXPECT_EQ(evaluate({.if_unmodified_since = kOlder}, undated, kNow), kProceed);
  EXPECT_FALSE(if_range_holds({.if_range = kSame}, undated, kNow));
  EXPECT_FALSE(if_range_holds({.if_range = "nonsense"}, undated, kNow));
  EXPECT_TRUE(if_range_holds({.if_range = "\"a\""}, undated, kNow));
}

TEST("tags are compared as RFC 9110 §8.8.3.2 has it: strongly for If-Match, weakly for If-None-Match") {
  struct Row {
    const char* sent;
    const char* current;
    bool strong;
    bool weak;
  };
  static constexpr Row kRows[] = {
      {"W/\"1\"", "W/\"1\"", false, true},
      {"W/\"1\"", "W/\"2\"", false, false},
      {"W/\"1\"", "\"1\"", false, true},
      {"\"1\"", "W/\"1\"", false, true},
      {"\"1\"", "\"1\"", true, true},
      {"\"1\"", "\"2\"", false, false},
      {"\"1\"", "\"11\"", false, false},
      {"\"\"", "\"\"", true, true},
      {"\"W/1\"", "W/\"1\"", false, false},
      {"\"a\"", "\"A\"", false, false},
      {"*", "\"1\"", true, true},
      {"*", "W/\"1\"", true, true},
      {"*", "", true, true},
      {"\"\"", "", false, false},
      {"\"1\"", "1", false, false},
      {"1", "1", false, false},
      {"\"1\"", "\"1\"x", false, false},
      {"\"\xc3\xa9\"", "\"\xc3\xa9\"", true, true},
  };
  for (const Row& row : kRows) {
    SCOPE(std::string(row.sent) + " and " + row.current);
    EXPECT_EQ(evaluated({.if_match = row.sent}, row.current), row.strong ? kProceed : kFailed);
    EXPECT_EQ(evaluated({.if_none_match = row.sent}, row.current), row.weak ? kNotModified : kProceed);
  }
}

TEST("a list matches if one of its tags does, also one with commas (RFC 9110 §8.8.3, §13.1.1)") {
  struct Row {
    const char* list;
    const char* current;
    bool matches;
  };
  static constexpr Row kRows[] = {
      {"\"a\", \"b\"", "\"a\"", true},   {"\"a\", \"b\"", "\"b\"", true},
      {"\"a\",\"b\"", "\"b\"", true},    {"\"a\"\t,\t\"b\"\t", "\"b\"", true},
      {" , ,\"b\",,", "\"b\"", true},    {"\"a\", \"b\"", "\"c\"", false},
      {"\"a,b\"", "\"a,b\"", true},      {"\"x,y\", \"a,b\"", "\"a,b\"", true},
      {"\"a,b\"", "\"a\"", false},       {"\"a,b\"", "\"b\"", false},
      {"\"a,\"b\",c\"", "\"b\"", false}, {"\"a\\\", \"b\"", "\"a\\\"", true},
      {"\"a\\\", \"b\"", "\"b\"", true},
  };
  for (const Row& row : kRows) {
    SCOPE(std::string(row.list) + " and " + row.current);
    EXPECT_EQ(evaluated({.if_match = row.list}, row.current), row.matches ? kProceed : kFailed);
    EXPECT_EQ(evaluated({.if_none_match = row.list}, row.current), row.matches ? kNotModified : kProceed);
  }
}

TEST("what is no tag matches nothing and hides no tag behind it") {
  struct Row {
    const char* list;
    bool matches;
  };
  static constexpr Row kRows[] = {
      {"", false},
      {" ", false},
      {",", false},
      {"a", false},
      {"'a'", false},
      {"\"", false},
      {"\"a", false},
      {"a\"", false},
      {"W/", false},
      {"W/a", false},
      {"w/\"a\"", false},
      {"W/ \"a\"", false},
      {"W\"a\"", false},
      {"\"a\"x", false},
      {"x\"a\"", false},
      {"\"a\"\"a\"", false},
      {"\"a\" \"b\"", false},
      {"\"a\";q=1", false},
      {"**", false},
      {"*, \"b\"", false},
      {"\"b\", *", false},
      {"*, \"a\"", true},
      {"x, \"a\"", true},
      {"\"a\"x, \"a\"", true},
      {"W/, \"a\"", true},
      {"\"a\", \"", true},
      {"\"a\", x", true},
      {"x\"b\",\"a\"", true},
  };
  for (const Row& row : kRows) {
    SCOPE(row.list);
    EXPECT_EQ(evaluated({.if_match = row.list}), row.matches ? kProceed : kFailed);
    EXPECT_EQ(evaluated({.if_none_match = row.list}), row.matches ? kNotModified : kProceed);
  }
}

TEST("dates are compared by the second (RFC 9110 §13.1.3, §13.1.4)") {
  EXPECT_EQ(evaluated({.if_modified_since = kOlder}), kProceed);
  EXPECT_EQ(evaluated({.if_modified_since = kSame}), kNotModified);
  EXPECT_EQ(evaluated({.if_modified_since = kNewer}), kNotModified);
  EXPECT_EQ(evaluated({.if_modified_since = "Sunday, 06-Nov-94 08:49:37 GMT"}), kNotModified);
  EXPECT_EQ(evaluated({.if_modified_since = "Sun Nov  6 08:49:37 1994"}), kNotModified);
  EXPECT_EQ(evaluated({.if_unmodified_since = kOlder}), kFailed);
  EXPECT_EQ(evaluated({.if_unmodified_since = kSame}), kProceed);
  EXPECT_EQ(evaluated({.if_unmodified_since = kNewer}), kProceed);
}

TEST("what is no date, or two of them, is ignored (RFC 9110 §13.1.3, §13.1.4)") {
  const std::string two = std::string(kOlder) + ", " + kOlder;
  for (const std::string& date : {std::string(), std::string("0"), std::string("\"a\""), std::string("*"),
                                  std::string("1994-11-06T08:49:36Z"), two}) {
    SCOPE(date);
    EXPECT_EQ(evaluated({.if_modified_since = date}), kProceed);
    EXPECT_EQ(evaluated({.if_unmodified_since = date}), kProceed);
  }
}

TEST("conditions count in the order of RFC 9110 §13.2.2") {
  struct Row {
    const char* name;
    Conditions conditions;
    Precondition expected;
  };
  const std::vector<Row> rows = {
      {"If-Match before If-Unmodified-Since, true",
       {.if_match = "\"a\"", .if_unmodified_since = kOlder},
       kProceed},
      {"If-Match before If-Unmodified-Since, false",
       {.if_match = "\"b\"", .if_unmodified_since = kNewer},
       kFailed},
      {"an empty If-Match is one", {.if_match = "", .if_unmodified_since = kNewer}, kFailed},
      {"If-None-Match before If-Modified-Since, true",
       {.if_none_match = "\"b\"", .if_modified_since = kNewer},
       kProceed},
      {"If-None-Match before If-Modified-Since, false",
       {.if_none_match = "\"a\"", .if_modified_since = kOlder},
       kNotModified},
      {"an empty If-None-Match is one", {.if_none_match = "", .if_modified_since = kNewer}, kProceed},
      {"If-Match true, If-None-Match false", {.if_match = "*", .if_none_match = "*"}, kNotModified},
      {"If-Match false, If-None-Match false", {.if_match = "\"b\"", .if_none_match = "*"}, kFailed},
      {"If-Unmodified-Since false, If-None-Match false",
       {.if_unmodified_since = kOlder, .if_none_match = "*"},
       kFailed},
      {"If-Unmodified-Since true, If-Modified-Since false",
       {.if_unmodified_since = kSame, .if_modified_since = kSame},
       kNotModified},
      {"If-Match true, If-Modified-Since true", {.if_match = "*", .if_modified_since = kOlder}, kProceed},
      {"If-Range decides nothing here", {.if_range = "\"b\""}, kProceed},
  };
  for (const Row& row : rows) {
    SCOPE(row.name);
    EXPECT_EQ(evaluated(row.conditions), row.expected);
  }
}

TEST("If-Range takes one strong tag or the exact date (RFC 9110 §13.1.5)") {
  struct Row {
    const char* if_range;
    const char* current;
    bool holds;
  };
  static constexpr Row kRows[] = {
      {"\"a\"", "\"a\"", true},
      {"\"a,b\"", "\"a,b\"", true},
      {"\"a\"", "\"b\"", false},
      {"W/\"a\"", "W/\"a\"", false},
      {"\"a\"", "W/\"a\"", false},
      {"W/\"a\"", "\"a\"", false},
      {"\"a\", \"b\"", "\"a\"", false},
      {"\"a\"x", "\"a\"", false},
      {"\"a", "\"a", false},
      {"*", "\"a\"", false},
      {"", "\"a\"", false},
      {"", "", false},
      {"a", "\"a\"", false},
      {kSame, "\"a\"", true},
      {kSame, "", true},
      {"Sunday, 06-Nov-94 08:49:37 GMT", "\"a\"", true},
      {kOlder, "\"a\"", false},
      {kNewer, "\"a\"", false},
      {"Sun, 06 Nov 1994 08:49:37", "\"a\"", false},
  };
  for (const Row& row : kRows) {
    SCOPE(std::string(row.if_range) + " and " + row.current);
    EXPECT_EQ(if_range_holds({.if_range = row.if_range}, {row.current, kModified}, kNow), row.holds);
  }
}

TEST("a date is a strong validator once its second is over (RFC 9110 §8.8.2.2)") {
  const Conditions conditions{.if_range = kSame};
  EXPECT_FALSE(if_range_holds(conditions, {"", kModified}, kModified - 1));
  EXPECT_FALSE(if_range_holds(conditions, {"", kModified}, kModified));
  EXPECT_TRUE(if_range_holds(conditions, {"", kModified}, kModified + 1));
}

TEST("no bytes make either function read behind them or disagree about what a tag is") {
  static constexpr std::string_view kBytes = "\"aW/,* ";
  std::string text;
  for (unsigned number = 0; number < 117'649; ++number) {
    text.clear();
    for (unsigned left = number, i = 0; i < 6; ++i, left /= 7) text += kBytes[left % 7];
    const std::vector<char> exact(text.begin(), text.end());
    const std::string_view value(exact.data(), exact.size());
    SCOPE(text);
    const bool strong = evaluated({.if_match = value}) == kProceed;
    const bool weak = evaluated({.if_none_match = value}) == kNotModified;
    EXPECT_TRUE(weak || !strong);
    const bool range = if_range_holds({.if_range = value}, {"\"a\"", kModified}, kNow);
    EXPECT_TRUE(strong || !range);
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
