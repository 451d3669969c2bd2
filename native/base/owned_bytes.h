// owned_bytes.h: bytes on the heap with one owner; moving them moves the ownership, also to another thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/block_cache.h"

namespace millrace {

/// A buffer that can grow and says so when memory is out, where std::string would end the process. Its
/// capacity may be up to twice what was asked for.
class OwnedBytes {
 public:
  OwnedBytes() noexcept = default;
  OwnedBytes(OwnedBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  OwnedBytes& operator=(OwnedBytes other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~OwnedBytes() {
    // Most never hold anything, and a call for each request counts.
    if (data_ != nullptr) body_blocks().give_back(data_, capacity_);
  }

  [[nodiscard]] char* data() noexcept { return data_; }
  [[nodiscard]] const char* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }

  /// False: no memory, nothing has changed.
  [[nodiscard]] bool reserve(std::size_t capacity) noexcept {
    return capacity <= capacity_ || move_to(BlockCache::block_bytes(capacity));
  }

  /// Gives back what is reserved beyond the size.
  void shrink() noexcept {
    if (size_ == 0) {
      clear();
    } else if (const std::size_t enough = BlockCache::block_bytes(size_); enough < capacity_) {
      static_cast<void>(move_to(enough));  // no memory for less: it stays what it is
    }
  }

  /// Appends, growing by at least half so that many small pieces cost linear time. False: no memory.
  [[nodiscard]] bool append(std::string_view bytes) noexcept {
    if (bytes.empty()) return true;
    const std::size_t needed = size_ + bytes.size();
    if ((data_ == nullptr || needed > capacity_) && !reserve(std::max(needed, capacity_ + capacity_ / 2)))
      return false;
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ = needed;
    return true;
  }

  /// For bytes written through data() into reserved room.
  void set_size(std::size_t size) noexcept { size_ = size; }

  void drop_front(std::size_t count) noexcept {
    size_ -= count;
    std::memmove(data_, data_ + count, size_);
  }

  void clear() noexcept { *this = OwnedBytes(); }

 private:
  /// False: no memory, nothing has changed. `capacity` is one that block_bytes() has given.
  [[nodiscard]] bool move_to(std::size_t capacity) noexcept;

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace millrace
