// shared_words.h: atomic access to 32-bit words of memory that JavaScript reads and writes through Atomics.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace::ring {

static_assert(std::atomic_ref<std::uint32_t>::is_always_lock_free, "shared with Atomics of JavaScript");

inline std::atomic_ref<std::uint32_t> atomic_word(std::uint32_t* words, std::size_t index) noexcept {
  return std::atomic_ref<std::uint32_t>(words[index]);
}

/// Stores a word that another thread waits for, before we look whether that thread sleeps: nothing after it
/// may move in front of it. An exchange, since qemu 7 runs a seq_cst store of arm64 without the fence before
/// the load that follows; on x86-64 the two are the same instruction.
inline void publish_word(std::uint32_t* words, std::size_t index, std::uint32_t value) noexcept {
  static_cast<void>(atomic_word(words, index).exchange(value, std::memory_order_seq_cst));
}

/// A piece of a SharedArrayBuffer. Whoever made it keeps it alive until every thread that knows it has ended.
struct SharedMemory {
  std::uint32_t* words = nullptr;
  std::size_t bytes = 0;
};

}  // namespace millrace::ring
