#include "http/exchange_table.h"

#include <utility>

namespace millrace {

std::uint32_t ExchangeTable::open(Connection& connection) {
  std::uint32_t slot = first_free_;
  if (slot != kNone) {
    first_free_ = at(slot).next;
  } else {
    slot = used_++;
    if (slot / kChunk == chunks_.size()) {
      chunks_.push_back(std::make_unique<Chunk>());
      // Release: is_live() in another thread reads the chunk's generations through this pointer.
      if (slot / kChunk < kMaxChunks) {
        published_[slot / kChunk].store(chunks_.back().get(), std::memory_order_release);
      }
    }
  }
  ++size_;
  Exchange& exchange = at(slot);
  exchange.connection_slot = connection.id.slot;
  exchange.next = kNone;
  if (connection.last_exchange == kNone) {
    connection.first_exchange = slot;
  } else {
    at(connection.last_exchange).next = slot;
  }
  connection.last_exchange = slot;
  ++connection.in_flight;
  return slot;
}

Exchange* ExchangeTable::find(std::uint32_t slot, std::uint32_t generation) noexcept {
  if (slot >= used_ || generation_of(slot) != generation) return nullptr;
  return &at(slot);
}

bool ExchangeTable::hold(Connection& connection, Exchange& exchange, std::string_view bytes) {
  if (exchange.held_answer == nullptr) exchange.held_answer = std::make_unique<HeldAnswer>();
  OwnedBytes& held = exchange.held_answer->bytes;
  const std::size_t before = held.capacity();
  const bool kept = held.append(bytes);
  budget_.charge(held.capacity() - before);
  connection.held_bytes += held.capacity() - before;
  return kept;
}

void ExchangeTable::hold(Exchange& exchange, FileParts files) {
  if (exchange.held_answer == nullptr) exchange.held_answer = std::make_unique<HeldAnswer>();
  exchange.held_answer->files = std::move(files);
}

void ExchangeTable::count_file(Connection& connection, Exchange& exchange) noexcept {
  if (!exchange.has_file) ++connection.files_held;
  exchange.has_file = true;
}

void ExchangeTable::take_back_file(Connection& connection, Exchange& exchange) noexcept {
  if (exchange.has_file) --connection.files_held;
  exchange.has_file = false;
}

void ExchangeTable::hold_lookup(Exchange& exchange, std::unique_ptr<Job> lookup, std::uint64_t now_ms) {
  if (exchange.held_answer == nullptr) exchange.held_answer = std::make_unique<HeldAnswer>();
  exchange.held_answer->lookup = std::move(lookup);
  if (exchange.deadline_ms == 0) return;
  // timeouts.handlerMs is the handler's, and that is not what it waits for.
  const bool is_late = exchange.deadline_ms <= now_ms;
  exchange.held_answer->lookup_ms_left = is_late ? 1 : exchange.deadline_ms - now_ms;
  exchange.deadline_ms = 0;
}

void ExchangeTable::compress(Exchange& exchange, std::unique_ptr<Gzip> gzip) {
  if (exchange.held_answer == nullptr) exchange.held_answer = std::make_unique<HeldAnswer>();
  exchange.held_answer->compression = std::make_unique<CompressedStream>(std::move(gzip), budget_);
  exchange.held_answer->compression->account();
}

void ExchangeTable::assign(Exchange& exchange, std::uint8_t js_thread) noexcept {
  if (exchange.js_thread == js_thread) return;
  if (exchange.js_thread != kNoJsThread) outstanding_[exchange.js_thread].take_back();
  exchange.js_thread = js_thread;
  if (js_thread != kNoJsThread) outstanding_[js_thread].add();
}

std::vector<std::uint32_t> ExchangeTable::unanswered_by(std::uint8_t js_thread) {
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = 0; slot < used_; ++slot) {
    // A free slot has no JS thread.
    if (at(slot).js_thread == js_thread && !at(slot).complete) slots.push_back(slot);
  }
  return slots;
}

HeldAnswer ExchangeTable::take_held(Connection& connection, Exchange& exchange) noexcept {
  if (exchange.held_answer == nullptr) return {};
  HeldAnswer held{.bytes = std::move(exchange.held_answer->bytes),
                  .files = std::move(exchange.held_answer->files)};
  // Early hints may have come before what is still to be looked for.
  const bool is_needed = exchange.compression() != nullptr || exchange.held_answer->lookup != nullptr;
  if (!is_needed) exchange.held_answer.reset();
  budget_.refund(held.bytes.capacity());
  connection.held_bytes -= held.bytes.capacity();
  return held;
}

void ExchangeTable::close_oldest(Connection& connection) noexcept {
  const std::uint32_t slot = connection.first_exchange;
  connection.first_exchange = at(slot).next;
  if (connection.first_exchange == kNone) {
    connection.last_exchange = kNone;
    connection.answer_deadline_ms = 0;
  }
  --connection.in_flight;
  take_back_file(connection, at(slot));
  release(connection, slot);
}

void ExchangeTable::close_all(Connection& connection) noexcept {
  while (connection.first_exchange != kNone) close_oldest(connection);
}

void ExchangeTable::abandon(std::uint32_t slot) {
  Exchange& exchange = at(slot);
  if (exchange.watched) abandoned_.push_back({slot, generation_of(slot), exchange.js_thread});
  exchange.watched = false;
}

void ExchangeTable::release(Connection& connection, std::uint32_t slot) noexcept {
  Exchange& exchange = at(slot);
  if (!exchange.complete) abandon(slot);
  if (exchange.held_answer != nullptr) {
    budget_.refund(exchange.held_answer->bytes.capacity());
    connection.held_bytes -= exchange.held_answer->bytes.capacity();
    exchange.held_answer.reset();
  }
  exchange.deadline_ms = 0;
  assign(exchange, kNoJsThread);
  exchange.head_request = exchange.http_1_0 = exchange.keep_alive_1_0 = exchange.close_after = false;
  exchange.safe = exchange.begun = exchange.complete = exchange.chunked = exchange.no_content = false;
  exchange.until_close = exchange.given = exchange.accepts_gzip = exchange.watched = exchange.asked = false;
  exchange.next = first_free_;
  first_free_ = slot;
  --size_;
  // The answer may come later still; without this it would reach the slot's next tenant, a stranger.
  // Relaxed, and no locked instruction: only this thread writes it, and for others is_live() is a hint.
  exchange.generation.store(exchange.generation.load(std::memory_order_relaxed) + 1,
                            std::memory_order_relaxed);
}

bool ExchangeTable::is_live(std::uint32_t slot, std::uint32_t generation) const noexcept {
  if (slot / kChunk >= kMaxChunks) return false;
  // Acquire: pairs with the store in open(), so the chunk is complete.
  const Chunk* chunk = published_[slot / kChunk].load(std::memory_order_acquire);
  return chunk != nullptr && (*chunk)[slot % kChunk].generation.load(std::memory_order_relaxed) == generation;
}

}  // namespace millrace
