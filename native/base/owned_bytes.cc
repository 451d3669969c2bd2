#include "base/owned_bytes.h"

#include <cstdlib>

namespace millrace {

bool OwnedBytes::move_to(std::size_t capacity) noexcept {
  if (BlockCache::is_kept(capacity) || BlockCache::is_kept(capacity_)) {
    char* const other = body_blocks().take(capacity);
    if (other == nullptr) return false;
    if (size_ > 0) std::memcpy(other, data_, size_);
    if (data_ != nullptr) body_blocks().give_back(data_, capacity_);
    data_ = other;
  } else {
    char* const moved = static_cast<char*>(std::realloc(data_, capacity));
    if (moved == nullptr) return false;
    data_ = moved;
  }
  capacity_ = capacity;
  return true;
}

}  // namespace millrace
