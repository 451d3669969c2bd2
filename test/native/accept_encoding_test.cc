// accept_encoding_test.cc: what a client accepts, and what it is sent, as tables.
#include "files/accept_encoding.h"

#include <string>

#include "native/check.h"

namespace millrace {
namespace {

constexpr CodingSet kAll = coding_bit(ContentCoding::gzip) | coding_bit(ContentCoding::br) |
                           coding_bit(ContentCoding::zstd) | coding_bit(ContentCoding::identity);
constexpr CodingSet kGzip = coding_bit(ContentCoding::gzip);
constexpr CodingSet kBr = coding_bit(ContentCoding::br);
constexpr CodingSet kZstd = coding_bit(ContentCoding::zstd);

std::string shown(const CodingPreferences& preferences) {
  std::string text;
  for (const std::uint16_t quality : preferences.qualities) text += std::to_string(quality) + ' ';
  text.pop_back();
  return text;
}

/// Qualities of identity, gzip, br and zstd.
std::string qualities(std::string_view value) { return shown(parse_accept_encoding(value, true)); }

const char* chosen(std::string_view value, CodingSet available) {
  static constexpr const char* kNames[] = {"identity", "gzip", "br", "zstd"};
  const ContentCoding coding = choose_coding(parse_accept_encoding(value, true), available);
  return kNames[static_cast<std::size_t>(coding)];
}

struct Row {
  const char* value;
  const char* expected;
};

template <std::size_t count>
void check_qualities(const Row (&rows)[count]) {
  for (const Row& row : rows) {
    SCOPE(row.value);
    EXPECT_EQ(qualities(row.value), row.expected);
  }
}

TEST("without the field, or with an empty one, only identity is sent (RFC 9110 §12.5.3)") {
  EXPECT_EQ(shown(parse_accept_encoding("", false)), "1 0 0 0");
  EXPECT_EQ(shown(parse_accept_encoding("gzip", false)), "1 0 0 0");
  check_qualities({{"", "1 0 0 0"}, {" ", "1 0 0 0"}, {",", "1 0 0 0"}});
  EXPECT_EQ(choose_coding(parse_accept_encoding("", false), kAll), ContentCoding::identity);
  EXPECT_EQ(chosen("", kAll), "identity");
}

TEST("reads the examples of RFC 9110 §12.5.3") {
  check_qualities({{"compress, gzip", "1 1000 0 0"},
                   {"*", "1000 1000 1000 1000"},
                   {"compress;q=0.5, gzip;q=1.0", "1 1000 0 0"},
                   {"gzip;q=1.0, identity; q=0.5, *;q=0", "500 1000 0 0"}});
}

TEST("names have no case, x-gzip is gzip (RFC 9110 §8.4.1.3), and others are none of ours") {
  check_qualities({{"GZip, BR, zStd", "1 1000 1000 1000"},
                   {"x-gzip", "1 1000 0 0"},
                   {"X-GZIP;q=0.3", "1 300 0 0"},
                   {"Identity;q=0", "0 0 0 0"},
                   {"deflate, compress, dcb, gzipx, xgzip, b r", "1 0 0 0"}});
}

TEST("weights are 0 to 1 with three digits at most (RFC 9110 §12.4.2), and white space around ;") {
  check_qualities({{"gzip;q=0", "1 0 0 0"},
                   {"gzip;q=1", "1 1000 0 0"},
                   {"gzip;q=0.", "1 0 0 0"},
                   {"gzip;q=1.", "1 1000 0 0"},
                   {"gzip;q=0.5", "1 500 0 0"},
                   {"gzip;q=0.05", "1 50 0 0"},
                   {"gzip;q=0.005", "1 5 0 0"},
                   {"gzip;q=0.999", "1 999 0 0"},
                   {"gzip;q=0.000", "1 0 0 0"},
                   {"gzip;q=1.000", "1 1000 0 0"},
                   {"gzip;Q=0.5", "1 500 0 0"},
                   {"gzip ; q=0.5 ", "1 500 0 0"},
                   {"gzip\t;\tq=0.5", "1 500 0 0"},
                   {"br;q=0.1,zstd;q=0.2", "1 0 100 200"}});
}

TEST("an element that breaks the grammar is ignored, and only that one") {
  for (const char* bad :
       {"br;q=2",     "br;q=1.1",  "br;q=1.001", "br;q=0.1234", "br;q=1.0000", "br;q=-1", "br;q=+1",
        "br;q=.5",    "br;q=",     "br;q",       "br;",         "br;=1",       "br;q =1", "br;q= 1",
        "br;q=0,5",   "br;q=0x1",  "br;q=1e0",   "br;q=\"1\"",  "br;x=1",      "br;x",    "br;q=1;x=1",
        "br;q=1;q=1", "br;;q=1",   "br q=1",     "br q",        ";q=1",        ";",       "=",
        "br;q=0.5 0", "br;q=00",   "br;q=01",    "br;q=1:0",    "\"br\"",      "br=1",    "br;qq=1",
        "br;q=0.5.",  "br;q=0..5", "br;q=0.a"}) {
    SCOPE(bad);
    EXPECT_EQ(qualities(bad), "1 0 0 0");
    EXPECT_EQ(qualities(std::string(bad) + ", gzip"), "1 1000 0 0");
    EXPECT_EQ(qualities(std::string("zstd;q=0.5 ,") + bad), "1 0 0 500");
  }
  EXPECT_EQ(qualities(std::string_view("br\0", 3)), "1 0 0 0");
}

TEST("* is every coding that is not named, before it or after (RFC 9110 §12.5.3)") {
  check_qualities({{"*;q=0.5", "500 500 500 500"},
                   {"*;q=0.5, br", "500 500 1000 500"},
                   {"br, *;q=0.5", "500 500 1000 500"},
                   {"*;q=0", "0 0 0 0"},
                   {"gzip, *;q=0", "0 1000 0 0"},
                   {"*;q=0, identity", "1000 0 0 0"},
                   {"identity;q=0, *", "0 1000 1000 1000"},
                   {"gzip;q=0, *", "1000 0 1000 1000"},
                   {"*;q=7", "1 0 0 0"}});
}

TEST("of two elements for one coding the last counts") {
  check_qualities({{"gzip, gzip;q=0", "1 0 0 0"},
                   {"gzip;q=0, x-gzip", "1 1000 0 0"},
                   {"*;q=0, *;q=0.1", "100 100 100 100"},
                   {"gzip, gzip;q=7", "1 1000 0 0"}});
}

TEST("chooses the best coding that is available, br before zstd before gzip before identity") {
  struct Choice {
    const char* value;
    CodingSet available;
    const char* expected;
  };
  static constexpr Choice kChoices[] = {
      {"gzip, deflate, br, zstd", kAll, "br"},
      {"zstd, br, gzip", kAll, "br"},
      {"gzip, zstd", kAll, "zstd"},
      {"gzip", kAll, "gzip"},
      {"*", kAll, "br"},
      {"*", kGzip | kZstd, "zstd"},
      {"*", kGzip, "gzip"},
      {"gzip, br", kGzip, "gzip"},
      {"gzip, br", kZstd, "identity"},
      {"gzip, br", 0, "identity"},
      {"br;q=0.5, gzip;q=0.6", kAll, "gzip"},
      {"br;q=0.5, gzip;q=0.6", kBr, "br"},
      {"br;q=0.5, zstd;q=0.5, gzip;q=0.5", kAll, "br"},
      {"br;q=0.001", kAll, "br"},
      {"br;q=0", kAll, "identity"},
      {"br;q=0.5, identity;q=0.6", kAll, "identity"},
      {"br;q=0.5, identity;q=0.5", kAll, "br"},
      {"br;q=0.5, identity", kAll, "identity"},
      {"identity", kAll, "identity"},
      {"identity;q=0, gzip;q=0.1", kAll, "gzip"},
      {"gzip;q=0.5, *;q=0.1", kAll, "gzip"},
  };
  for (const Choice& choice : kChoices) {
    SCOPE(std::string(choice.value) + " of " + std::to_string(choice.available));
    EXPECT_EQ(chosen(choice.value, choice.available), choice.expected);
  }
}

TEST("sends identity where nothing that is accepted is there, even if it is refused (RFC 9110 §12.5.3)") {
  EXPECT_EQ(chosen("identity;q=0", kAll), "identity");
  EXPECT_EQ(chosen("*;q=0", kAll), "identity");
  EXPECT_EQ(chosen("identity;q=0, br", kGzip), "identity");
  EXPECT_EQ(chosen("deflate, *;q=0", kAll), "identity");
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
