// request_ring.h: requests on their way from one reactor to whichever JS thread claims them first.
//
// One producer (the reactor), many claimers (JS threads). The reactor writes a record into the arena and its
// descriptor into the next slot, and publishes a batch by moving `head`. A JS thread claims a run of requests
// by moving `claim` with one compare-and-exchange, copies the run's bytes out, and gives the memory back by
// writing, into the run's first slot, the index after the run. The reactor frees slots in order; runs that
// come back out of order wait for those before them.
//
// The reactor takes requests back in the same way: it is one more claimer, which withdraws what has waited
// for too long. Whoever moves `claim` over a request has it, so no request is both withdrawn and run.
//
// Where several JS threads claim, one of them may die with requests that nobody else will answer. So each
// says who it is: before it moves `claim` it writes the index it is after beside its answers
// (kResponseClaiming), and after that its number into the descriptor. A request that has been claimed and has
// no number yet is that of the thread whose kResponseClaiming names it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/buffer_budget.h"
#include "base/owned_bytes.h"
#include "ring/arena.h"
#include "ring/ring_layout.h"
#include "ring/shared_words.h"

namespace millrace::ring {

/// What a JS thread is told of one request beside its record.
struct RequestDescriptor {
  std::uint32_t exchange_slot;
  std::uint32_t exchange_generation;
  std::uint32_t route;
  std::uint32_t record_bytes;
  std::uint32_t body_bytes;  // in the arena right behind the record, or outside
  bool body_is_ascii = false;
  bool body_follows = false;  // the JS thread asks for it: response::kReadPiece
};

/// Requests that one claimer has taken, in one piece.
struct RequestRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;  // 0: nothing to claim
};

/// The reactor's side. Reactor thread only, but for outside_body() and unclaimed_seen_by_others().
class RequestRing {
 public:
  /// `slots` and `arena_bytes` are powers of two; `memory` has memory_bytes() of them.
  /// Bodies outside the arena are charged to `budget` for as long as they wait here.
  RequestRing(SharedMemory memory, std::uint32_t slots, std::uint32_t arena_bytes, BufferBudget& budget,
              std::uint32_t first_index = 0);

  static std::size_t memory_bytes(std::uint32_t slots, std::uint32_t arena_bytes) noexcept {
    return (kRequestDescriptors + slots * request::kWords) * sizeof(std::uint32_t) + arena_bytes;
  }

  /// Room for one record (and its body, where that travels in the arena), or null: the ring is full, the
  /// caller parks the connection. The memory is the caller's until push().
  [[nodiscard]] char* try_reserve(std::uint32_t arena_bytes) noexcept;

  /// Puts the request whose bytes were reserved last into the ring. `outside` is a body too large for the
  /// arena. It has waited since `since_ms`, which is never less than that of the request before it.
  void push(const RequestDescriptor& descriptor, OwnedBytes outside, std::uint64_t since_ms = 0) noexcept;

  /// Lets JS threads see everything pushed so far. Returns false when nothing was new.
  bool publish() noexcept;

  /// Takes back the memory of requests that JS has copied. What has been claimed under a number is added to
  /// owned().
  void reclaim() noexcept;

  /// A request and the JS thread that has claimed it.
  struct Owned {
    std::uint32_t exchange_slot;
    std::uint32_t exchange_generation;
    std::uint8_t js_thread;
  };
  /// What reclaim() has found; the caller empties it.
  [[nodiscard]] std::vector<Owned>& owned() noexcept { return owned_; }

  /// Adds to owned() what has been released behind something that has not, too. What is added twice does no
  /// harm: its exchange has one thread.
  void attribute_released();

  /// A JS thread ends. What it has claimed and not copied yet is added to owned(), and if it `has_ended`
  /// given back: one that has not may still be reading it. `is_claiming(index)` tells whether one that has
  /// not ended is about to claim that index. False: it may have, and this has to be asked again a moment
  /// later.
  [[nodiscard]] bool give_up(std::uint8_t js_thread, const std::function<bool(std::uint32_t)>& is_claiming,
                             bool has_ended);

  /// Claims the published requests that nobody has claimed and that have waited since `since_ms` or longer:
  /// no JS thread will see them. Their memory is given back; exchange_of() tells whose they were until the
  /// next push().
  [[nodiscard]] RequestRun withdraw(std::uint64_t since_ms) noexcept;

  struct ExchangeKey {
    std::uint32_t slot;
    std::uint32_t generation;
  };
  [[nodiscard]] ExchangeKey exchange_of(std::uint32_t index) const noexcept {
    const std::uint32_t* const words = descriptor(index);
    return {words[request::kExchangeSlot], words[request::kExchangeGeneration]};
  }

