#include "base/block_cache.h"

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "base/owned_bytes.h"
#include "native/check.h"
#include "native/scale.h"

namespace millrace {
namespace {

constexpr std::size_t kKiB = 1024;

TEST("gives powers of two between 32 KiB and 1 MiB, and beyond them what is asked for") {
  EXPECT_EQ(BlockCache::block_bytes(1), 1u);
  EXPECT_EQ(BlockCache::block_bytes(16 * kKiB), 16 * kKiB);
  EXPECT_EQ(BlockCache::block_bytes(16 * kKiB + 1), 32 * kKiB);
  EXPECT_EQ(BlockCache::block_bytes(32 * kKiB), 32 * kKiB);
  EXPECT_EQ(BlockCache::block_bytes(32 * kKiB + 1), 64 * kKiB);
  EXPECT_EQ(BlockCache::block_bytes(1024 * kKiB), 1024 * kKiB);
  EXPECT_EQ(BlockCache::block_bytes(1024 * kKiB + 1), 1024 * kKiB + 1);
}

TEST("a block that has been given back is the next one of its size") {
  BlockCache cache(1024 * kKiB);
  char* const block = cache.take(60'000);
  ASSERT_TRUE(block != nullptr);
  std::memset(block, 'x', 64 * kKiB);
  cache.give_back(block, 64 * kKiB);
  EXPECT_EQ(cache.kept_bytes(), 64 * kKiB);
  char* const other = cache.take(100'000);
  EXPECT_TRUE(other != block);
  EXPECT_EQ(cache.kept_bytes(), 64 * kKiB);
  char* const again = cache.take(64 * kKiB);
  EXPECT_TRUE(again == block);
  EXPECT_EQ(cache.kept_bytes(), 0u);
  cache.give_back(again, 64 * kKiB);
  cache.give_back(other, 128 * kKiB);
}

TEST("keeps no more than it may, and nothing small or large") {
  BlockCache cache(100 * kKiB);
  std::vector<char*> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back(cache.take(32 * kKiB));
  for (char* block : blocks) cache.give_back(block, 32 * kKiB);
  EXPECT_EQ(cache.kept_bytes(), 96 * kKiB);
  BlockCache roomy(64 * 1024 * kKiB);
  for (const std::size_t bytes : {std::size_t{100}, 2 * kKiB, 1024 * kKiB + 1}) {
    char* const block = roomy.take(bytes);
    ASSERT_TRUE(block != nullptr);
    roomy.give_back(block, bytes);
  }
  EXPECT_EQ(roomy.kept_bytes(), 0u);
  roomy.give_back(roomy.take(4 * kKiB), 4 * kKiB);
  EXPECT_EQ(roomy.kept_bytes(), 4 * kKiB);
}

TEST("threads take each other's blocks, and nobody else has one of them meanwhile") {
  BlockCache cache(1024 * kKiB);
  std::vector<std::thread> threads;
  for (std::uint8_t t = 1; t <= 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < check::scaled(20'000); ++i) {
        const std::size_t bytes = BlockCache::block_bytes((i % 3 + 1) * 32 * kKiB);
        char* const block = cache.take(bytes);
        if (!EXPECT_TRUE(block != nullptr)) return;
        block[0] = block[bytes - 1] = static_cast<char>(t);
        std::this_thread::yield();
        EXPECT_EQ(block[0], static_cast<char>(t));
        EXPECT_EQ(block[bytes - 1], static_cast<char>(t));
        cache.give_back(block, bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(cache.kept_bytes(), 1024 * kKiB + 1);
}

TEST("bytes keep their content when they grow into kept blocks, through them and out of them, and shrink") {
  OwnedBytes bytes;
  std::vector<char> expected;
  const auto same = [&] { return bytes.view() == std::string_view(expected.data(), expected.size()); };
  for (std::size_t size = 0; size < 3 * 1024 * kKiB; size += 7'777) {
    const std::vector<char> piece(7'777, static_cast<char>('a' + size % 26));
    ASSERT_TRUE(bytes.append({piece.data(), piece.size()}));
    expected.insert(expected.end(), piece.begin(), piece.end());
    EXPECT_TRUE(bytes.capacity() >= bytes.size());
  }
  EXPECT_TRUE(same());
  for (const std::size_t size : {2'000 * kKiB, 700 * kKiB, 33 * kKiB, std::size_t{5'000}}) {
    bytes.set_size(size);
    expected.resize(size);
    bytes.shrink();
    EXPECT_EQ(bytes.capacity(), BlockCache::block_bytes(size));
    EXPECT_TRUE(same());
  }
}

}  // namespace
}  // namespace millrace
MILLRACE_TEST_MAIN
