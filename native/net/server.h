// server.h: one listening server: its reactors, their threads and rings. One owner thread, but for what says
// otherwise.
//
// Knows nothing of Node: JS threads are doorbells and shared memory. native/bridge/ makes them from an
// environment; tests make them from plain threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/buffer_budget.h"
#include "base/result.h"
#include "base/server_config.h"
#include "handlers/handler_failures.h"
#include "http/queue_gauge.h"
#include "log/log_file.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "net/thread.h"
#include "pool/worker_pool.h"
#include "ring/doorbell.h"
#include "ring/request_lanes.h"
#include "ring/response_ring.h"

namespace millrace {

/// Powers of two; lib/ring-memory.ts chooses them from the limits.
struct RingSizes {
  std::uint32_t request_slots = 1024;
  std::uint32_t request_arena_bytes = 1u << 20;
  std::uint32_t response_slots = 1024;
  std::uint32_t response_arena_bytes = 1u << 20;
  std::uint32_t first_index = 0;  // other than 0 only in tests, which do not have 2^32 requests to send
};

/// The shared memory of one server and how to wake those who read it.
struct ServerMemory {
  std::vector<ring::SharedMemory> requests;  // one a reactor; of several lanes, those of the first come first
  struct JsThread {
    std::uint32_t* doorbell_word = nullptr;  // and the words that follow it in its line
    ring::Doorbell::Wake wake = nullptr;
    void* wake_context = nullptr;
    std::vector<ring::SharedMemory> responses = {};  // one a reactor
  };
  std::vector<JsThread> js_threads;  // one without a wake has not come yet
  /// Called on reactor threads when one has ended, or a JS thread has left.
  ring::Doorbell::Wake on_change = nullptr;
  void* on_change_context = nullptr;
};

class Server {
 public:
  /// Starts the reactors. An error leaves nothing behind: no thread, no descriptor.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerConfig& config, Routes routes,
                                                             Listener listener, const RingSizes& sizes,
                                                             const ServerMemory& memory);

  /// Drains without waiting for it and joins: what is in flight is cut off.
  ~Server();

  /// Begins to close; returns at once. When ended() is true, join() does not wait.
  void drain(std::uint32_t grace_ms);
  [[nodiscard]] bool ended() const noexcept;
  void join() noexcept;

  /// Ends what has not ended, joins, and from then on leaves the shared memory alone.
  void stop() noexcept;

  /// Is this the thread that has started it?
  [[nodiscard]] bool is_owned_here() const noexcept { return std::this_thread::get_id() == owner_; }

  // --- JS threads ---

  /// Takes a place that is free, to claim from this lane. On the JS thread.
  void connect(std::uint32_t js_thread, std::uint32_t lane, ring::Doorbell::Wake ring,
               void* context) noexcept;
  /// It claims no more: when all it has claimed is answered, has_retired() is true.
  void retire(std::uint32_t js_thread) noexcept;
  /// It is being ended: it is not rung any more, and what it has claimed is answered 503 without waiting for
  /// leave(). Any thread.
  void abandon(std::uint32_t js_thread) noexcept;
  /// It has ended: as abandon(), and when has_left() is true its place is free. On its thread, once.
  void leave(std::uint32_t js_thread) noexcept;
  [[nodiscard]] bool has_retired(std::uint32_t js_thread) const noexcept;
  [[nodiscard]] bool has_left(std::uint32_t js_thread) const noexcept;
  /// Requests that it has and has not answered yet.
  [[nodiscard]] std::uint64_t outstanding(std::uint32_t js_thread) const noexcept;

  /// Any thread, while the server exists.
  void wake(std::uint32_t reactor) const noexcept { reactors_[reactor]->wake(); }
  [[nodiscard]] bool is_live(std::uint32_t reactor, std::uint32_t slot,
                             std::uint32_t generation) const noexcept {
    return reactors_[reactor]->is_live(slot, generation);
  }

  [[nodiscard]] ring::RequestRing& requests(std::uint32_t reactor, std::uint32_t lane = 0) noexcept {
    return *request_rings_[lane * reactors_.size() + reactor];
  }
  [[nodiscard]] ring::ResponseRing& responses(std::uint32_t js_thread, std::uint32_t reactor) noexcept {
    return *response_rings_[js_thread * reactors_.size() + reactor];
  }
  [[nodiscard]] ring::NewsBox& news(std::uint32_t js_thread, std::uint32_t reactor) noexcept {
    return *news_boxes_[js_thread * reactors_.size() + reactor];
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Reactor>>& reactors() const noexcept { return reactors_; }
  [[nodiscard]] const QueueGauge& queue() const noexcept { return queue_; }
  [[nodiscard]] const BufferBudget& budget() const noexcept { return budget_; }
  [[nodiscard]] const WorkerPool& workers() const noexcept { return *workers_; }
  /// What native handlers have failed with since it was asked last. on_change is called when there is some.
  [[nodiscard]] HandlerFailures::Taken take_failures() { return failures_.take(); }
  [[nodiscard]] const LocalAddress& local() const noexcept { return local_; }

 private:
  /// A place for a JS thread.
  struct JsPlace {
    JsPlace(std::uint32_t* word, ring::Doorbell::Wake ring, void* context) noexcept
        : doorbell(word, ring, context), taken(ring != nullptr) {}
    ring::Doorbell doorbell;
    Departure departure;
    std::atomic<std::uint32_t> lane{0};
    bool taken;
  };

  Server(const ServerConfig& config, Routes routes);

  void let_go(std::uint32_t js_thread, DepartureStep step) noexcept;
  [[nodiscard]] bool is_settled(const AwaitedReactors& awaited) const noexcept;

  [[nodiscard]] Status make_reactors(const RingSizes& sizes, const ServerMemory& memory);
  [[nodiscard]] Status run_reactors();

  const ServerConfig config_;
  const Routes routes_;
  BufferBudget budget_;
  QueueGauge queue_;
  HandlerFailures failures_;
  LocalAddress local_;
  std::vector<std::unique_ptr<JsPlace>> places_;
  std::vector<std::unique_ptr<ring::RequestRing>> request_rings_;    // by lane, then reactor
  std::vector<std::unique_ptr<ring::RequestLanes>> request_lanes_;   // one a reactor
  std::vector<std::unique_ptr<ring::ResponseRing>> response_rings_;  // by JS thread, then reactor
  std::vector<std::unique_ptr<ring::NewsBox>> news_boxes_;           // the same
  std::unique_ptr<LogFile> log_file_;                                // null: there is no access log
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::unique_ptr<WorkerPool> workers_;  // before the reactors: its jobs come back to them
  std::vector<Thread> threads_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::mutex mutex_;      // who takes and leaves places, and whether that still matters
  bool stopped_ = false;  // no reactor is left, and the shared memory may be gone
};

}  // namespace millrace
