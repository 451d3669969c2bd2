#include "ring/response_ring.h"

#include <cstring>

namespace millrace::ring {

ResponseRing::ResponseRing(SharedMemory memory, std::uint32_t slots, std::uint32_t, std::uint32_t first_index)
    : words_(memory.words),
      arena_memory_(
          reinterpret_cast<const char*>(memory.words + kResponseDescriptors + slots * response::kWords)),
      mask_(slots - 1),
      tail_(first_index),
      given_(first_index),
      seen_head_(first_index),
      outside_(slots) {
  // Relaxed: no other thread knows this memory yet.
  atomic_word(words_, kResponseHead).store(first_index, std::memory_order_relaxed);
  atomic_word(words_, kResponseTail).store(first_index, std::memory_order_relaxed);
  atomic_word(words_, kResponseClaiming).store(no_claim(first_index), std::memory_order_relaxed);
}

void ResponseRing::restart() noexcept {
  for (OwnedBytes& body : outside_) body.clear();
  tail_ = given_ = seen_head_ = 0;
  const std::uint32_t claiming = atomic_word(words_, kResponseClaiming).load(std::memory_order_relaxed);
  // Relaxed: the next producer begins when it has been told so, through the JS thread that starts it.
  atomic_word(words_, kResponseHead).store(0, std::memory_order_relaxed);
  atomic_word(words_, kResponseTail).store(0, std::memory_order_relaxed);
  atomic_word(words_, kResponseWanted).store(0, std::memory_order_relaxed);
  atomic_word(words_, kResponseClaiming).store(no_claim(claiming), std::memory_order_relaxed);
}

bool ResponseRing::refresh() noexcept {
  // Acquire: makes the descriptors and bytes before the producer's store visible.
  seen_head_ = atomic_word(words_, kResponseHead).load(std::memory_order_acquire);
  return !empty();
}

bool ResponseRing::has_published() const noexcept {
  // Sequentially consistent: comes after the store of our sleep word. The producer stores its head before it
  // reads that word, so either we see the answer here or it sees that we sleep.
  return atomic_word(words_, kResponseHead).load(std::memory_order_seq_cst) != tail_;
}

ResponseMessage ResponseRing::front() const noexcept {
  const std::uint32_t* words = words_ + kResponseDescriptors + (tail_ & mask_) * response::kWords;
  const std::uint32_t packed = words[response::kStatusAndFlags];
  const auto flags = static_cast<std::uint8_t>(packed >> 24);
  const char* payload = arena_memory_ + words[response::kPayloadOffset];
  const std::uint32_t reason = words[response::kReasonBytes];
  const std::uint32_t fields = words[response::kFieldsBytes];
  const std::uint32_t body = (flags & response::kBodyOutside) != 0 ? 0 : words[response::kBodyBytes];
  return {.exchange_slot = words[response::kExchangeSlot],
          .exchange_generation = words[response::kExchangeGeneration],
          .status = static_cast<std::uint16_t>(packed),
          .content_type = static_cast<std::uint8_t>(packed >> 16),
          .flags = flags,
          .reason = {payload, reason},
          .fields = {payload + reason, fields},
          .body = {payload + reason + fields, body}};
}

bool ResponseRing::give_back() noexcept {
  if (given_ == tail_) return false;
  given_ = tail_;
  // Sequentially consistent: the producer sets `wanted` before it reads this word once more, see try_push().
  publish_word(words_, kResponseTail, tail_);
  auto wanted = atomic_word(words_, kResponseWanted);
  // A plain look first: the exchange costs a locked instruction and is hardly ever needed.
  return wanted.load(std::memory_order_seq_cst) != 0 && wanted.exchange(0, std::memory_order_seq_cst) != 0;
}

ResponseProducer::ResponseProducer(SharedMemory memory, std::uint32_t slots, std::uint32_t arena_bytes,
                                   std::uint32_t first_index)
    : words_(memory.words),
      arena_memory_(reinterpret_cast<char*>(memory.words + kResponseDescriptors + slots * response::kWords)),
      mask_(slots - 1),
      arena_(arena_bytes),
      head_(first_index),
      freed_(first_index) {}

bool ResponseProducer::has_room(std::uint32_t payload_bytes) noexcept {
  // Sequentially consistent as in JavaScript; acquire is what it is for: the reactor has read what we
  // overwrite.
  const std::uint32_t tail = atomic_word(words_, kResponseTail).load(std::memory_order_seq_cst);
  if (tail == head_) {
    arena_.rewind();
  } else if (tail != freed_) {
    const std::uint32_t* last = words_ + kResponseDescriptors + ((tail - 1) & mask_) * response::kWords;
    arena_.free_until(last[response::kPayloadEnd]);
  }
  freed_ = tail;
  return head_ - tail <= mask_ && arena_.has_room(payload_bytes);
}

bool ResponseProducer::try_push(const ResponseMessage& message, bool body_outside, bool wait) noexcept {
  const auto payload_bytes = static_cast<std::uint32_t>(message.reason.size() + message.fields.size() +
                                                        (body_outside ? 0 : message.body.size()));
  if (!has_room(payload_bytes)) {
    if (!wait) return false;
    // Ask, then look once more: the reactor may have made room between our look and our asking.
    publish_word(words_, kResponseWanted, 1);
    if (!has_room(payload_bytes)) return false;
  }
  const std::uint32_t offset = arena_.take(payload_bytes);
  char* to = arena_memory_ + offset;
  for (const std::string_view part :
       {message.reason, message.fields, body_outside ? std::string_view() : message.body}) {
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  std::uint32_t* words = words_ + kResponseDescriptors + (head_ & mask_) * response::kWords;
  words[response::kExchangeSlot] = message.exchange_slot;
  words[response::kExchangeGeneration] = message.exchange_generation;
  words[response::kStatusAndFlags] = static_cast<std::uint32_t>(message.status) |
                                     static_cast<std::uint32_t>(message.content_type) << 16 |
                                     static_cast<std::uint32_t>(message.flags) << 24;
  words[response::kReasonBytes] = static_cast<std::uint32_t>(message.reason.size());
  words[response::kFieldsBytes] = static_cast<std::uint32_t>(message.fields.size());
  words[response::kBodyBytes] = static_cast<std::uint32_t>(message.body.size());
  words[response::kPayloadOffset] = offset;
  words[response::kPayloadEnd] = arena_.position();
  ++head_;
  // Sequentially consistent: the reactor's sleep word is read next; see ResponseRing::has_published().
  publish_word(words_, kResponseHead, head_);
  return true;
}

}  // namespace millrace::ring
