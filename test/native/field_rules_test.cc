// field_rules_test.cc: classes of bytes, hosts, lengths and codings, each on its own.
#include "http/field_rules.h"

#include <cctype>
#include <string>
#include <vector>

#include "http/framing_rules.h"
#include "native/check.h"

namespace millrace {

namespace {

std::string members(ByteClass wanted) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    if (is(wanted, static_cast<char>(byte))) all += static_cast<char>(byte);
  }
  return all;
}

const std::string kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string kLower = "abcdefghijklmnopqrstuvwxyz";

TEST("token characters are those of RFC 9110 §5.6.2") {
  EXPECT_EQ(members(kTchar), "!#$%&'*+-.0123456789" + kUpper + "^_`" + kLower + "|~");
}

TEST("value bytes are tab, space, visible and above 127 (RFC 9110 §5.5)") {
  EXPECT_EQ(members(kFieldByte).size(), 1 + 95 + 128u);
  for (const char c : std::string("\0\r\n\x01\x1f\x7f", 6)) EXPECT_FALSE(is(kFieldByte, c));
}

TEST("path and query bytes are visible ASCII without what means something else") {
  EXPECT_EQ(members(kPathByte), "!$&'()*+,-./0123456789:;=@" + kUpper + "[]^_`" + kLower + "{|}~");
  EXPECT_EQ(members(kQueryByte), "!$%&'()*+,-./0123456789:;=?@" + kUpper + "[\\]^_`" + kLower + "{|}~");
}

TEST("hex digits have their values") {
  EXPECT_EQ(members(kHexDigit), "0123456789ABCDEFabcdef");
  const std::string digits = "0123456789abcdef";
  for (unsigned value = 0; value < 16; ++value) {
    EXPECT_EQ(hex_value(digits[value]), value);
    EXPECT_EQ(hex_value(static_cast<char>(std::toupper(digits[value]))), value);
  }
}

TEST("hosts that are valid (RFC 3986 §3.2.2)") {
  for (const char* host : {"a",
                           "a.example",
                           "A-b_c~d",
                           "1.2.3.4",
                           "999.1.1.1",
                           "a.",
                           "-",
                           "!$&'()*+;=",
                           "%20",
                           "a%2Fb",
                           "[::]",
                           "[::1]",
                           "[1::]",
                           "[1:2:3:4:5:6:7:8]",
                           "[1:2:3:4:5:6:7::]",
                           "[::2:3:4:5:6:7:8]",
                           "[1::8]",
                           "[fe80::ABcd]",
                           "[::1.2.3.4]",
                           "[1:2:3:4:5:6:1.2.3.4]",
                           "[64:ff9b::255.255.255.255]",
                           "[v1.x]",
                           "[VF.a:b!]"}) {
    SCOPE(host);
    EXPECT_TRUE(is_host_and_port(host, PortRule::optional));
    EXPECT_TRUE(is_host_and_port(std::string(host) + ":80", PortRule::required));
    EXPECT_TRUE(is_host_and_port(std::string(host) + ":", PortRule::optional));
    EXPECT_FALSE(is_host_and_port(host, PortRule::required));
    EXPECT_FALSE(is_host_and_port(std::string(host) + ":", PortRule::required));
  }
}

TEST("hosts that are not valid (RFC 3986 §3.2.2)") {
  for (const char* host : {"",
                           " ",
                           "a b",
                           "a,b",
                           "a/b",
                           "a?b",
                           "a#b",
                           "a@b",
                           "a\\b",
                           "a\"b",
                           "<a>",
                           "a\x7f",
                           "\xc3\xa9",
                           "%",
                           "%4",
                           "%g0",
                           "%0g",
                           "a%",
                           "[",
                           "]",
                           "[]",
                           "[:]",
                           "[:::]",
                           "[1]",
                           "[1:2:3:4:5:6:7]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "[1:2:3:4:5:6:7:8::]",
                           "[::1::]",
                           "[1:]",
                           "[:1]",
                           "[12345::]",
                           "[g::]",
                           "[::1.2.3]",
                           "[::1.2.3.4.5]",
                           "[::256.1.1.1]",
                           "[::01.1.1.1]",
                           "[::1.2.3.4:5]",
                           "[1:2:3:4:5:6:7:1.2.3.4]",
                           "[::1%25lo]",
                           "[::1] ",
                           "[::1]x",
                           "x[::1]",
                           "[v.x]",
                           "[v1.]",
                           "[v1]",
                           "[vg.x]",
                           "[1.2.3.4]",
                           "::1",
                           "a:b",
                           "a:80:90",
                           ":80",
                           "a:-1",
                           "a: 80",
                           "a:65536",
                           "a:99999999999999999999"}) {
    SCOPE(host);
    EXPECT_FALSE(is_host_and_port(host, PortRule::optional));
  }
  EXPECT_FALSE(is_host_and_port(std::string_view("a\0b", 3), PortRule::optional));
}

