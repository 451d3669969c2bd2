// range_request_test.cc: what a Range field asks for, as tables.
#include "files/range_request.h"

#include <limits>
#include <string>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

/// "whole", "none", or the ranges as "first+bytes", separated by spaces.
std::string answer(std::string_view value, std::uint64_t length) {
  const RangeOutcome outcome = parse_range(value, length);
  if (outcome.kind != RangeOutcome::Kind::partial) {
    EXPECT_EQ(outcome.count, 0u);
    return outcome.kind == RangeOutcome::Kind::whole ? "whole" : "none";
  }
  std::string text;
  for (const ByteRange& range : outcome.ranges()) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.first) + '+' + std::to_string(range.bytes);
  }
  return text;
}

struct Row {
  const char* value;
  std::uint64_t length;
  const char* expected;
};

template <std::size_t count>
void check(const Row (&rows)[count]) {
  for (const Row& row : rows) {
    SCOPE(std::string(row.value) + " of " + std::to_string(row.length));
    EXPECT_EQ(answer(row.value, row.length), row.expected);
  }
}

TEST("reads the examples of RFC 9110 §14.1.2") {
  check({{"bytes=0-499", 10'000, "0+500"},
         {"bytes=500-999", 10'000, "500+500"},
         {"bytes=-500", 10'000, "9500+500"},
         {"bytes=9500-", 10'000, "9500+500"},
         {"bytes=0-0,-1", 10'000, "0+1 9999+1"},
         {"bytes= 0-999, 4500-5499, -1000", 10'000, "0+1000 4500+1000 9000+1000"},
         {"bytes=500-600,601-999", 10'000, "500+101 601+399"},
         {"bytes=500-700,601-999", 10'000, "500+201 601+399"}});
}

TEST(
    "clips what goes past the end, and takes all where a suffix is longer than there is (RFC 9110 §14.1.2)") {
  check({{"bytes=0-", 10, "0+10"},
         {"bytes=0-9", 10, "0+10"},
         {"bytes=0-10", 10, "0+10"},
         {"bytes=9-9", 10, "9+1"},
         {"bytes=9-", 10, "9+1"},
         {"bytes=5-99", 10, "5+5"},
         {"bytes=-10", 10, "0+10"},
         {"bytes=-11", 10, "0+10"},
         {"bytes=-1", 10, "9+1"},
         {"bytes=-1", 1, "0+1"},
         {"bytes=0-0", 1, "0+1"},
         {"bytes=0000-0003", 10, "0+4"}});
}

TEST("what begins behind the end, or has no bytes, is unsatisfiable (RFC 9110 §14.1.2)") {
  check({{"bytes=10-", 10, "none"},
         {"bytes=10-10", 10, "none"},
         {"bytes=99-100", 10, "none"},
         {"bytes=-0", 10, "none"},
         {"bytes=-000", 10, "none"},
         {"bytes=10-,-0,11-12", 10, "none"},
         {"bytes=0-", 0, "none"},
         {"bytes=0-0", 0, "none"},
         {"bytes=-0", 0, "none"}});
}

TEST("the end of nothing is there, and is nothing: the whole of it (RFC 9110 §14.1.2)") {
  check({{"bytes=-1", 0, "whole"}, {"bytes=-500", 0, "whole"}, {"bytes=0-,-1", 0, "whole"}});
}

TEST("unsatisfiable ranges are left out where others are not (RFC 9110 §14.1.2)") {
  check({{"bytes=10-,0-1", 10, "0+2"}, {"bytes=0-1,-0", 10, "0+2"}, {"bytes=5-6,20-30,0-1", 10, "5+2 0+2"}});
}

TEST("other units and what is no set of ranges is ignored (RFC 9110 §14.2)") {
  check({{"", 10, "whole"},
         {"bytes", 10, "whole"},
         {"bytes=", 10, "whole"},
         {"bytes=,", 10, "whole"},
         {"bytes= , ,", 10, "whole"},
         {"=0-1", 10, "whole"},
         {"lines=0-1", 10, "whole"},
         {"byte=0-1", 10, "whole"},
         {"bytes =0-1", 10, "whole"},
         {" bytes=0-1", 10, "whole"},
         {"bytes:0-1", 10, "whole"},
         {"bytes 0-1/10", 10, "whole"},
         {"bytes=-", 10, "whole"},
         {"bytes=--1", 10, "whole"},
         {"bytes=0", 10, "whole"},
         {"bytes=0-1-2", 10, "whole"},
         {"bytes=5-2", 10, "whole"},
         {"bytes=0-1,5-2", 10, "whole"},
         {"bytes=0-1,x", 10, "whole"},
         {"bytes=x,0-1", 10, "whole"},
         {"bytes=20-30,x", 10, "whole"},
         {"bytes=a-b", 10, "whole"},
         {"bytes=0x0-0x1", 10, "whole"},
         {"bytes=+0-1", 10, "whole"},
         {"bytes=0 - 1", 10, "whole"},
         {"bytes=0- 1", 10, "whole"},
         {"bytes=0 1-2", 10, "whole"},
         {"bytes=0-1;2-3", 10, "whole"},
         {"bytes=*", 10, "whole"},
         {"bytes=*/10", 10, "whole"},
         {"bytes=5-2", 0, "whole"}});
  EXPECT_EQ(answer(std::string_view("bytes=0-1\0", 10), 10), "whole");
}

TEST("the unit has no case (RFC 9110 §14.1), lists have white space and empty elements (§5.6.1)") {
  check({{"Bytes=0-1", 10, "0+2"},
         {"BYTES=0-1", 10, "0+2"},
         {"bytes=0-1 , 3-4", 10, "0+2 3+2"},
         {"bytes=0-1\t,\t3-4", 10, "0+2 3+2"},
         {"bytes=,0-1,,3-4, ,", 10, "0+2 3+2"}});
}

TEST("numbers of any length are read without wrapping") {
  check({{"bytes=0-18446744073709551615", 10, "0+10"},
         {"bytes=0-18446744073709551616", 10, "0+10"},
         {"bytes=18446744073709551616-", 10, "none"},
         {"bytes=18446744073709551616-18446744073709551617", 10, "none"},
         {"bytes=0-99999999999999999999999999999999", 10, "0+10"},
         {"bytes=-99999999999999999999999999999999", 10, "0+10"},
         {"bytes=99999999999999999999999999999999-5", 10, "whole"},
         {"bytes=0-", kHuge, "0+18446744073709551615"},
         {"bytes=-18446744073709551615", kHuge, "0+18446744073709551615"},
         {"bytes=18446744073709551614-", kHuge, "18446744073709551614+1"},
         {"bytes=18446744073709551615-", kHuge, "none"},
         {"bytes=0-,0-", kHuge, "whole"},
         {"bytes=0-9,18446744073709551610-", kHuge, "0+10 18446744073709551610+5"}});
}

TEST("the order is that of the field, also of ranges that touch or overlap (RFC 9110 §15.3.7.2)") {
  check({{"bytes=8-9,0-1", 10, "8+2 0+2"},
         {"bytes=0-1,2-3,4-5,6-7", 10, "0+2 2+2 4+2 6+2"},
         {"bytes=2-5,0-3", 100, "2+4 0+4"},
         {"bytes=0-1,0-1", 100, "0+2 0+2"}});
}

TEST("more than two overlapping ranges get the whole (RFC 9110 §14.2)") {
  check({{"bytes=0-9,5-14,20-29", 100, "0+10 5+10 20+10"},
         {"bytes=0-9,5-14,10-19", 100, "whole"},
         {"bytes=0-9,20-29,9-20", 100, "whole"},
         {"bytes=0-9,5-14,50-59,55-64", 100, "whole"},
         {"bytes=0-1,0-1,0-1", 100, "whole"},
         {"bytes=0-1,10-11,2-3,12-13", 100, "0+2 10+2 2+2 12+2"}});
}

TEST("ranges that are together more than the whole get the whole (RFC 9110 §17.15)") {
  check({{"bytes=0-,0-", 10, "whole"},
         {"bytes=0-5,5-9", 10, "whole"},
         {"bytes=0-4,5-9", 10, "0+5 5+5"},
         {"bytes=0-9,0-0", 10, "whole"},
         {"bytes=0-9,-0", 10, "0+10"}});
}

TEST("there may be as many ranges as kMaxRanges, those that do not exist among them") {
  std::string most = "bytes=";
  std::string expected;
  for (std::size_t i = 0; i < kMaxRanges; ++i) {
    most += std::to_string(i * 10) + '-' + std::to_string(i * 10) + ',';
    expected += (i == 0 ? "" : " ") + std::to_string(i * 10) + "+1";
  }
  EXPECT_EQ(answer(most, 1'000), expected);
  EXPECT_EQ(answer(most + "2000-", 1'000), "whole");
  EXPECT_EQ(answer(most + "999-999", 1'000), "whole");
}

TEST("every part lies within the whole, for all short values") {
  static constexpr std::string_view kBytes = "019-,";
  std::string value;
  for (unsigned number = 0; number < 15'625; ++number) {
    value = "bytes=";
    for (unsigned left = number, i = 0; i < 6; ++i, left /= 5) value += kBytes[left % 5];
    for (const std::uint64_t length : {0, 1, 2, 10, 11}) {
      SCOPE(value + " of " + std::to_string(length));
      const RangeOutcome outcome = parse_range(value, length);
      EXPECT_EQ(outcome.count > 0, outcome.kind == RangeOutcome::Kind::partial);
      std::uint64_t sum = 0;
      for (const ByteRange& range : outcome.ranges()) {
        EXPECT_TRUE(range.bytes > 0 && range.first < length && range.bytes <= length - range.first);
        sum += range.bytes;
      }
      EXPECT_LE(sum, length);
    }
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
