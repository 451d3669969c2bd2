// load_thread.h: one thread that sends requests and reads answers: its connections, its epoll, its figures.
// run() in that thread; stop() and progress() from any; the rest before it starts or when it has ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "load/load_connection.h"
#include "load/load_counts.h"
#include "load/load_plan.h"
#include "load/request_schedule.h"
#include "net/timer_wheel.h"
#include "net/wakeup.h"

namespace millrace::load {

/// Of one thread, while it runs.
struct LoadProgress {
  std::uint64_t answers;
  std::uint64_t errors;
  std::uint64_t bytes_received;
};

class LoadThread {
 public:
  /// Number `index` of the plan's threads. The plan outlives it.
  [[nodiscard]] static Result<std::unique_ptr<LoadThread>> make(const LoadPlan& plan, std::uint32_t index);

  void run() noexcept;

  /// Soon, whatever is under way.
  void stop() noexcept;
  [[nodiscard]] LoadProgress progress() const noexcept;
  [[nodiscard]] const LoadCounts& counts() const noexcept { return counts_; }

 private:
  using State = LoadConnection::State;

  LoadThread(const LoadPlan& plan, std::uint32_t index, UniqueFd epoll, UniqueFd timer, Wakeup wakeup);

  // --- the loop: load_thread.cc ---
  [[nodiscard]] Status watch(int fd, std::uint64_t key) const noexcept;
  void open_all() noexcept;
  void begin_clock() noexcept;
  [[nodiscard]] bool finished() const noexcept;
  void wait_and_handle() noexcept;
  [[nodiscard]] int wait_ms() noexcept;
  void send_what_is_due() noexcept;
  void publish() noexcept;
  void conclude() noexcept;
  void conclude_open_loop(std::int64_t due_by) noexcept;

  // --- how a connection is opened: load_connecting.cc ---
  void open(std::uint32_t slot) noexcept;
  void on_connected(std::uint32_t slot) noexcept;
  void connect_failed(std::uint32_t slot, int error) noexcept;
  /// Gives the run up when there has been nothing else for too long.
  void note_failing() noexcept;
  /// What is pending could not be sent in time.
  void give_back(LoadConnection& connection) noexcept;
  void note_prepared(std::uint32_t slot) noexcept;

  // --- what happens to it: load_exchange.cc ---
  void on_event(std::uint32_t slot, std::uint32_t events) noexcept;
  void on_due(std::uint32_t slot) noexcept;
  /// It has nothing to do, or is closed and may be opened again.
  void go_on(std::uint32_t slot) noexcept;
  void begin(std::uint32_t slot, RequestSchedule::Batch batch) noexcept;
  void send_pending(std::uint32_t slot) noexcept;
  void send(std::uint32_t slot) noexcept;
  void receive(std::uint32_t slot, bool to_the_end) noexcept;
  /// False: the connection is not what it was, and nothing more may be read from it.
  [[nodiscard]] bool read_answers(std::uint32_t slot, std::size_t bytes) noexcept;
  void on_answer(LoadConnection& connection) noexcept;
  void refuse_surplus(std::uint32_t slot) noexcept;
  void on_end_of_input(std::uint32_t slot) noexcept;
  /// All that waits on the connection has come to nothing.
  void fail(std::uint32_t slot, LoadError error, const char* why) noexcept;
  /// The connection ends, and another takes its place; requests that are still pending go with that one.
  void replace(std::uint32_t slot) noexcept;
  void count_error(LoadError error, std::uint64_t count, const std::string& why);
  void set_deadline(std::uint32_t slot, std::uint32_t ms) noexcept;
  /// What is pending will not be answered. In an open loop the time that it has waited counts.
  void count_wait(const LoadConnection& connection) noexcept;
  void set_pending(LoadConnection& connection, std::uint32_t pending) noexcept;

  const LoadPlan& plan_;
  RequestSchedule schedule_;
  RequestBytes requests_;
  UniqueFd epoll_;
  UniqueFd timer_;  // for an open loop: epoll_wait counts milliseconds
  Wakeup wakeup_;
  TimerWheel wheel_;
  std::vector<LoadConnection> connections_;
  std::vector<char> buffer_;
  /// Slots of connections with nothing to do, in the order in which they got there: a ring.
  std::vector<std::uint32_t> idle_;
  std::size_t idle_head_ = 0;
  std::size_t idle_count_ = 0;
  std::uint64_t busy_ = 0;      // connections with something pending
  std::uint32_t prepared_ = 0;  // connections whose first attempt has ended
  std::uint64_t attempts_failed_ = 0;
  std::uint64_t errors_ = 0;  // of all kinds
  std::int64_t now_ = 0;      // nanoseconds, as of the last event
  std::int64_t timer_set_to_ = 0;
  std::int64_t failing_since_ = 0;  // the first failed attempt to connect behind all that went well; 0: none
  std::int64_t free_at_ = 0;  // when the first connection had nothing to do that might still be sent; 0: none
  LoadCounts counts_;

  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> shown_answers_{0};
  std::atomic<std::uint64_t> shown_errors_{0};
  std::atomic<std::uint64_t> shown_bytes_{0};
};

}  // namespace millrace::load
