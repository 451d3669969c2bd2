#include "base/byte_blocks.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::size_t kBlock = ByteBlocks::kBlockBytes;
constexpr std::size_t kSizes[] = {0,          1,          kBlock - 1,     kBlock,        kBlock + 1,
                                  2 * kBlock, 3 * kBlock, 3 * kBlock - 1, 3 * kBlock + 1};

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size; ++at) text[at] = static_cast<char>(at * 31 + at / 251);
  return text;
}

std::string moved(ByteBlocks& blocks) {
  std::string text(blocks.size(), '\0');
  blocks.move_to(text.data());
  EXPECT_TRUE(blocks.empty());
  EXPECT_EQ(blocks.capacity(), 0u);
  return text;
}

TEST("is empty and owns nothing in the beginning") {
  const ByteBlocks blocks;
  EXPECT_TRUE(blocks.empty());
  EXPECT_TRUE(blocks.is_one_block());
  EXPECT_EQ(blocks.capacity(), 0u);
}

TEST("gives back what was appended, in pieces of any size") {
  for (const std::size_t size : kSizes) {
    const std::string text = text_of(size);
    for (const std::size_t piece : {std::size_t{1'000}, std::size_t{65'536}, kBlock, 3 * kBlock}) {
      ByteBlocks blocks;
      for (std::string_view left = text; !left.empty(); left.remove_prefix(std::min(piece, left.size()))) {
        if (!EXPECT_TRUE(blocks.append(left.substr(0, piece)))) return;
      }
      EXPECT_EQ(blocks.size(), size);
      EXPECT_EQ(blocks.is_one_block(), size <= kBlock);
      EXPECT_TRUE(moved(blocks) == text);
    }
  }
}

TEST("gives back what was written into its blocks, and has room for no more than was announced") {
  for (const std::size_t size : kSizes) {
    const std::string text = text_of(size);
    ByteBlocks blocks;
    for (std::string_view left = text; !left.empty();) {
      OwnedBytes* const block = blocks.block_with_room(left.size());
      if (!EXPECT_TRUE(block != nullptr)) return;
      const std::size_t room =
          std::min({block->capacity() - block->size(), left.size(), std::size_t{50'000}});
      if (!EXPECT_TRUE(block->append(left.substr(0, room)))) return;
      left.remove_prefix(room);
      EXPECT_LT(blocks.capacity(), 2 * size + 64 * 1024);
    }
    EXPECT_TRUE(moved(blocks) == text);
  }
}

TEST(
    "is one block up to the largest that is kept, if that is asked for, and is said to hold no more than a "
    "usual block beyond what came") {
  constexpr std::size_t kLargest = BlockCache::kLargestBytes;
  for (const std::size_t size :
       {kBlock / 2, kBlock, kBlock + 1, 3 * kBlock - 1, kLargest - 1, kLargest, kLargest + 1, 2 * kLargest}) {
    const std::string text = text_of(size);
    ByteBlocks blocks;
    for (std::string_view left = text; !left.empty();) {
      OwnedBytes* const block = blocks.one_block_with_room(left.size());
      if (!EXPECT_TRUE(block != nullptr)) return;
      const std::size_t room =
          std::min({block->capacity() - block->size(), left.size(), std::size_t{50'000}});
      if (!EXPECT_TRUE(block->append(left.substr(0, room)))) return;
      left.remove_prefix(room);
      EXPECT_LT(blocks.bytes_held(), blocks.size() + kBlock + 1);
      EXPECT_TRUE(blocks.bytes_held() >= blocks.size());
    }
    EXPECT_EQ(blocks.size(), size);
    EXPECT_EQ(blocks.is_one_block(), size <= kLargest);
    EXPECT_TRUE(moved(blocks) == text);
  }
}

TEST("what is appended behind one large block goes into its room, and then into blocks of the usual size") {
  const std::string text = text_of(4 * kBlock + 100);
  ByteBlocks blocks;
  EXPECT_TRUE(blocks.append(std::string_view(text).substr(0, kBlock)));
  if (!EXPECT_TRUE(blocks.one_block_with_room(kBlock) != nullptr)) return;
  EXPECT_EQ(blocks.capacity(), 2 * kBlock);
  EXPECT_TRUE(blocks.append(std::string_view(text).substr(kBlock, kBlock)));
  EXPECT_TRUE(blocks.is_one_block());
  EXPECT_TRUE(blocks.append(std::string_view(text).substr(2 * kBlock)));
  EXPECT_EQ(blocks.size(), text.size());
  EXPECT_TRUE(moved(blocks) == text);
}

TEST("what comes first moves once into the one block, which then is large enough") {
  ByteBlocks blocks;
  EXPECT_TRUE(blocks.append(text_of(1000)));
  const OwnedBytes* const block = blocks.one_block_with_room(4 * kBlock - 1000);
  if (!EXPECT_TRUE(block != nullptr)) return;
  const char* const bytes = block->data();
  EXPECT_EQ(blocks.capacity(), 4 * kBlock);
  EXPECT_EQ(blocks.bytes_held(), 1000 + kBlock);
  EXPECT_TRUE(blocks.append(text_of(4 * kBlock - 1000)));
  EXPECT_TRUE(blocks.last().data() == bytes);
  EXPECT_EQ(blocks.bytes_held(), 4 * kBlock);
}

TEST("a little room that is left is not filled on its own where a block can have more") {
  ByteBlocks blocks;
  EXPECT_TRUE(blocks.append(text_of(64 * 1024 - 100)));
  EXPECT_EQ(blocks.capacity(), 64 * 1024u);
  const OwnedBytes* block = blocks.block_with_room(100);
  EXPECT_EQ(block->capacity() - block->size(), 100u);
  block = blocks.block_with_room(kBlock);
  EXPECT_EQ(block->capacity(), kBlock);
  EXPECT_TRUE(blocks.append(text_of(kBlock - blocks.size() - 100)));
  block = blocks.block_with_room(kBlock);
  EXPECT_EQ(block->capacity() - block->size(), 100u);
  EXPECT_TRUE(blocks.is_one_block());
}

TEST("what has been given away has left nothing behind") {
  ByteBlocks blocks;
  EXPECT_TRUE(blocks.append(text_of(2 * kBlock + 5)));
  ByteBlocks taken(std::move(blocks));
  EXPECT_TRUE(blocks.empty());
  ByteBlocks other;
  EXPECT_TRUE(other.append("something"));
  other = std::exchange(taken, {});
  EXPECT_TRUE(taken.empty());
  EXPECT_TRUE(moved(other) == text_of(2 * kBlock + 5));
}

TEST("counts what it has reserved") {
  ByteBlocks blocks;
  EXPECT_TRUE(blocks.append(text_of(kBlock + 1)));
  EXPECT_TRUE(blocks.block_with_room(kBlock) != nullptr);
  EXPECT_TRUE(blocks.capacity() > kBlock);
  blocks.shrink();
  EXPECT_EQ(blocks.size(), kBlock + 1);
  EXPECT_LT(blocks.capacity(), 2 * kBlock);
  blocks.clear();
  EXPECT_EQ(blocks.capacity(), 0u);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
