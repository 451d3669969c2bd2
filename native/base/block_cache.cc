#include "base/block_cache.h"

#include <cstdlib>
#include <new>
#include <utility>

#include "base/limits.h"

namespace millrace {

BlockCache::~BlockCache() {
  for (Kept* first : kept_) {
    while (first != nullptr) std::free(std::exchange(first, first->next));
  }
}

char* BlockCache::take(std::size_t bytes) noexcept {
  const std::size_t size = block_bytes(bytes);
  if (is_kept(size)) {
    const std::lock_guard lock(mutex_);
    Kept*& first = kept_[index_of(size)];
    if (first != nullptr) {
      kept_bytes_ -= size;
      return reinterpret_cast<char*>(std::exchange(first, first->next));
    }
  }
  return static_cast<char*>(std::malloc(size));
}

void BlockCache::give_back(char* block, std::size_t block_bytes) noexcept {
  if (is_kept(block_bytes)) {
    const std::lock_guard lock(mutex_);
    if (kept_bytes_ + block_bytes <= most_kept_bytes_) {
      kept_bytes_ += block_bytes;
      Kept*& first = kept_[index_of(block_bytes)];
      first = new (block) Kept{first};
      return;
    }
  }
  std::free(block);
}

std::size_t BlockCache::kept_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

BlockCache& body_blocks() noexcept {
  alignas(BlockCache) static std::byte memory[sizeof(BlockCache)];
  static BlockCache* const cache = new (memory) BlockCache(kKeptBlockBytes);
  return *cache;
}

}  // namespace millrace
