// exchange_table.h: requests that await their answers. Reactor thread only, but for is_live().
//
// An exchange is one request and its answer. Its slot and generation are what travels to JavaScript and back;
// through them, and never through pointers, an answer finds its connection, and an answer that comes too late
// finds nobody.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/buffer_budget.h"
#include "base/file_slice.h"
#include "base/owned_bytes.h"
#include "http/compressed_stream.h"
#include "net/connection.h"
#include "net/counters.h"
#include "pool/job.h"

namespace millrace {

inline constexpr std::uint8_t kNoJsThread = 0xff;

/// What few answers have.
struct HeldAnswer {
  // What has come of it before those of older requests were sent.
  OwnedBytes bytes = {};
  FileParts files = {};  // behind them
  std::unique_ptr<CompressedStream> compression = nullptr;
  // For a file that it is to be, when its connection may hold one more.
  std::unique_ptr<Job> lookup = nullptr;
  std::uint64_t lookup_ms_left = 0;  // of the exchange's deadline; 0: it has none
};

struct Exchange {
  // Written by the reactor alone; is_live() reads it in other threads.
  std::atomic<std::uint32_t> generation = 0;
  std::uint32_t connection_slot = kNone;
  std::uint32_t next = kNone;            // younger exchange of the same connection, or the next free slot
  bool head_request : 1 = false;         // RFC 9110 §9.3.2: the answer has no content
  bool http_1_0 : 1 = false;             // RFC 9112 §7.1: the client does not know chunks
  bool keep_alive_1_0 : 1 = false;       // RFC 9112 §9.3: tell the HTTP/1.0 client that it may go on
  bool close_after : 1 = false;          // the connection ends with this answer
  bool safe : 1 = false;                 // RFC 9110 §9.2.1; see RequestIntake on pipelining
  bool begun : 1 = false;                // its head has come from JavaScript
  bool complete : 1 = false;             // and all that follows: held_answer waits for older answers to leave
  bool given : 1 = false;                // JavaScript has done its part, and the worker pool has the rest
  bool chunked : 1 = false;              // pieces of its body are sent as chunks (RFC 9112 §7.1)
  bool no_content : 1 = false;           // pieces of its body are not sent at all
  bool until_close : 1 = false;          // nothing but the end of the connection delimits its body
  bool watched : 1 = false;              // JavaScript is told when it becomes pointless
  bool accepts_gzip : 1 = false;         // what its client says, where answers are compressed at all
  bool asked : 1 = false;                // and when most of what it has written so far has been sent
  bool has_file : 1 = false;             // counted among its connection's files_held
  std::uint8_t js_thread = kNoJsThread;  // who has claimed it, as far as that is known, and is told
  std::uint64_t deadline_ms = 0;         // 0: none (timeouts.handlerMs)
  std::unique_ptr<HeldAnswer> held_answer;

  [[nodiscard]] CompressedStream* compression() const noexcept {
    return held_answer == nullptr ? nullptr : held_answer->compression.get();
  }
};
static_assert(sizeof(Exchange) == 32, "a thousand and more are in flight: two share a cache line");

class ExchangeTable {
 public:
  /// Answers that wait for older ones are charged to `budget`.
  explicit ExchangeTable(BufferBudget& budget) noexcept : budget_(budget) {}

  /// Adds the youngest exchange of a connection, with nothing known of its request; returns its slot.
  [[nodiscard]] std::uint32_t open(Connection& connection);

  [[nodiscard]] Exchange& at(std::uint32_t slot) noexcept { return (*chunks_[slot / kChunk])[slot % kChunk]; }

  [[nodiscard]] std::uint32_t generation_of(std::uint32_t slot) noexcept {
    // Relaxed: only this thread writes generations.
    return at(slot).generation.load(std::memory_order_relaxed);
  }

  /// Null: answered already, or its connection has gone.
  [[nodiscard]] Exchange* find(std::uint32_t slot, std::uint32_t generation) noexcept;

  /// Keeps what came of an answer before those of older requests have left. False: no memory.
  [[nodiscard]] bool hold(Connection& connection, Exchange& exchange, std::string_view bytes);
  /// The same for the end of an answer that is in files.
  void hold(Exchange& exchange, FileParts files);
  /// Its answer keeps a file open, or will when that has been found; until it is closed, or this is taken
  /// back.
  static void count_file(Connection& connection, Exchange& exchange) noexcept;
  static void take_back_file(Connection& connection, Exchange& exchange) noexcept;
  /// Its answer is a file, and waits until its connection may hold one more.
  void hold_lookup(Exchange& exchange, std::unique_ptr<Job> lookup, std::uint64_t now_ms);
  /// What comes of its answer is to be compressed.
  void compress(Exchange& exchange, std::unique_ptr<Gzip> gzip);
  /// This JS thread has the request, and is told what there is to tell.
  void assign(Exchange& exchange, std::uint8_t js_thread) noexcept;
  /// Its JS thread has done all there is to do, and is told nothing more.
  void release_js_thread(Exchange& exchange) noexcept {
    exchange.watched = exchange.asked = false;
    assign(exchange, kNoJsThread);
  }
  /// Requests that this JS thread has and that have not been answered, of those assigned to it. Any thread.
  [[nodiscard]] std::uint64_t outstanding(std::uint8_t js_thread) const noexcept {
    return outstanding_[js_thread].get();
  }
  /// Slots of the exchanges of this JS thread that wait for more from it. All slots are looked at.
  [[nodiscard]] std::vector<std::uint32_t> unanswered_by(std::uint8_t js_thread);

  /// The answer is its connection's next: takes out what has been held of it, if anything.
  [[nodiscard]] HeldAnswer take_held(Connection& connection, Exchange& exchange) noexcept;

  /// The oldest exchange of the connection is done.
  void close_oldest(Connection& connection) noexcept;

  /// The connection ends; answers that still come will find nobody.
  void close_all(Connection& connection) noexcept;

  /// JavaScript is told that nobody waits for its answer any more, if it is watching.
  void abandon(std::uint32_t slot);

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  /// Watched exchanges that ended before JavaScript had completed their answers; the caller empties the list.
  struct Abandoned {
    std::uint32_t slot;
    std::uint32_t generation;
    std::uint8_t js_thread;
  };
  [[nodiscard]] std::vector<Abandoned>& abandoned() noexcept { return abandoned_; }

  /// False once the answer has left or the client has gone. Any thread; what it says may be over a moment
  /// later.
  [[nodiscard]] bool is_live(std::uint32_t slot, std::uint32_t generation) const noexcept;

 private:
  static constexpr std::uint32_t kChunk = 1024;
  static constexpr std::uint32_t kMaxChunks = 8192;

  using Chunk = std::array<Exchange, kChunk>;

  void release(Connection& connection, std::uint32_t slot) noexcept;

  BufferBudget& budget_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::unique_ptr<std::atomic<Chunk*>[]> published_ = std::make_unique<std::atomic<Chunk*>[]>(kMaxChunks);
  std::uint32_t first_free_ = kNone;
  std::uint32_t used_ = 0;
  std::uint32_t size_ = 0;
  std::vector<Abandoned> abandoned_;
  std::array<Counter, kNoJsThread> outstanding_;  // by JS thread
};

}  // namespace millrace
