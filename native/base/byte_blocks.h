// byte_blocks.h: bytes on the heap in blocks, so that what grows large is neither copied nor needs large
// memory at once. One owner, like OwnedBytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/owned_bytes.h"

namespace millrace {

/// All blocks but the last are full.
class ByteBlocks {
 public:
  static constexpr std::size_t kBlockBytes = kBodyWindowBytes;
  // So that no block but that of one_block_with_room() has more room than that.
  static_assert(BlockCache::is_kept(kBlockBytes) && BlockCache::block_bytes(kBlockBytes) == kBlockBytes);

  ByteBlocks() noexcept = default;
  ByteBlocks(ByteBlocks&& other) noexcept
      : full_(std::exchange(other.full_, {})),
        full_bytes_(std::exchange(other.full_bytes_, 0)),
        last_(std::move(other.last_)) {}
  ByteBlocks& operator=(ByteBlocks other) noexcept {
    std::swap(full_, other.full_);
    std::swap(full_bytes_, other.full_bytes_);
    std::swap(last_, other.last_);
    return *this;
  }
  ~ByteBlocks() = default;

  [[nodiscard]] std::size_t size() const noexcept { return full_bytes_ + last_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return full_bytes_ + last_.capacity(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// The memory that it takes. Of the room of a large block, what lies further than a usual block beyond the
  /// bytes is address space: nobody has written there. (Where somebody else has, it is of what BlockCache
  /// keeps.)
  [[nodiscard]] std::size_t bytes_held() const noexcept {
    return full_bytes_ + std::min(last_.capacity(), last_.size() + kBlockBytes);
  }

  /// The block to write more into, with room for as much of `likely` as one block has. nullptr: no memory.
  [[nodiscard]] OwnedBytes* block_with_room(std::uint64_t likely) {
    const std::size_t room = last_.capacity() - last_.size();
    if (room >= std::min<std::uint64_t>(likely, kWorthReceiving)) return &last_;
    if (last_.size() < kBlockBytes)
      return reserve_for(std::min<std::uint64_t>(last_.size() + likely, kBlockBytes));
    if (room > 0) return &last_;
    close_last();
    return reserve_for(std::min<std::uint64_t>(likely, kBlockBytes));
  }

  /// The same where all of it is to be one block, if `left`, which is still to come, lets it be one that the
  /// cache keeps.
  [[nodiscard]] OwnedBytes* one_block_with_room(std::uint64_t left) {
    const bool may_be_one = full_.empty() && last_.size() + left <= BlockCache::kLargestBytes;
    return may_be_one ? reserve_for(last_.size() + left) : block_with_room(left);
  }

  /// False: no memory; some of it may have been appended.
  [[nodiscard]] bool append(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t block_bytes = std::max(last_.capacity(), kBlockBytes);
      if (last_.size() == block_bytes) close_last();
      const std::string_view piece = bytes.substr(0, block_bytes - last_.size());
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
    full_bytes_ = 0;
  }

 private:
  /// Less room than this is not filled with a system call of its own, where there can be more.
  static constexpr std::size_t kWorthReceiving = kReceiveBytes / 4;

  void close_last() {
    full_bytes_ += last_.size();
    full_.push_back(std::exchange(last_, {}));
  }

  [[nodiscard]] OwnedBytes* reserve_for(std::size_t bytes) noexcept {
    return last_.reserve(bytes) ? &last_ : nullptr;
  }

  static char* move_block(OwnedBytes& block, char* to) noexcept {
    to = std::copy_n(block.data(), block.size(), to);
    block.clear();
    return to;
  }

  std::vector<OwnedBytes> full_;
  std::size_t full_bytes_ = 0;
  OwnedBytes last_;
};

}  // namespace millrace
