// connection_io.h: opens, reads, writes, times and ends the connections of one reactor. Reactor thread only.
//
// Knows sockets and time, not HTTP: what the bytes mean is RequestIntake's and ResponseOutlet's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/buffer_budget.h"
#include "base/result.h"
#include "base/server_config.h"
#include "base/thread_tokens.h"
#include "http/exchange_table.h"
#include "http/queue_gauge.h"
#include "net/connection_table.h"
#include "net/counters.h"
#include "net/output_batch.h"
#include "net/timer_wheel.h"

namespace millrace {

class AccessLog;

class ConnectionIo {
 public:
  /// All references outlive this object. `log` is null where the server has none.
  ConnectionIo(const ServerConfig& config, int epoll_fd, ExchangeTable& exchanges, BufferBudget& budget,
               QueueGauge& queue, Counters& counters, AccessLog* log);

  /// Null: epoll would not take it; the descriptor is closed.
  Connection* add(UniqueFd fd, const PeerAddress& peer, const OnReactor& here);

  /// For a client that is one too many: it is not read, and not counted as a connection.
  Connection* add_refused(UniqueFd fd, const PeerAddress& peer, const OnReactor& here);
  [[nodiscard]] std::uint32_t refused_open() const noexcept { return refused_open_; }

  [[nodiscard]] ConnectionTable& table() noexcept { return table_; }
  [[nodiscard]] BufferBudget& budget() noexcept { return budget_; }
  [[nodiscard]] AccessLog* log() noexcept { return log_; }

  // --- input ---

  enum class Stop { would_block, peer_finished, failed };
  /// Reads once, into the reactor's buffer; the bytes are good until the next call.
  [[nodiscard]] std::variant<std::string_view, Stop> receive(Connection& connection, const OnReactor&);

  /// Reads once, as far as there is room behind the bytes that are there.
  [[nodiscard]] std::variant<std::size_t, Stop> receive_into(Connection& connection, OwnedBytes& bytes,
                                                             std::size_t most, const OnReactor&);

  /// Epoll reports no more input until resume_reading(). Errors are still reported, and the client's FIN, if
  /// that is not known yet: RequestIntake::on_half_closed().
  void stop_reading(Connection& connection, const OnReactor&) noexcept;
  void resume_reading(Connection& connection, const OnReactor&) noexcept;

  // --- output ---

  /// Room for `bytes` (at most kOutputScratchBytes) of an answer. May send what has been gathered, and so end
  /// connections: look yours up afterwards.
  [[nodiscard]] char* reserve_output(std::size_t bytes, const OnReactor& here);
  void commit_output(Connection& connection, std::size_t bytes) { batch_.commit(connection, bytes); }
  void append_output(Connection& connection, OwnedBytes block) {
    batch_.append(connection, std::move(block));
  }
  /// For bytes that live as long as the server.
  void append_static_output(Connection& connection, std::string_view bytes) {
    batch_.append_static(connection, bytes);
  }

  /// For bytes that the kernel sends from a file. One that has become shorter ends its connection.
  void append_file_output(Connection& connection, FileSlice slice) {
    batch_.append_file(connection, std::move(slice));
  }

  /// So much has been gathered that a connection's requests might have to wait for it: time to flush(), so
  /// that unsent() tells the truth.
  [[nodiscard]] bool has_much_output() const noexcept {
    return batch_.bytes() > std::min<std::uint64_t>(kOutputScratchBytes, config_.limits.unsent_bytes);
  }

  /// Sends everything gathered, one system call a connection.
  void flush(const OnReactor& here);

  /// The oldest of what is to be sent to it has been counted as an answer already.
  [[nodiscard]] bool answer_is_leaving(const Connection& connection) const noexcept;
  /// Connections that were closed while one was.
  [[nodiscard]] std::uint64_t never_left() const noexcept { return never_left_; }

  /// The socket takes more.
  void on_writable(Connection& connection, const OnReactor& here);

