#include "base/owned_bytes.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "native/check.h"
#include "native/scale.h"

namespace millrace {
namespace {

OwnedBytes bytes_of(std::string_view text) {
  OwnedBytes bytes;
  EXPECT_TRUE(bytes.append(text));
  return bytes;
}

TEST("is empty and owns nothing in the beginning") {
  const OwnedBytes bytes;
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.size(), 0u);
  EXPECT_EQ(bytes.capacity(), 0u);
  EXPECT_EQ(bytes.view(), "");
}

TEST("appends") {
  OwnedBytes bytes = bytes_of("one");
  EXPECT_TRUE(bytes.append(" two"));
  EXPECT_TRUE(bytes.append(""));
  EXPECT_TRUE(bytes.append({}));
  EXPECT_EQ(bytes.view(), "one two");
  EXPECT_FALSE(bytes.empty());
}

TEST("many small pieces cost few allocations") {
  OwnedBytes bytes;
  std::string expected;
  int grown = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t before = bytes.capacity();
    const char c = static_cast<char>('a' + i % 26);
    if (!EXPECT_TRUE(bytes.append({&c, 1}))) return;
    expected += c;
    if (bytes.capacity() != before) ++grown;
  }
  EXPECT_EQ(bytes.view(), expected);
  EXPECT_LT(grown, 40);
}

TEST("reserves what is asked for and never gives room away") {
  OwnedBytes bytes = bytes_of("abc");
  EXPECT_TRUE(bytes.reserve(1000));
  EXPECT_EQ(bytes.capacity(), 1000u);
  EXPECT_EQ(bytes.view(), "abc");
  EXPECT_TRUE(bytes.reserve(10));
  EXPECT_EQ(bytes.capacity(), 1000u);
  bytes.data()[3] = 'd';
  bytes.set_size(4);
  EXPECT_EQ(bytes.view(), "abcd");
}

TEST("says no when there is no memory, and keeps what it has") {
  if (check::kSanitized) SKIP("a sanitizer ends the process where malloc says no");
  OwnedBytes bytes = bytes_of("abc");
  volatile std::size_t too_much = PTRDIFF_MAX - 4096;  // volatile: or the compiler warns of it
  EXPECT_FALSE(bytes.reserve(too_much));
  EXPECT_EQ(bytes.view(), "abc");
  EXPECT_TRUE(bytes.append("d"));
  EXPECT_EQ(bytes.view(), "abcd");
}

TEST("moves its memory, not its bytes") {
  OwnedBytes a = bytes_of("abc");
  const char* const where = a.data();
  OwnedBytes b = std::move(a);
  EXPECT_EQ(b.view(), "abc");
  EXPECT_TRUE(b.data() == where);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(a.capacity(), 0u);
  OwnedBytes c = bytes_of("old");
  c = std::move(b);
  EXPECT_EQ(c.view(), "abc");
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(b.append("new life"));
  EXPECT_EQ(b.view(), "new life");
}

TEST("survives being moved onto itself") {
  OwnedBytes bytes = bytes_of("abc");
  OwnedBytes& same = bytes;
  bytes = std::move(same);
  EXPECT_EQ(bytes.view(), "abc");
}

TEST("drops bytes from its front") {
  OwnedBytes bytes = bytes_of("abcdef");
  bytes.drop_front(0);
  EXPECT_EQ(bytes.view(), "abcdef");
  bytes.drop_front(2);
  EXPECT_EQ(bytes.view(), "cdef");
  bytes.drop_front(4);
  EXPECT_TRUE(bytes.empty());
  EXPECT_TRUE(bytes.append("g"));
  EXPECT_EQ(bytes.view(), "g");
}

TEST("gives its memory back when cleared") {
  OwnedBytes bytes = bytes_of(std::string(5000, 'x'));
  bytes.clear();
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.capacity(), 0u);
  EXPECT_TRUE(bytes.append("y"));
  EXPECT_EQ(bytes.view(), "y");
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
