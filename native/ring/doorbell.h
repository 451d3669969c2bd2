// doorbell.h: wakes one JS thread. ring() from any reactor; the rest as said at each.
#pragma once

#include <cstdint>
#include <mutex>

#include "ring/ring_layout.h"
#include "ring/shared_words.h"

namespace millrace::ring {

/// The flag is 1 while the JS thread has nothing to do and wants to be woken. Whoever exchanges it to 0 owes
/// the wake; so of many reactors one wakes, and a thread that is at work is never woken. Threads come and go:
/// where there is none the flag is kDoorbellVacant, and nobody is rung.
class Doorbell {
 public:
  using Wake = void (*)(void* context);

  /// `word` lies in memory that the JS thread sets to 1 (lib/channel.ts); `wake` is called on reactor
  /// threads. Without one the place is vacant.
  Doorbell(std::uint32_t* word, Wake wake, void* context) noexcept
      : word_(word), wake_(wake), context_(context) {
    // Relaxed: no other thread knows it yet.
    if (wake == nullptr) flag().store(kDoorbellVacant, std::memory_order_relaxed);
  }

  /// A thread takes the place, and is at work until it says otherwise. On that thread.
  void connect(Wake wake, void* context) noexcept {
    const std::lock_guard lock(mutex_);
    wake_ = wake;
    context_ = context;
    flag().store(0, std::memory_order_seq_cst);
  }

  /// The thread leaves: it is not rung any more, from when this returns. Any thread, idempotent.
  void disconnect() noexcept {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    flag().store(kDoorbellVacant, std::memory_order_seq_cst);
  }

  /// False: the thread is at work, it will look at the rings itself before it sleeps; or there is none.
  bool ring() noexcept {
    // Sequentially consistent: after the store that published the work, see RequestRing::publish(). The load
    // spares the locked instruction when the thread is at work, which under load it is.
    if (flag().load(std::memory_order_seq_cst) != 1) return false;
    std::uint32_t wanted = 1;
    return flag().compare_exchange_strong(wanted, 0, std::memory_order_seq_cst) && call();
  }

  /// As ring(), and also where the thread wants no requests any more: for news of exchanges.
  bool ring_for_news() noexcept {
    std::uint32_t wanted = flag().load(std::memory_order_seq_cst);
    if (wanted != 1 && wanted != kDoorbellRetiring) return false;
    return flag().compare_exchange_strong(wanted, 0, std::memory_order_seq_cst) && call();
  }

  /// Wakes whether it is wanted or not: for news that is not in a ring.
  void ring_always() noexcept {
    std::uint32_t now = flag().load(std::memory_order_seq_cst);
    while (now != kDoorbellVacant && !flag().compare_exchange_weak(now, 0, std::memory_order_seq_cst)) {
    }
    if (now != kDoorbellVacant) static_cast<void>(call());
  }

  /// The thread has been woken or is at work; it may be answering without telling anybody.
  [[nodiscard]] bool at_work() const noexcept { return flag().load(std::memory_order_seq_cst) == 0; }
  [[nodiscard]] bool vacant() const noexcept {
    return flag().load(std::memory_order_seq_cst) == kDoorbellVacant;
  }

 private:
  [[nodiscard]] std::atomic_ref<std::uint32_t> flag() const noexcept {
    return atomic_word(word_, kDoorbellIdle);
  }

  /// False: a thread on its way out has touched the flag; there is nobody.
  bool call() noexcept {
    const std::lock_guard lock(mutex_);
    if (wake_ == nullptr) {
      flag().store(kDoorbellVacant, std::memory_order_seq_cst);
      return false;
    }
    wake_(context_);
    return true;
  }

  std::uint32_t* word_;
  // Makes disconnect() the last moment at which another thread can be inside `wake_`. Taken once a wake.
  std::mutex mutex_;
  Wake wake_;
  void* context_;
};

}  // namespace millrace::ring