  /// Bytes this connection has not been able to send.
  [[nodiscard]] static std::size_t unsent(const Connection& connection) noexcept {
    return connection.output == nullptr ? 0 : connection.output->bytes();
  }

  /// What epoll would tell of the connection now.
  [[nodiscard]] static std::uint32_t events_of(const Connection& connection) noexcept;

  /// The write deadline has passed. True: the client has taken something all the same, of what is in the
  /// kernel, and has a new one.
  [[nodiscard]] bool has_read_on(Connection& connection);

  // --- end ---

  /// Ends the connection when everything queued for it has been sent; nothing is read any more.
  void finish(Connection& connection) noexcept;

  /// Ends it now. Its requests are forgotten: their answers will find nobody.
  void close(Connection& connection, const OnReactor& here) noexcept;

  /// Ends it now, in a way that the client cannot take for an end in order.
  void reset(Connection& connection, const OnReactor& here) noexcept;

  /// Input of a connection that is ending: read and thrown away until the client's FIN (RFC 9112 §9.6).
  void discard_input(Connection& connection, const OnReactor& here);

  // --- time ---

  void set_now(std::uint64_t now_ms) noexcept { now_ms_ = now_ms; }
  [[nodiscard]] std::uint64_t now_ms() const noexcept { return now_ms_; }

  /// The connection has nothing to do: it may stay so for timeouts.keepAliveMs.
  void start_idle_time(Connection& connection);
  /// From now on for no longer than this.
  void bound_idle_time(std::uint32_t most_ms) noexcept { idle_ms_ = std::min(idle_ms_, most_ms); }

  /// One of the answers that the connection awaits is due by then.
  void expect_answer(Connection& connection, Exchange& exchange, std::uint64_t deadline_ms);

  /// The connection's nearest deadline has changed.
  void arm(const Connection& connection);

  template <class Due>
  void advance_timers(Due&& due) {
    timers_.advance(static_cast<std::int64_t>(now_ms_), [&](std::uint32_t slot) { due(table_.at(slot)); });
  }
  [[nodiscard]] int next_timer_ms() const noexcept {
    return timers_.next_due_ms(static_cast<std::int64_t>(now_ms_));
  }

  /// Connections from which input can be taken again, or files looked for, since an answer has left; the
  /// caller empties the list.
  [[nodiscard]] std::vector<ConnectionId>& unblocked() noexcept { return unblocked_; }

  /// Connections with `stream_waits` whose socket has taken more; the caller empties the list.
  [[nodiscard]] std::vector<ConnectionId>& drained() noexcept { return drained_; }

 private:
  [[nodiscard]] std::variant<std::size_t, Stop> read(const Connection& connection, char* to,
                                                     std::size_t most);
  Connection* open(UniqueFd fd, const PeerAddress& peer, const OnReactor& here);
  void watch(Connection& connection, std::uint32_t events) noexcept;
  /// Sends what waits, as far as the socket takes it.
  void send_queued(Connection& connection, const OnReactor& here);
  void after_send(Connection& connection, const OnReactor& here);
  void set_write_deadline(Connection& connection) noexcept;
  static void set_reads_quickly(Connection& connection, bool quickly) noexcept;

  const ServerConfig& config_;
  const int epoll_fd_;
  ExchangeTable& exchanges_;
  BufferBudget& budget_;
  QueueGauge& queue_;
  Counters& counters_;
  AccessLog* const log_;

  ConnectionTable table_;
  OutputBatch batch_;
  TimerWheel timers_;
  std::unique_ptr<char[]> receive_buffer_;
  std::vector<ConnectionId> unblocked_;
  std::vector<ConnectionId> drained_;
  std::vector<ConnectionId> ending_;  // have nothing to send and end with the next flush()
  std::uint64_t now_ms_ = 0;
  std::uint64_t never_left_ = 0;
  std::uint32_t idle_ms_;
  std::uint32_t refused_open_ = 0;
};

}  // namespace millrace
