// byte_blocks.h: bytes on the heap in blocks, so that what grows large is neither copied nor needs large
// memory at once. One owner, like OwnedBytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/owned_bytes.h"

namespace millrace {

/// All blocks but the last hold kBodyWindowBytes.
class ByteBlocks {
 public:
  static constexpr std::size_t kBlockBytes = kBodyWindowBytes;
  // So that a block never has more room than that.
  static_assert(BlockCache::is_kept(kBlockBytes) && BlockCache::block_bytes(kBlockBytes) == kBlockBytes);

  ByteBlocks() noexcept = default;
  ByteBlocks(ByteBlocks&&) noexcept = default;
  ByteBlocks& operator=(ByteBlocks&&) noexcept = default;
  ~ByteBlocks() = default;

  [[nodiscard]] std::size_t size() const noexcept { return full_.size() * kBlockBytes + last_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept {
    return full_.size() * kBlockBytes + last_.capacity();
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// The block to write more into, with room for as much of `likely` as one block has. nullptr: no memory.
  [[nodiscard]] OwnedBytes* block_with_room(std::size_t likely) {
    if (last_.size() == kBlockBytes) full_.push_back(std::exchange(last_, {}));
    const bool has_room = last_.size() < last_.capacity();
    return has_room || last_.reserve(std::min(last_.size() + likely, kBlockBytes)) ? &last_ : nullptr;
  }

  /// False: no memory; some of it may have been appended.
  [[nodiscard]] bool append(std::string_view bytes) {
    while (!bytes.empty()) {
      if (last_.size() == kBlockBytes) full_.push_back(std::exchange(last_, {}));
      const std::string_view piece = bytes.substr(0, kBlockBytes - last_.size());
      if (!last_.append(piece)) return false;
      bytes.remove_prefix(piece.size());
    }
    return true;
  }

  /// Gives back what is reserved beyond the size.
  void shrink() noexcept { last_.shrink(); }

  void clear() noexcept { *this = {}; }

  /// It is not more than one block holds: `last()` is all of it.
  [[nodiscard]] bool is_one_block() const noexcept { return full_.empty(); }
  [[nodiscard]] OwnedBytes& last() noexcept { return last_; }

  /// Copies all of it to `to`. Each block goes as soon as it has been copied, and serves somebody else while
  /// it is still in a cache.
  void move_to(char* to) noexcept {
    for (OwnedBytes& block : full_) to = move_block(block, to);
    move_block(last_, to);
    full_.clear();
  }

 private:
  static char* move_block(OwnedBytes& block, char* to) noexcept {
    to = std::copy_n(block.data(), block.size(), to);
    block.clear();
    return to;
  }

  std::vector<OwnedBytes> full_;
  OwnedBytes last_;
};

}  // namespace millrace
