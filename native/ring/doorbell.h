// doorbell.h: wakes one JS thread. ring() from any reactor; the rest as said at each.
#pragma once

#include <cstdint>

#include "ring/ring_layout.h"
#include "ring/shared_words.h"

namespace millrace::ring {

/// The flag is 1 while the JS thread has nothing to do and wants to be woken. Whoever exchanges it to 0 owes
/// the wake; so of many reactors one wakes, and a thread that is at work is never woken.
class Doorbell {
 public:
  using Wake = void (*)(void* context);

  /// `word` lies in memory that the JS thread sets to 1 (lib/channel.ts); `wake` is called on reactor
  /// threads.
  Doorbell(std::uint32_t* word, Wake wake, void* context) noexcept
      : word_(word), wake_(wake), context_(context) {}

  /// False: the thread is at work, it will look at the rings itself before it sleeps.
  bool ring() noexcept {
    // Sequentially consistent: after the store that published the work, see RequestRing::publish(). The load
    // spares the locked instruction when the thread is at work, which under load it is.
    auto word = atomic_word(word_, 0);
    if (word.load(std::memory_order_seq_cst) == 0) return false;
    if (word.exchange(0, std::memory_order_seq_cst) == 0) return false;
    wake_(context_);
    return true;
  }

  /// Wakes whether it is wanted or not: for news that is not in a ring.
  void ring_always() noexcept {
    atomic_word(word_, 0).store(0, std::memory_order_seq_cst);
    wake_(context_);
  }

  /// The thread has been woken or is at work; it may be answering without telling anybody.
  [[nodiscard]] bool at_work() const noexcept {
    return atomic_word(word_, 0).load(std::memory_order_seq_cst) == 0;
  }

 private:
  std::uint32_t* word_;
  Wake wake_;
  void* context_;
};

}  // namespace millrace::ring
