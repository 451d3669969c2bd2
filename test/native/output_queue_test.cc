#include "net/output_queue.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "native/check.h"
#include "native/file_of.h"

namespace millrace {
namespace {

OwnedBytes block_of(std::string_view text) {
  OwnedBytes block;
  EXPECT_TRUE(block.append(text));
  return block;
}

/// What a socket that takes at most `most` bytes and `room` pieces would get.
std::string take(OutputQueue& queue, std::size_t most, std::size_t room = kPiecesPerSend) {
  std::array<iovec, kPiecesPerSend> pieces;
  const std::size_t count = queue.peek(pieces.data(), room);
  std::string taken;
  for (std::size_t i = 0; i < count && taken.size() < most; ++i) {
    taken.append(static_cast<const char*>(pieces[i].iov_base),
                 std::min(pieces[i].iov_len, most - taken.size()));
  }
  queue.consume(taken.size());
  return taken;
}

TEST("gives back what was put in, oldest first") {
  BufferBudget budget(1 << 20);
  OutputQueue queue(budget);
  EXPECT_TRUE(queue.append("one "));
  queue.append(block_of("two "), 0);
  EXPECT_TRUE(queue.append("three"));
  EXPECT_EQ(queue.bytes(), 13u);
  EXPECT_EQ(take(queue, 6), "one tw");
  EXPECT_EQ(queue.bytes(), 7u);
  EXPECT_EQ(queue.sent, 6u);
  EXPECT_EQ(take(queue, 100), "o three");
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST("takes a block of which the beginning has been sent") {
  BufferBudget budget(1 << 20);
  OutputQueue queue(budget);
  queue.append(block_of("abcdef"), 4);
  EXPECT_EQ(queue.bytes(), 2u);
  EXPECT_TRUE(queue.append("gh"));
  EXPECT_EQ(take(queue, 100), "efgh");
}

TEST("holds nothing for bytes that outlive it, and sends them in their place") {
  BufferBudget budget(1 << 20);
  OutputQueue queue(budget);
  const std::string fixed(100'000, 'f');
  EXPECT_TRUE(queue.append("before "));
  queue.append_static(fixed);
  EXPECT_TRUE(queue.append(" after"));
  EXPECT_EQ(queue.bytes(), 7 + fixed.size() + 6);
  EXPECT_LT(budget.used(), 100u);
  std::array<iovec, kPiecesPerSend> pieces;
  EXPECT_EQ(queue.peek(pieces.data(), pieces.size()), 3u);
  EXPECT_TRUE(pieces[1].iov_base == fixed.data());
  EXPECT_EQ(take(queue, 1000), "before " + fixed.substr(0, 993));
  EXPECT_LT(budget.used(), 100u);
  EXPECT_EQ(take(queue, 1 << 20), fixed.substr(993) + " after");
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST("shows files in their place, without what has been sent of them, and holds nothing for them") {
  BufferBudget budget(1 << 20);
  OutputQueue queue(budget);
  const SharedFd file = check::file_of("0123456789");
  EXPECT_TRUE(queue.append("head"));
  queue.append_file({.file = file, .offset = 2, .bytes = 6});
  queue.append_file({.file = file, .offset = 0, .bytes = 0});
  EXPECT_TRUE(queue.append("tail"));
  EXPECT_EQ(queue.bytes(), 14u);
  EXPECT_EQ(queue.files(), 1u);
  EXPECT_LT(budget.used(), 100u);
  EXPECT_TRUE(queue.front_file() == nullptr);
  EXPECT_EQ(take(queue, 100), "head");  // up to the file
  ASSERT_TRUE(queue.front_file() != nullptr);
  queue.consume(4);
  ASSERT_TRUE(queue.front_file() != nullptr);
  EXPECT_EQ(queue.front_file()->offset, 6u);
  EXPECT_EQ(queue.front_file()->bytes, 2u);
  EXPECT_EQ(file.use_count(), 2);
  EXPECT_EQ(queue.files(), 1u);
  queue.consume(2);
  EXPECT_EQ(file.use_count(), 1);
  EXPECT_EQ(queue.files(), 0u);
  EXPECT_TRUE(queue.front_file() == nullptr);
  EXPECT_EQ(take(queue, 100), "tail");
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST("can be used again when it has been emptied") {
  BufferBudget budget(1 << 20);
  OutputQueue queue(budget);
  for (int i = 0; i < 3; ++i) {
    queue.append(block_of("abcdef"), 3);
    EXPECT_EQ(take(queue, 2), "de");
    EXPECT_TRUE(queue.append("gh"));
    EXPECT_EQ(take(queue, 100), "fgh");
    EXPECT_EQ(take(queue, 100), "");
  }
}

TEST("shows no more pieces than there is room for") {
  BufferBudget budget(1 << 20);
  OutputQueue queue(budget);
  for (const char* text : {"a", "b", "c"}) queue.append(block_of(text), 0);
  std::array<iovec, 2> pieces;
  EXPECT_EQ(queue.peek(pieces.data(), 2), 2u);
  EXPECT_EQ(take(queue, 100, 2), "ab");
  EXPECT_EQ(take(queue, 100, 2), "c");
  EXPECT_EQ(queue.peek(pieces.data(), 2), 0u);
}

TEST("puts small answers together into few pieces, and copies no large one again") {
  BufferBudget budget(1 << 24);
  OutputQueue queue(budget);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(queue.append("HTTP/1.1 200 OK\r\n"));
  std::array<iovec, kPiecesPerSend> pieces;
  EXPECT_LE(queue.peek(pieces.data(), pieces.size()), 2u);
  OwnedBytes large = block_of(std::string(8 * kOutputCopyBytes, 'l'));
  const char* const where = large.data();
  queue.append(std::move(large), 0);
  EXPECT_TRUE(queue.append("small"));
  const std::size_t count = queue.peek(pieces.data(), pieces.size());
  bool found = false;
  for (std::size_t i = 0; i < count; ++i) found = found || pieces[i].iov_base == where;
  EXPECT_TRUE(found);
}

TEST("is charged for what it holds, until it has been sent or the queue goes") {
  BufferBudget budget(1 << 20);
  {
    OutputQueue queue(budget);
    EXPECT_TRUE(queue.append("12345"));
    queue.append(block_of("67890"), 1);
    EXPECT_LE(9u, budget.used());
    EXPECT_EQ(take(queue, 7).size(), 7u);
    EXPECT_LE(2u, budget.used());
    EXPECT_EQ(take(queue, 2).size(), 2u);
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_TRUE(queue.append("left behind"));
    EXPECT_LT(0u, budget.used());
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST("any mixture of appending and sending keeps every byte in its place") {
  BufferBudget budget(1 << 30);
  OutputQueue queue(budget);
  std::mt19937 random(3);         // NOLINT(cert-msc51-cpp): the same run each time
  std::deque<std::string> fixed;  // stay where they are
  std::string expected;
  std::string got;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t length = random() % 8 == 0 ? random() % 70'000 : random() % 300;
    std::string text(length, static_cast<char>('a' + i % 26));
    if (random() % 3 == 0 && length > 0) {
      const std::size_t from = queue.bytes() == 0 ? random() % length : 0;
      queue.append(block_of(text), from);
      expected += text.substr(from);
    } else if (random() % 5 == 0 && length > 0) {
      queue.append_static(fixed.emplace_back(text));
      expected += text;
    } else {
      EXPECT_TRUE(queue.append(text));
      expected += text;
    }
    if (random() % 2 == 0) got += take(queue, random() % 40'000, 1 + random() % 5);
    if (!EXPECT_EQ(queue.bytes(), expected.size() - got.size())) return;
  }
  while (queue.bytes() > 0) got += take(queue, 100'000);
  EXPECT_TRUE(got == expected);
  EXPECT_EQ(queue.sent, expected.size());
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
