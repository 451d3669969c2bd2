// send_file_test.cc: the message that lib/send-file.ts writes.
#include "http/send_file.h"

#include <string>
#include <string_view>
#include <vector>

#include "native/check.h"

namespace millrace {
namespace {

std::string message_of(const std::vector<std::string>& texts) {
  std::string message;
  for (const std::string& text : texts) message.append(text).push_back('\0');
  return message;
}

const std::vector<std::string> kWhole = {"404",     "/srv",      "a/b.txt", "demrhf", "bzg",
                                         "=text/x", "=\"m\"",    "=u",      "=\"n\"", "=s",
                                         "=r",      "=bytes=0-", "=gzip"};

TEST("everything is read that is there") {
  const auto file = read_send_file(message_of(kWhole));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->status, 404);
  EXPECT_EQ(file->root.directory, "/srv");
  EXPECT_EQ(file->path.path, "a/b.txt");
  EXPECT_TRUE(file->path.has_dotfile);
  EXPECT_FALSE(file->path.wants_directory);
  EXPECT_TRUE(file->root.dotfiles && file->root.etag && file->root.last_modified && file->root.ranges);
  EXPECT_TRUE(file->root.symlinks == SymlinkPolicy::follow);
  EXPECT_FALSE(file->root.redirect);
  ASSERT_EQ(file->root.precompressed.size(), 3U);
  EXPECT_TRUE(file->root.precompressed[0] == ContentCoding::br);
  EXPECT_TRUE(file->root.precompressed[1] == ContentCoding::zstd);
  EXPECT_TRUE(file->root.precompressed[2] == ContentCoding::gzip);
  EXPECT_EQ(file->root.media_type.value_or(""), "text/x");
  const FileWish wish = file->file_wish();
  EXPECT_EQ(wish.conditions.if_match.value_or(""), "\"m\"");
  EXPECT_EQ(wish.conditions.if_unmodified_since.value_or(""), "u");
  EXPECT_EQ(wish.conditions.if_none_match.value_or(""), "\"n\"");
  EXPECT_EQ(wish.conditions.if_modified_since.value_or(""), "s");
  EXPECT_EQ(wish.conditions.if_range.value_or(""), "r");
  EXPECT_EQ(wish.range.value_or(""), "bytes=0-");
  EXPECT_EQ(wish.accept_encoding.value_or(""), "gzip");
  EXPECT_TRUE(wish.may_be_partial);
}

TEST("what is absent is not there, and what is empty is") {
  const auto file = read_send_file(message_of({"200", "/", "", "", "", "", "", "", "", "", "", "", "="}));
  ASSERT_TRUE(file.has_value());
  EXPECT_FALSE(file->root.media_type.has_value());
  EXPECT_TRUE(file->root.symlinks == SymlinkPolicy::beneath);
  EXPECT_FALSE(file->root.etag || file->root.last_modified || file->root.ranges || file->root.dotfiles);
  const FileWish wish = file->file_wish();
  EXPECT_FALSE(wish.range.has_value() || wish.conditions.if_match.has_value());
  EXPECT_TRUE(wish.accept_encoding.has_value());
  EXPECT_EQ(*wish.accept_encoding, "");
}

TEST("what is cut off, or goes on, is no such message") {
  const std::string whole = message_of(kWhole);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    SCOPE(std::to_string(bytes));
    // In a buffer of its own: reading beyond it is seen by AddressSanitizer.
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes));
    EXPECT_FALSE(read_send_file({part.data(), part.size()}).has_value());
  }
  EXPECT_FALSE(read_send_file(whole + "x").has_value());
  EXPECT_FALSE(read_send_file(whole + std::string(1, '\0')).has_value());
  EXPECT_FALSE(read_send_file(std::string(1000, '\xff')).has_value());
  EXPECT_FALSE(read_send_file(std::string(1000, '\0')).has_value());
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
