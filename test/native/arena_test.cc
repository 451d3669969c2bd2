#include "ring/arena.h"

#include <cstdint>
#include <deque>
#include <random>
#include <string>

#include "native/check.h"

namespace millrace::ring {
namespace {

TEST("hands out pieces one behind the other") {
  Arena arena(64);
  EXPECT_EQ(arena.take(10), 0u);
  EXPECT_EQ(arena.take(6), 10u);
  EXPECT_EQ(arena.take(1), 16u);
}

TEST("is full when all of it is in use, and not before") {
  Arena arena(64);
  EXPECT_TRUE(arena.has_room(64));
  EXPECT_FALSE(arena.has_room(65));
  EXPECT_EQ(arena.take(64), 0u);
  EXPECT_TRUE(arena.has_room(0));
  EXPECT_FALSE(arena.has_room(1));
}

TEST("starts a piece that would cross the end at the beginning") {
  Arena arena(64);
  EXPECT_EQ(arena.take(30), 0u);
  const std::uint32_t first = arena.position();
  EXPECT_EQ(arena.take(20), 30u);
  arena.free_until(first);
  EXPECT_FALSE(arena.has_room(31));  // 14 to the end are too few, 30 at the beginning too
  ASSERT_TRUE(arena.has_room(30));
  EXPECT_EQ(arena.take(30), 0u);
  EXPECT_FALSE(arena.has_room(1));  // the 14 skipped count as used
}

TEST("a piece that just reaches the end does not move") {
  Arena arena(64);
  EXPECT_EQ(arena.take(40), 0u);
  arena.free_until(arena.position());
  EXPECT_EQ(arena.take(24), 40u);
  EXPECT_EQ(arena.take(8), 0u);
}

TEST("what was skipped at the end comes back with the piece that skipped it") {
  Arena arena(64);
  EXPECT_EQ(arena.take(50), 0u);
  arena.free_until(arena.position());
  EXPECT_EQ(arena.take(40), 0u);
  EXPECT_FALSE(arena.has_room(11));
  arena.free_until(arena.position());
  EXPECT_TRUE(arena.has_room(24));
  EXPECT_EQ(arena.take(24), 40u);
}

TEST("rewinds to the beginning when nothing is in use") {
  Arena arena(64);
  EXPECT_EQ(arena.take(10), 0u);
  arena.rewind();
  EXPECT_TRUE(arena.has_room(64));
  EXPECT_EQ(arena.take(64), 0u);
  arena.rewind();  // at the very end, which is the beginning already
  EXPECT_EQ(arena.take(1), 0u);
}

TEST("says no to a piece larger than itself, however its positions stand") {
  for (const std::uint32_t bytes : {64u, 1u << 20, 1u << 29}) {
    SCOPE(std::to_string(bytes) + " bytes");
    Arena arena(bytes);
    EXPECT_FALSE(arena.has_room(bytes + 1));
    EXPECT_EQ(arena.take(bytes / 2), 0u);
    EXPECT_FALSE(arena.has_room(bytes));
    EXPECT_FALSE(arena.has_room(bytes / 2 + 1));
    EXPECT_TRUE(arena.has_room(bytes / 2));
  }
}

// Pieces as bookkeeping would have them that cannot wrap: 64-bit positions.
struct Piece {
  std::uint64_t start;
  std::uint64_t end;
  std::uint32_t position;
};

TEST("positions that wrap at 2^32 make no difference") {
  constexpr std::uint32_t kBytes = 1u << 20;
  Arena arena(kBytes);
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same pieces each time
  std::deque<Piece> pieces;
  std::uint64_t head = 0;
  std::uint64_t refused = 0;
  // Nearly 2^33 bytes pass through, so the positions wrap once at least.
  for (int i = 0; i < 150'000; ++i) {
    const std::uint32_t length = random() % (kBytes / 4);
    const std::uint64_t to_end = kBytes - head % kBytes;
    const std::uint64_t start = length <= to_end ? head : head + to_end;
    const std::uint64_t tail = pieces.empty() ? head : pieces.front().start;
    const bool room = start + length - tail <= kBytes;
    if (!EXPECT_EQ(arena.has_room(length), room)) return;
    if (!room) {
      ++refused;
      arena.free_until(pieces.front().position);
      // What the front piece skipped is free with it, so the tail is where it ended.
      const std::uint64_t end = pieces.front().end;
      pieces.pop_front();
      if (!pieces.empty()) pieces.front().start = end;
      if (pieces.empty()) {
        arena.rewind();
        head = (end + kBytes - 1) / kBytes * kBytes;
      }
      continue;
    }
    if (!EXPECT_EQ(arena.take(length), start % kBytes)) return;
    head = start + length;
    pieces.push_back({pieces.empty() ? tail : start, head, arena.position()});
  }
  EXPECT_LT(std::uint64_t{1} << 32, head);
  EXPECT_LT(0u, refused);
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
