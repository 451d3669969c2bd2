#include "ring/request_ring.h"

#include <algorithm>
#include <utility>

namespace millrace::ring {

RequestRing::RequestRing(SharedMemory memory, std::uint32_t slots, std::uint32_t arena_bytes,
                         BufferBudget& budget, std::uint32_t first_index)
    : words_(memory.words),
      arena_memory_(reinterpret_cast<char*>(memory.words + kRequestDescriptors + slots * request::kWords)),
      mask_(slots - 1),
      arena_(arena_bytes),
      budget_(budget),
      head_(first_index),
      head_for_others_(first_index),
      published_(first_index),
      tail_(first_index),
      arena_ends_(slots),
      outside_(slots),
      since_ms_(slots) {
  // Relaxed: no other thread knows this memory yet; starting it publishes these words.
  atomic_word(words_, kRequestHead).store(first_index, std::memory_order_relaxed);
  atomic_word(words_, kRequestClaim).store(first_index, std::memory_order_relaxed);
}

char* RequestRing::try_reserve(std::uint32_t arena_bytes) noexcept {
  if (head_ - tail_ > mask_ || !arena_.has_room(arena_bytes)) {
    reclaim();
    if (head_ - tail_ > mask_ || !arena_.has_room(arena_bytes)) return nullptr;
  }
  reserved_offset_ = arena_.take(arena_bytes);
  return arena_memory_ + reserved_offset_;
}

void RequestRing::push(const RequestDescriptor& request, OwnedBytes outside,
                       std::uint64_t since_ms) noexcept {
  std::uint32_t* words = descriptor(head_);
  const bool is_outside = !outside.empty();
  // Relaxed: the claimer that will write this word sees the slot only through publish().
  atomic_word(words, request::kReleased).store(head_, std::memory_order_relaxed);
  words[request::kExchangeSlot] = request.exchange_slot;
  words[request::kExchangeGeneration] = request.exchange_generation;
  words[request::kRoute] = request.route;
  words[request::kRecordOffset] = reserved_offset_;
  words[request::kRecordBytes] = request.record_bytes;
  words[request::kBodyBytes] = request.body_bytes;
  words[request::kFlags] = (is_outside ? request::kBodyOutside : 0) |
                           (request.body_is_ascii ? request::kBodyAscii : 0) |
                           (request.body_follows ? request::kBodyFollows : 0);
  arena_ends_[head_ & mask_] = arena_.position();
  since_ms_[head_ & mask_] = since_ms;
  if (is_outside) {
    budget_.charge(outside.capacity());
    outside_[head_ & mask_] = std::move(outside);
  }
  // Relaxed: whoever needs the order has it through publish(); for others it is a count.
  head_for_others_.store(++head_, std::memory_order_relaxed);
}

bool RequestRing::publish() noexcept {
  if (published_ == head_) return false;
  published_ = head_;
  // Sequentially consistent: the doorbell's flag is read next, and a JS thread sets that flag before it reads
  // this word. With anything weaker both could miss each other, and the request would wait for the next one.
  publish_word(words_, kRequestHead, head_);
  return true;
}

void RequestRing::reclaim() noexcept {
  if (tail_ == published_) return;
  std::uint32_t freed = tail_;
  while (freed != published_) {
    // Acquire: what the claimer read of the run happens before we overwrite it.
    const std::uint32_t after =
        atomic_word(descriptor(freed), request::kReleased).load(std::memory_order_acquire);
    if (after == freed) break;  // claimed or waiting, its bytes are still needed
    // Written before it was released, by the claimer.
    if (const std::uint32_t owner = owner_of(freed); owner != 0) add_owned(freed, owner);
    for (; freed != after; ++freed) {
      OwnedBytes& outside = outside_[freed & mask_];
      if (outside.empty()) continue;
      budget_.refund(outside.capacity());
      outside.clear();
    }
  }
  if (freed == tail_) return;
  tail_ = freed;
  if (tail_ == head_) {
    arena_.rewind();
  } else {
    arena_.free_until(arena_ends_[(tail_ - 1) & mask_]);
  }
}

void RequestRing::attribute_released() {
  // Acquire: as in reclaim().
  const std::uint32_t claim = atomic_word(words_, kRequestClaim).load(std::memory_order_acquire);
  for (std::uint32_t index = tail_; static_cast<std::int32_t>(claim - index) > 0;) {
    const std::uint32_t after =
        atomic_word(descriptor(index), request::kReleased).load(std::memory_order_acquire);
    if (after == index) {
      ++index;
      continue;
    }
    if (const std::uint32_t owner = owner_of(index); owner != 0) add_owned(index, owner);
    index = after;
  }
}

bool RequestRing::give_up(std::uint8_t js_thread, const std::function<bool(std::uint32_t)>& is_claiming,
                          bool has_ended) {
  const std::uint32_t leaving = js_thread + 1U;
  bool is_sure = true;
  // Acquire: what a claimer wrote before its exchange, kResponseClaiming, is seen.
  const std::uint32_t claim = atomic_word(words_, kRequestClaim).load(std::memory_order_acquire);
  for (std::uint32_t index = tail_; static_cast<std::int32_t>(claim - index) > 0;) {
    auto released = atomic_word(descriptor(index), request::kReleased);
    const std::uint32_t after = released.load(std::memory_order_acquire);
    if (after != index) {
      index = after;
      continue;
    }
    std::uint32_t owner = owner_of(index);
    if (owner == 0 && is_claiming(index)) {
      is_sure = false;
    } else {
      // Once more: a claimer that claims something else by now has written its number before it said so.
      owner = owner_of(index);
      if (owner == 0 || owner == leaving) {
        add_owned(index, leaving);
        if (has_ended) {
          // Relaxed: only reclaim() in this thread reads them.
          atomic_word(descriptor(index), request::kFlags).store(0, std::memory_order_relaxed);
          released.store(index + 1, std::memory_order_relaxed);
        }
      }
    }
    ++index;
  }
  if (has_ended) reclaim();
  return is_sure;
}

RequestRun RequestRing::withdraw(std::uint64_t since_ms) noexcept {
  auto claim_word = atomic_word(words_, kRequestClaim);
  // Relaxed: the exchange below tells whether it was still true. It is never behind tail_, whose slots were
  // released after they had been claimed, so what since_ms_ says of the slot is about this request.
  std::uint32_t first = claim_word.load(std::memory_order_relaxed);
  std::uint32_t end = 0;
  do {
    end = first;
    // Not beyond what is published: a claim ahead of the head would look like requests without end.
    while (end != published_ && since_ms_[end & mask_] <= since_ms) ++end;
    if (end == first) return {};
    // The exchange makes us the only owner of these requests, as it does for each claimer: it fails if a JS
    // thread has claimed the first of them meanwhile, and what is left is looked at again. Sequentially
    // consistent like theirs; release is what it is for, see unclaimed_seen_by_others(). Acquire would bring
    // nothing, for we have written these slots ourselves.
  } while (!claim_word.compare_exchange_weak(first, end, std::memory_order_seq_cst));
  // Relaxed: reclaim() in this thread is the only one to read it, and nobody else has read the bytes that it
  // frees. (A JS thread that has looked at the descriptors before its own exchange finds that it failed.)
  atomic_word(descriptor(first), request::kReleased).store(end, std::memory_order_relaxed);
  return {first, end - first};
}

RequestClaimer::RequestClaimer(SharedMemory memory, std::uint32_t slots) noexcept
    : words_(memory.words),
      slots_(slots),
      arena_memory_(
          reinterpret_cast<const char*>(memory.words + kRequestDescriptors + slots * request::kWords)) {}

RequestClaimer::RequestClaimer(SharedMemory memory, std::uint32_t slots, std::uint8_t js_thread,
                               SharedMemory claiming) noexcept
    : RequestClaimer(memory, slots) {
  owner_ = js_thread + 1U;
  claiming_ = claiming.words;
}

RequestRun RequestClaimer::claim_one() noexcept {
  auto claim_word = atomic_word(words_, kRequestClaim);
  auto claiming = atomic_word(claiming_, kResponseClaiming);
  bool has_tried = false;
  for (;;) {
    std::uint32_t first = claim_word.load(std::memory_order_seq_cst);
    const std::uint32_t head = atomic_word(words_, kRequestHead).load(std::memory_order_seq_cst);
    if (static_cast<std::int32_t>(head - first) <= 0) {
      // Somebody else has it: a reactor that asks whose it is must not wait for us.
      if (has_tried) claiming.store(no_claim(first), std::memory_order_seq_cst);
      return {};
    }
    // Sequentially consistent as in JavaScript. Release is what it is for, twice: the owner that we wrote
    // into the descriptor before comes first, and the exchange below comes later.
    claiming.store(first, std::memory_order_seq_cst);
    has_tried = true;
    if (!claim_word.compare_exchange_strong(first, first + 1, std::memory_order_seq_cst)) continue;
    auto flags =
        atomic_word(words_ + kRequestDescriptors + (first & (slots_ - 1)) * request::kWords, request::kFlags);
    // Relaxed: nobody else writes there, and whoever reads it does so after release() or after our end.
    flags.store(flags.load(std::memory_order_relaxed) | owner_ << request::kOwnerShift,
                std::memory_order_relaxed);
    return {first, 1};
  }
}

RequestRun RequestClaimer::claim(std::uint32_t most) noexcept {
  if (owner_ != 0) return claim_one();
  auto claim_word = atomic_word(words_, kRequestClaim);
  // Relaxed: the exchange below tells whether it was still true.
  std::uint32_t first = claim_word.load(std::memory_order_relaxed);
  for (;;) {
    // Sequentially consistent as in JavaScript; acquire is what it is for: it makes descriptors and records
    // visible.
    const std::uint32_t head = atomic_word(words_, kRequestHead).load(std::memory_order_seq_cst);
    // `first` may be newer than `head`: the difference is then negative and there is nothing for us.
    const auto available = static_cast<std::int32_t>(head - first);
    if (available <= 0) return {};
    const std::uint32_t count = std::min(most, static_cast<std::uint32_t>(available));
    // The exchange makes us the only reader of these slots. It orders nothing else: their bytes came with
    // `head`.
    if (claim_word.compare_exchange_weak(first, first + count, std::memory_order_seq_cst))
      return {first, count};
  }
}

RequestDescriptor RequestClaimer::read(std::uint32_t index) const noexcept {
  const std::uint32_t* words = words_ + kRequestDescriptors + (index & (slots_ - 1)) * request::kWords;
  return {words[request::kExchangeSlot],
          words[request::kExchangeGeneration],
          words[request::kRoute],
          words[request::kRecordBytes],
          words[request::kBodyBytes],
          (words[request::kFlags] & request::kBodyAscii) != 0,
          (words[request::kFlags] & request::kBodyFollows) != 0};
}

const char* RequestClaimer::record(std::uint32_t index) const noexcept {
  const std::uint32_t* words = words_ + kRequestDescriptors + (index & (slots_ - 1)) * request::kWords;
  return arena_memory_ + words[request::kRecordOffset];
}

bool RequestClaimer::body_is_outside(std::uint32_t index) const noexcept {
  const std::uint32_t* words = words_ + kRequestDescriptors + (index & (slots_ - 1)) * request::kWords;
  return (words[request::kFlags] & request::kBodyOutside) != 0;
}

void RequestClaimer::release(Run run) noexcept {
  std::uint32_t* words = words_ + kRequestDescriptors + (run.first & (slots_ - 1)) * request::kWords;
  // Release: our reads of the run come before the reactor's next writes into it.
  atomic_word(words, request::kReleased).store(run.first + run.count, std::memory_order_release);
}

bool RequestClaimer::has_work() const noexcept {
  // Sequentially consistent: comes after the store of our doorbell flag, see RequestRing::publish().
  const std::uint32_t head = atomic_word(words_, kRequestHead).load(std::memory_order_seq_cst);
  const std::uint32_t claim = atomic_word(words_, kRequestClaim).load(std::memory_order_seq_cst);
  return static_cast<std::int32_t>(head - claim) > 0;
}

}  // namespace millrace::ring
