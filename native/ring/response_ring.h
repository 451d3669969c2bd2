// response_ring.h: answers on their way from one JS thread to one reactor. Single producer, single consumer.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/owned_bytes.h"
#include "ring/arena.h"
#include "ring/ring_layout.h"
#include "ring/shared_words.h"

namespace millrace::ring {

/// One answer, as read from the ring. The views point into shared memory and last until pop().
struct ResponseMessage {
  std::uint32_t exchange_slot;
  std::uint32_t exchange_generation;
  std::uint16_t status;
  std::uint8_t content_type;
  std::uint8_t flags;
  std::string_view reason;
  std::string_view fields;
  std::string_view body;  // empty when it is outside: see ResponseRing::take_outside()
};

/// The reactor's side. Reactor thread only, but for put_outside().
class ResponseRing {
 public:
  ResponseRing(SharedMemory memory, std::uint32_t slots, std::uint32_t arena_bytes,
               std::uint32_t first_index = 0);

  static std::size_t memory_bytes(std::uint32_t slots, std::uint32_t arena_bytes) noexcept {
    return (kResponseDescriptors + slots * response::kWords) * sizeof(std::uint32_t) + arena_bytes;
  }

  /// Loads what the producer has published; then front() and pop() until they say there is no more.
  [[nodiscard]] bool refresh() noexcept;

  /// Like refresh() without taking anything: the last look before the reactor sleeps.
  [[nodiscard]] bool has_published() const noexcept;

  [[nodiscard]] bool empty() const noexcept { return tail_ == seen_head_; }
  [[nodiscard]] ResponseMessage front() const noexcept;
  [[nodiscard]] OwnedBytes take_outside() noexcept { return std::move(outside_[tail_ & mask_]); }
  void pop() noexcept { ++tail_; }

  /// Gives the memory of everything popped back to the producer. True: it had no room and waits for the
  /// doorbell.
  [[nodiscard]] bool give_back() noexcept;

  /// The producer has ended, and all it has published has been taken: the next one begins anew.
  void restart() noexcept;

  /// The request that the producer claims, or is about to claim: see request_ring.h.
  [[nodiscard]] std::uint32_t claiming() const noexcept {
    // Acquire: the owner of what it claimed before was written before it.
    return atomic_word(words_, kResponseClaiming).load(std::memory_order_acquire);
  }

  /// The body of the answer at `index`, which the producer has not published yet. The producer's thread only.
  void put_outside(std::uint32_t index, OwnedBytes body) noexcept {
    outside_[index & mask_] = std::move(body);
  }

 private:
  std::uint32_t* words_;
  const char* arena_memory_;
  std::uint32_t mask_;
  std::uint32_t tail_;               // next index to read
  std::uint32_t given_;              // what the producer knows of tail_
  std::uint32_t seen_head_;          // what we know of the producer's head
  std::vector<OwnedBytes> outside_;  // by slot
};

/// A JS thread's side, as lib/response-ring.ts does it. For tests and for threads that are not JavaScript.
class ResponseProducer {
 public:
  ResponseProducer(SharedMemory memory, std::uint32_t slots, std::uint32_t arena_bytes,
                   std::uint32_t first_index = 0);

  /// False: full. The caller keeps its answer and goes on; with `wait` it asks for the doorbell when there is
  /// room.
  [[nodiscard]] bool try_push(const ResponseMessage& message, bool body_outside, bool wait) noexcept;

  /// Is there room for an answer with so many bytes in the arena? To be asked before put_outside(): the slot
  /// may still hold an answer that nobody has read.
  [[nodiscard]] bool has_room(std::uint32_t payload_bytes) noexcept;

  /// Index the next try_push() will use, for ResponseRing::put_outside().
  [[nodiscard]] std::uint32_t next_index() const noexcept { return head_; }

 private:
  std::uint32_t* words_;
  char* arena_memory_;
  std::uint32_t mask_;
  Arena arena_;
  std::uint32_t head_;
  std::uint32_t freed_;  // what we have taken back so far
};

}  // namespace millrace::ring
