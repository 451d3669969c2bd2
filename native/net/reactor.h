// reactor.h: one I/O thread: the only epoll_wait, and the order in which a wake's work is done.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/server_config.h"
#include "files/file_cache.h"
#include "http/departures.h"
#include "http/exchange_table.h"
#include "http/request_intake.h"
#include "http/response_outlet.h"
#include "log/access_log.h"
#include "net/acceptor.h"
#include "net/connection_io.h"
#include "net/counters.h"
#include "net/js_link.h"
#include "net/js_wakes.h"
#include "net/mailbox.h"
#include "net/memory_trim.h"
#include "net/wakeup.h"
#include "pool/job_desk.h"
#include "ring/doorbell.h"
#include "ring/exchange_news.h"
#include "ring/request_lanes.h"
#include "ring/response_ring.h"

namespace millrace {

/// What the reactors of one server share.
struct ReactorShared {
  const ServerConfig& config;
  const Routes& routes;
  BufferBudget& budget;
  QueueGauge& queue;
  WorkerPool& workers;
  HandlerFailures& failures;
  LogFile* log = nullptr;  // null: there is no access log
  /// Called on reactor threads when one has ended, or a JS thread has left.
  ring::Doorbell::Wake on_change = nullptr;
  void* on_change_context = nullptr;
};

class Reactor {
 public:
  /// Descriptors are made here, where failing is still simple.
  [[nodiscard]] static Result<std::unique_ptr<Reactor>> make(const ReactorShared& shared,
                                                             ring::RequestLanes& requests,
                                                             std::vector<JsLink> js_threads);

  /// This reactor accepts for all of them. Before run().
  [[nodiscard]] Status accept_for(std::vector<Reactor*> reactors, Listener listener);

  /// The thread's body: serves until it has drained.
  void run();

  // --- any thread ---

  /// Takes over a client that another reactor has accepted.
  void give(Mailbox::Client client);
  /// Stops accepting, answers what is in flight, ends what is idle, and at the end of the grace time the
  /// rest. Then run() returns. Ask the accepting reactor only: it tells the others when nobody more will come
  /// to them.
  void drain();
  /// A drain that is under way, or still to come, cuts off after this time at the latest.
  void bound_grace(std::uint32_t most_ms);
  /// A JS thread leaves. With DepartureStep::leave it neither claims nor answers any more.
  void let_go(std::uint8_t js_thread, DepartureStep step);
  /// JavaScript has published answers and found the reactor asleep.
  void wake() const noexcept { wakeup_.signal(); }

  [[nodiscard]] bool is_live(std::uint32_t exchange_slot, std::uint32_t generation) const noexcept {
    return exchanges_.is_live(exchange_slot, generation);
  }
  [[nodiscard]] std::uint64_t outstanding(std::uint8_t js_thread) const noexcept {
    return exchanges_.outstanding(js_thread);
  }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  /// Connections it has or has been promised; what the acceptor deals by.
  [[nodiscard]] std::uint32_t load() const noexcept {
    // Sequentially consistent: the acceptor says that it waits for room before it looks here, see
    // tell_load(). Relaxed: only the acceptor's own thread writes it.
    return given_.load(std::memory_order_relaxed) - gone_.load(std::memory_order_seq_cst);
  }
  /// run() has returned or is about to; everything it will ever do has been done.
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  /// Requests that were cut off by the end of the grace time.
  [[nodiscard]] std::uint64_t aborted() const noexcept { return aborted_.get(); }
  /// Of what has been counted as answered while it closed the rest: what left only then, less what never did.
  /// Once it has ended.
  [[nodiscard]] std::int64_t left_while_closing() const noexcept {
    return static_cast<std::int64_t>(were_leaving_) -
           static_cast<std::int64_t>(io_.never_left() - never_left_before_);
  }

  // --- this reactor's thread ---

  /// A client for this reactor itself.
  void adopt(Mailbox::Client client, const OnReactor& here);
  /// One more client than limits.connections allows: told so and closed.
  void refuse(Mailbox::Client client, const OnReactor& here);

 private:
  Reactor(const ReactorShared& shared, ring::RequestLanes& requests, std::vector<JsLink> js_threads,
          UniqueFd epoll, Wakeup wakeup);

  void turn(const OnReactor& here);
  [[nodiscard]] int look_for_events(std::span<epoll_event> events);
  [[nodiscard]] int prepare_to_sleep();
  [[nodiscard]] bool js_has_answered() const noexcept;
  [[nodiscard]] bool js_is_at_work() const noexcept;
  void handle_event(std::uint64_t key, std::uint32_t events, const OnReactor& here);
  void hand_over_requests();
  void collect_answers(const OnReactor& here);
  void see_off_js_threads(const OnReactor& here);
  void tell_news(const OnReactor& here);
  void resume_connections(const OnReactor& here);
  void fire_timers(const OnReactor& here);
  void trim_memory();
  void on_deadline(Connection& connection, const OnReactor& here);
  void read_mail(const OnReactor& here);
  void begin_drain(const OnReactor& here);
  void cut_off(const OnReactor& here);
  void tell_load(const OnReactor& here);
  void add(Mailbox::Client client, const OnReactor& here);
  void update_clock() noexcept;
  void tell_change() const noexcept;
  void write_log();
  [[nodiscard]] bool has_log_to_write() const noexcept;

  Counters counters_;  // first: it has cache lines of its own
  ring::RequestLanes& requests_;
  std::vector<JsLink> js_threads_;
  UniqueFd epoll_;
  Wakeup wakeup_;
  Mailbox mailbox_;
  Counter aborted_;
  std::uint64_t were_leaving_ = 0;       // answers that had been counted when closing began, and had not left
  std::uint64_t never_left_before_ = 0;  // see ConnectionIo::never_left()
  ExchangeTable exchanges_;
  std::unique_ptr<AccessLog> log_;
  ConnectionIo io_;
  std::vector<ring::NewsBox*> news_;  // by JS thread
  JobDesk jobs_;
  ResponseOutlet outlet_;
  FileCache file_cache_;
  TrimSchedule trim_;
  RequestIntake intake_;
  Departures departures_;
  JsWakes js_wakes_;
  std::optional<Acceptor> acceptor_;
  Reactor* accepting_ = nullptr;  // the one that has the acceptor
  std::vector<Reactor*> others_;  // of the accepting reactor: those that drain after it
  std::vector<ConnectionId> resuming_;
  std::uint32_t failed_looks_ = 0;  // one after the other
  std::uint32_t looks_to_skip_ = 0;
  const ServerConfig& config_;
  const ring::Doorbell::Wake on_change_;
  void* const on_change_context_;
  const std::uint64_t clock_start_ms_;
  std::uint32_t grace_ms_ = Mailbox::kUnbounded;  // the shortest that has been asked for
  std::uint64_t drain_until_ms_ = 0;
  std::uint64_t log_until_ms_ = 0;       // 0: its last connection has not ended
  std::uint32_t taken_ = 0;              // clients given to us that we have added
  std::atomic<std::uint32_t> given_{0};  // clients that the acceptor has given us
  std::atomic<std::uint32_t> gone_{0};   // of these, how many have ended
  std::atomic<bool> ended_{false};
};

}  // namespace millrace
