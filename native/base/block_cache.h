// block_cache.h: memory for bodies, of which some is kept for the next ones. Any thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <mutex>

namespace millrace {

/// The allocator gives blocks of this size back to the system as soon as they are at its heap's end, or
/// mapped on their own, and the next body pays for zeroed pages anew: four times what copying it costs.
class BlockCache {
 public:
  static constexpr std::size_t kLargestBytes = std::size_t{1024} * 1024;

  explicit BlockCache(std::size_t most_kept_bytes) noexcept : most_kept_bytes_(most_kept_bytes) {}
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;
  ~BlockCache();

  /// What take() gives to one who asks for `bytes`: a power of two, where blocks of about that size are kept.
  static constexpr std::size_t block_bytes(std::size_t bytes) noexcept {
    return bytes > kSmallestBytes / 2 && bytes <= kLargestBytes ? std::bit_ceil(bytes) : bytes;
  }
  static constexpr bool is_kept(std::size_t block_bytes) noexcept {
    return block_bytes >= kSmallestBytes && block_bytes <= kLargestBytes;
  }

  /// A block of block_bytes(bytes); nullptr: no memory.
  [[nodiscard]] char* take(std::size_t bytes) noexcept;
  /// `block_bytes` is what take() gave.
  void give_back(char* block, std::size_t block_bytes) noexcept;

  [[nodiscard]] std::size_t kept_bytes() const noexcept;

 private:
  static constexpr std::size_t kSmallestBytes = std::size_t{4} * 1024;
  static constexpr std::size_t kSizes = std::bit_width(kLargestBytes) - std::bit_width(kSmallestBytes) + 1;

  /// At the beginning of a block that is kept.
  struct Kept {
    Kept* next;
  };

  static constexpr std::size_t index_of(std::size_t block_bytes) noexcept {
    return std::bit_width(block_bytes) - std::bit_width(kSmallestBytes);
  }

  const std::size_t most_kept_bytes_;
  mutable std::mutex mutex_;
  std::size_t kept_bytes_ = 0;
  std::array<Kept*, kSizes> kept_{};
};

/// That of the process. It lives for ever, since threads may outlive what is destroyed at exit.
[[nodiscard]] BlockCache& body_blocks() noexcept;

}  // namespace millrace