  /// Since when the oldest request that nobody has claimed has waited; nothing: all have been claimed.
  [[nodiscard]] std::optional<std::uint64_t> waiting_since() const noexcept {
    // Relaxed: a claim seen late tells of a request that waits no more, and the reactor wakes once in vain.
    const std::uint32_t claim = atomic_word(words_, kRequestClaim).load(std::memory_order_relaxed);
    if (claim == head_) return std::nullopt;
    return since_ms_[claim & mask_];
  }

  /// Requests that no JS thread has claimed yet.
  [[nodiscard]] std::uint32_t unclaimed() const noexcept {
    // Relaxed: a count for the queue limit and for the doorbell; a claim seen late only makes it too large.
    return head_ - atomic_word(words_, kRequestClaim).load(std::memory_order_relaxed);
  }

  /// Is there a request whose memory has not been given back, as far as reclaim() has seen?
  [[nodiscard]] bool in_use() const noexcept { return tail_ != head_; }

  /// Of those that have been published.
  [[nodiscard]] std::uint32_t unclaimed_published() const noexcept {
    // Relaxed: as above.
    return published_ - atomic_word(words_, kRequestClaim).load(std::memory_order_relaxed);
  }

  /// unclaimed() for any thread.
  [[nodiscard]] std::uint32_t unclaimed_seen_by_others() const noexcept {
    // Acquire: whoever moved the claim had seen a head that was published after it was pushed, so ours is no
    // older and never behind the claim. Relaxed for the rest: a count compared with a limit.
    const std::uint32_t claim = atomic_word(words_, kRequestClaim).load(std::memory_order_acquire);
    return head_for_others_.load(std::memory_order_relaxed) - claim;
  }

  /// Body of the claimed request at `index`, which the claimer has not released yet. Any JS thread.
  [[nodiscard]] const OwnedBytes& outside_body(std::uint32_t index) const noexcept {
    return outside_[index & mask_];
  }

  [[nodiscard]] std::atomic_ref<std::uint32_t> sleep_word() noexcept {
    return atomic_word(words_, kReactorSleep);
  }

 private:
  [[nodiscard]] std::uint32_t* descriptor(std::uint32_t index) const noexcept {
    return words_ + kRequestDescriptors + (index & mask_) * request::kWords;
  }
  /// Number of the claimer plus one; 0: none has been written.
  [[nodiscard]] std::uint32_t owner_of(std::uint32_t index) const noexcept {
    // Relaxed: see reclaim() and give_up() for what makes it visible.
    return atomic_word(descriptor(index), request::kFlags).load(std::memory_order_relaxed) >>
           request::kOwnerShift;
  }
  void add_owned(std::uint32_t index, std::uint32_t owner) {
    const ExchangeKey key = exchange_of(index);
    owned_.push_back({key.slot, key.generation, static_cast<std::uint8_t>(owner - 1)});
  }

  std::uint32_t* words_;
  char* arena_memory_;
  std::uint32_t mask_;
  Arena arena_;
  BufferBudget& budget_;
  std::uint32_t reserved_offset_ = 0;
  std::uint32_t head_;  // next index to push
  std::atomic<std::uint32_t> head_for_others_;
  std::uint32_t published_;                // what JS threads know of head_
  std::uint32_t tail_;                     // oldest index whose memory is not free
  std::vector<std::uint32_t> arena_ends_;  // by slot: arena position after its record
  std::vector<OwnedBytes> outside_;        // by slot
  std::vector<std::uint64_t> since_ms_;    // by slot: when it began to wait
  std::vector<Owned> owned_;
};

/// A JS thread's side, as lib/request-ring.ts does it. For tests and for threads that are not JavaScript.
class RequestClaimer {
 public:
  RequestClaimer(SharedMemory memory, std::uint32_t slots) noexcept;
  /// One of several: `claiming` is the memory of its answers to this reactor.
  RequestClaimer(SharedMemory memory, std::uint32_t slots, std::uint8_t js_thread,
                 SharedMemory claiming) noexcept;

  using Run = RequestRun;

  /// Claims up to `most` requests; one of several threads claims one at a time.
  [[nodiscard]] Run claim(std::uint32_t most) noexcept;

  [[nodiscard]] RequestDescriptor read(std::uint32_t index) const noexcept;
  [[nodiscard]] const char* record(std::uint32_t index) const noexcept;
  [[nodiscard]] bool body_is_outside(std::uint32_t index) const noexcept;

  /// Gives a run's memory back; nothing of it may be read afterwards.
  void release(Run run) noexcept;

  /// After the doorbell's flag was set: has something been published meanwhile?
  [[nodiscard]] bool has_work() const noexcept;

 private:
  [[nodiscard]] Run claim_one() noexcept;

  std::uint32_t* words_;
  std::uint32_t slots_;
  const char* arena_memory_;
  std::uint32_t owner_ = 0;  // its number plus one; 0: it is the only one
  std::uint32_t* claiming_ = nullptr;
};

}  // namespace millrace::ring
