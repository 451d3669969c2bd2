// arena.h: hands out contiguous pieces of a ring's byte memory, in the order in which they come back. One
// thread only.
#pragma once

#include <cstdint>

namespace millrace::ring {

/// Positions only grow (modulo 2^32), so that "how much is in use" needs no case for the wrap; a piece that
/// would cross the end of the memory starts at its beginning instead, and the bytes skipped count as used.
class Arena {
 public:
  /// `bytes` is a power of two, at most 2^29, and no piece is longer: the sums below must not wrap.
  explicit Arena(std::uint32_t bytes) noexcept : bytes_(bytes) {}

  /// True when `length` bytes in one piece fit between what is in use and the end.
  [[nodiscard]] bool has_room(std::uint32_t length) const noexcept {
    return (start_of(length) + length) - tail_ <= bytes_;
  }

  /// Takes the piece; call only when has_room(). Returns its offset in the memory.
  std::uint32_t take(std::uint32_t length) noexcept {
    const std::uint32_t start = start_of(length);
    head_ = start + length;
    return start & (bytes_ - 1);
  }

  /// Position after the last piece taken; give it to free_until() when that piece is no longer used.
  [[nodiscard]] std::uint32_t position() const noexcept { return head_; }
  void free_until(std::uint32_t position) noexcept { tail_ = position; }

  /// Nothing is in use: starts over at offset 0, whose cache lines are the warmest.
  void rewind() noexcept { head_ = tail_ = (head_ + bytes_ - 1) & ~(bytes_ - 1); }

 private:
  [[nodiscard]] std::uint32_t start_of(std::uint32_t length) const noexcept {
    const std::uint32_t room_to_end = bytes_ - (head_ & (bytes_ - 1));
    return length <= room_to_end ? head_ : head_ + room_to_end;
  }

  std::uint32_t bytes_;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
};

}  // namespace millrace::ring
