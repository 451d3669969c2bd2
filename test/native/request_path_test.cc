// request_path_test.cc: which file a path names, as tables.
#include "files/request_path.h"

#include <linux/limits.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "native/check.h"

namespace millrace {
namespace {

static_assert(kFilePathBytes == PATH_MAX - 1 && kFileNameBytes == NAME_MAX);

/// The path, or "refused".
std::string decoded(std::string_view raw) {
  const auto file = decode_request_path(raw);
  return file ? file->path : "refused";
}

struct Row {
  std::string_view raw;
  std::string_view path;
  bool wants_directory = false;
  bool has_dotfile = false;
};

template <std::size_t count>
void check(const Row (&rows)[count]) {
  for (const Row& row : rows) {
    SCOPE(std::string(row.raw));
    const auto file = decode_request_path(row.raw);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->path, row.path);
    EXPECT_EQ(file->wants_directory, row.wants_directory);
    EXPECT_EQ(file->has_dotfile, row.has_dotfile);
  }
}

TEST("plain paths are what they say, and a slash at the end asks for a directory") {
  check({{"", "", true},
         {"/", "", true},
         {"a", "a"},
         {"a/", "a", true},
         {"img/a.png", "img/a.png"},
         {"a/b/c/", "a/b/c", true},
         {"!$&'()*+,;=:@~[]{}|^`-_", "!$&'()*+,;=:@~[]{}|^`-_"},
         {"a b?#", "a b?#"}});
}

TEST("percent-encoding is decoded once (RFC 3986 §2.1, §2.4)") {
  check({{"a%20b.png", "a b.png"},
         {"%61/%62", "a/b"},
         {"caf%C3%A9", "caf\xc3\xa9"},
         {"caf%c3%a9", "caf\xc3\xa9"},
         {"caf\xc3\xa9", "caf\xc3\xa9"},
         {"%FF%80", "\xff\x80"},
         {"100%25", "100%"},
         {"%2561", "%61"},
         {"%252e%252e/a", "%2e%2e/a"},
         {"%252F", "%2F"},
         {"a%3Fb%23c", "a?b#c"},
         {"%20", " "},
         {"%7E", "~"}});
}

TEST("empty segments are left out") {
  check(
      {{"//", "", true}, {"/a", "a"}, {"a//b", "a/b"}, {"///a///b///", "a/b", true}, {"a/b//", "a/b", true}});
}

TEST("a segment that begins with a dot is told") {
  check({{".env", ".env", false, true},
         {"a/.git/config", "a/.git/config", false, true},
         {".well-known/", ".well-known", true, true},
         {"%2Egit", ".git", false, true},
         {"...", "...", false, true},
         {".../a", ".../a", false, true},
         {"..a", "..a", false, true},
         {".%20", ". ", false, true},
         {"a.", "a."},
         {"a..", "a.."},
         {"a/b.c", "a/b.c"}});
}

TEST("no segment is . or .., however it is written (RFC 3986 §3.3, §5.2.4)") {
  for (const char* raw : {".",           "..",     "./",     "../",  "a/.",
                          "a/..",        "a/./b",  "a/../b", "../a", "./a",
                          "%2e",         "%2E",    "%2e%2e", "%2E.", ".%2e",
                          "a/%2e%2e/b",  "a/.%2E", "//..//", "/..",  "%2e%2e/%2e%2e/etc/passwd",
                          "a/b/../../.."}) {
    SCOPE(raw);
    EXPECT_EQ(decoded(raw), "refused");
  }
}

TEST("an encoded slash and a backslash are no part of a name") {
  for (const char* raw : {"%2F", "%2f", "a%2Fb", "..%2f..", "%2e%2e%2f", "a/%2F/b", "\\", "a\\b", "..\\a",
                          "%5C", "%5c", "a%5Cb", "..%5c.."}) {
    SCOPE(raw);
    EXPECT_EQ(decoded(raw), "refused");
  }
}

TEST("percent-encoding that is none is refused") {
  for (const char* raw : {"%", "%%", "%2", "a%", "a%2", "%zz", "%2z", "%z2", "% 20", "%/20", "%2/0", "a%/",
                          "%u002e", "%+1", "100%", "50%/a", "%%32%65"}) {
    SCOPE(raw);
    EXPECT_EQ(decoded(raw), "refused");
  }
}

TEST("control bytes are refused, as they are and encoded, and no others but / and \\") {
  static constexpr char kHex[] = "0123456789abcdef";
  for (unsigned byte = 0; byte < 256; ++byte) {
    SCOPE(std::to_string(byte));
    const char c = static_cast<char>(byte);
    const bool control = byte < 0x20 || byte == 0x7f;
    const std::string name = std::string("a") + c + 'b';
    const std::string encoded = std::string("a%") + kHex[byte >> 4] + kHex[byte & 15] + 'b';
    EXPECT_EQ(decoded(encoded), control || c == '/' || c == '\\' ? "refused" : name);
    if (c != '%') EXPECT_EQ(decoded(name), control || c == '\\' ? "refused" : name);
  }
  EXPECT_EQ(decoded("a.txt%00.png"), "refused");
}

TEST("names and paths are as long as the kernel takes them") {
  const std::string longest(kFileNameBytes, 'n');
  EXPECT_EQ(decoded(longest), longest);
  EXPECT_EQ(decoded(longest + '/' + longest), longest + '/' + longest);
  EXPECT_EQ(decoded(longest + 'n'), "refused");
  EXPECT_EQ(decoded("a/" + longest + "n/b"), "refused");

  std::string encoded;
  for (std::size_t i = 0; i < kFileNameBytes; ++i) encoded += "%6e";
  EXPECT_EQ(decoded(encoded), longest);
  EXPECT_EQ(decoded(encoded + "%6e"), "refused");

  std::string path;
  while (path.size() + 2 <= kFilePathBytes) path += "a/";
  path += 'a';
  EXPECT_EQ(path.size(), kFilePathBytes);
  EXPECT_EQ(decoded(path), path);
  EXPECT_EQ(decoded(path + '/'), path);
  EXPECT_EQ(decoded(path + 'a'), "refused");
  EXPECT_EQ(decoded(path + "/a"), "refused");
  EXPECT_EQ(decoded(std::string(100'000, '/') + path), path);
}

TEST("nothing behind the path is read, which AddressSanitizer sees") {
  for (const std::string_view raw : {"a%41", "a%4", "a%", "%", "..", ".", "a/"}) {
    const std::vector<char> exact(raw.begin(), raw.end());
    EXPECT_EQ(decoded({exact.data(), exact.size()}), decoded(raw));
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