TEST("ports reach to 65535 (RFC 3986 §3.2.3)") {
  EXPECT_TRUE(is_host_and_port("a:0", PortRule::required));
  EXPECT_TRUE(is_host_and_port("a:65535", PortRule::required));
  EXPECT_TRUE(is_host_and_port("a:0000065535", PortRule::required));
  EXPECT_FALSE(is_host_and_port("a:65536", PortRule::required));
}

TEST("text is compared without the case of its letters, and only of those") {
  EXPECT_TRUE(equals_ignoring_case("ChUnKeD", "chunked"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("chunke", "chunked"));
  EXPECT_FALSE(equals_ignoring_case("100\rcontinue", "100-continue"));
}

TEST("lists give their elements without white space and empty ones (RFC 9110 §5.6.1)") {
  const std::pair<const char*, std::vector<std::string>> lists[] = {
      {"", {}},        {",", {}},           {" , \t,", {}},
      {"a", {"a"}},    {"a,b", {"a", "b"}}, {" a ,\tb c ", {"a", "b c"}},
      {",,a,", {"a"}},
  };
  for (const auto& [list, expected] : lists) {
    SCOPE(list);
    std::vector<std::string> elements;
    for_each_element(list, [&](std::string_view element) { elements.emplace_back(element); });
    EXPECT_TRUE(elements == expected);
  }
}

TEST("a length is what its digits say, up to 64 bits (RFC 9110 §8.6)") {
  std::uint64_t length = 0;
  EXPECT_EQ(read_content_length("0", length), RequestError::none);
  EXPECT_EQ(length, 0u);
  EXPECT_EQ(read_content_length("18446744073709551615", length), RequestError::none);
  EXPECT_EQ(length, UINT64_MAX);
  EXPECT_EQ(read_content_length(std::string(100, '0') + "7", length), RequestError::none);
  EXPECT_EQ(length, 7u);
  EXPECT_EQ(read_content_length("18446744073709551616", length), RequestError::content_length_too_large);
  EXPECT_EQ(read_content_length("99999999999999999999", length), RequestError::content_length_too_large);
  EXPECT_EQ(read_content_length(std::string(100, '9'), length), RequestError::content_length_too_large);
}

TEST("only the one coding chunked is taken (RFC 9112 §6.1)") {
  EXPECT_EQ(check_transfer_encoding("chunked"), RequestError::none);
  EXPECT_EQ(check_transfer_encoding("CHUNKED"), RequestError::none);
  for (const char* unknown : {"gzip", "gzip, chunked", "gzip;level=9, chunked", "a,b", "x ; y=z"}) {
    SCOPE(unknown);
    EXPECT_EQ(check_transfer_encoding(unknown), RequestError::unknown_transfer_coding);
  }
  for (const char* bad : {"", ",", "chunked,", ",chunked", "chunked, chunked", "chunked, gzip", "chunked;a",
                          "chunked ;a", ";a", "a b", "gzip,,chunked", "gzip;a=\"b,c\", chunked", "(x)"}) {
    SCOPE(bad);
    EXPECT_EQ(check_transfer_encoding(bad), RequestError::bad_transfer_encoding);
  }
}

}  // namespace

}  // namespace millrace

MILLRACE_TEST_MAIN
