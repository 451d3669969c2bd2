// access_log.h: what one reactor's access log has to know of requests until their answers have been sent.
// There is none where the option is off. Reactor thread only.
//
// A request is described while its head is there. What becomes of it is kept by its exchange as long as it
// has one, then by its connection until all has been sent or the connection has ended: so a line says how
// much the client has got, and how long that took.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/buffer_budget.h"
#include "http/exchange_table.h"
#include "http/request_head.h"
#include "log/log_line.h"
#include "log/log_writer.h"
#include "net/connection.h"

namespace millrace {

/// Of requests whose clients have gone, or whose connections have ended, before there was an answer. No
/// status of HTTP; nginx writes it too, so that readers of logs know it.
inline constexpr std::uint16_t kUnansweredStatus = 499;

class AccessLog {
 public:
  /// What it keeps of requests that wait is charged to `budget`.
  AccessLog(LogFile& file, LogFormat format, BufferBudget& budget) : writer_(file, format), budget_(budget) {}

  [[nodiscard]] LogWriter& writer() noexcept { return writer_; }

  /// More than any answer has.
  static constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

  // --- of a request ---

  /// The connection's next request has begun to arrive. May be said again.
  void begin(const Connection& connection);
  /// The request that is answered or handed over next. `received` is what the head was parsed from.
  void describe(const RequestHead& head, std::span<const Field> fields, std::string_view received) {
    describe_request(writer_.format(), head, fields, received, current_);
  }
  /// What is answered next is no request.
  void describe_none() { describe_nothing(writer_.format(), current_); }
  /// It has got this exchange.
  void keep(const Connection& connection, std::uint32_t exchange_slot);

  // --- of its answer ---

  /// The described request has been answered, without an exchange. The answer has been put out.
  void answered(const Connection& connection, std::uint16_t status, std::uint64_t body_bytes);

  void set_status(std::uint32_t exchange_slot, std::uint16_t status) {
    of_exchange_[exchange_slot].status = status;
  }
  void add_body(std::uint32_t exchange_slot, std::uint64_t bytes) {
    of_exchange_[exchange_slot].body_bytes += bytes;
  }
  /// The answer is complete, and all of it has been put out. Before the exchange is closed.
  void complete(const Connection& connection, std::uint32_t exchange_slot);

  // --- of its connection ---

  /// Bytes that are kept of its answers that were put out and have not been sent.
  [[nodiscard]] std::uint64_t waiting_bytes(const Connection& connection) const noexcept {
    const std::uint32_t slot = connection.id.slot;
    return slot < of_connection_.size() ? of_connection_[slot].waiting_bytes : 0;
  }

  /// Everything that was put out has been sent.
  void all_sent(const Connection& connection);
  /// The connection's exchanges are about to end without answers: an answer that was there already, and
  /// waited for older ones, is none either. Of the oldest some may have been put out if the connection is cut
  /// off, and nothing if another answer has ended it.
  enum class Oldest : std::uint8_t { may_have_begun, was_behind_the_end };
  void unanswered(const Connection& connection, ExchangeTable& exchanges, Oldest oldest);
  /// It ends: of what was put out so many bytes have not been sent.
  void ended(const Connection& connection, std::uint64_t unsent_bytes);

 private:
  struct Record {
    LoggedText request;
    std::uint64_t start_ns = 0;
    std::uint64_t body_bytes = 0;
    std::size_t bytes = 0;     // that it takes, until it is written
    std::uint16_t status = 0;  // 0: none yet
    std::uint32_t next = kNone;
  };
  struct OfConnection {
    std::uint64_t start_ns = 0;       // of the request that arrives; 0: none
    std::uint64_t bytes = 0;          // of its records
    std::uint64_t waiting_bytes = 0;  // of those that have been put out
    std::uint64_t charged = 0;        // of `bytes`
    std::uint32_t first = kNone;      // answers that have been put out, in records_
    std::uint32_t last = kNone;
  };

  [[nodiscard]] OfConnection& of(const Connection& connection);
  void take_description(const Connection& connection, Record& record);
  void put_out(const Connection& connection, Record& record);
  /// The last that is done with a record; its memory may be used again.
  void write(const Connection& connection, Record& record);
  void append_line(const Connection& connection, const Record& record);
  void account(OfConnection& own) noexcept;

  LogWriter writer_;
  BufferBudget& budget_;
  LoggedText current_;
  std::vector<Record> of_exchange_;          // by slot
  std::vector<OfConnection> of_connection_;  // by slot
  std::vector<Record> put_out_;              // lists by connection, and one of those that are free
  std::uint32_t first_free_ = kNone;
};

}  // namespace millrace
