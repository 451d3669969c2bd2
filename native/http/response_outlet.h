// response_outlet.h: puts answers onto their connections, in the order of the requests. Reactor thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/server_config.h"
#include "base/thread_tokens.h"
#include "files/file_root.h"
#include "http/exchange_table.h"
#include "http/http_date.h"
#include "http/reply_table.h"
#include "http/request_head.h"
#include "http/whole_answer.h"
#include "net/connection_io.h"
#include "pool/job_desk.h"
#include "ring/exchange_news.h"
#include "ring/response_ring.h"

namespace millrace {

/// Room for what surrounds one chunk, and for the last chunk (RFC 9112 §7.1).
inline constexpr std::size_t kChunkFrameBytes = 32;

/// What an answer has to know of its request.
struct RequestTraits {
  bool head_request = false;
  bool http_1_0 = false;
  bool keep_alive_1_0 = false;
  bool close_after = false;
  bool more_received = false;  // behind it, so its answer is not the connection's last

  [[nodiscard]] static RequestTraits of(const RequestHead& head) noexcept {
    return {.head_request = head.method == Method::head,
            .http_1_0 = head.minor_version == 0,
            .keep_alive_1_0 = head.minor_version == 0 && head.keep_alive,
            .close_after = !head.keep_alive};
  }
};

/// An answer that the reactor makes itself.
struct NativeAnswer {
  std::uint16_t status = 500;
  bool retry_after = false;
  std::string_view allow = {};
};

class ResponseOutlet {
 public:
  /// `news`: one for each JS thread. Half of limits.unsentBytes is what kDrained means by "most of it".
  ResponseOutlet(ConnectionIo& io, ExchangeTable& exchanges, Counters& counters,
                 const std::vector<ring::NewsBox*>& news, JobDesk& jobs, const FileRoots& files,
                 const ServerConfig& config)
      : io_(io),
        exchanges_(exchanges),
        counters_(counters),
        news_(news),
        jobs_(jobs),
        files_(files),
        compression_(config.compression),
        drained_bytes_(config.limits.unsent_bytes / 2) {}

  /// Takes every answer that JavaScript has published in this ring. True: the producer waits for the
  /// doorbell.
  [[nodiscard]] bool collect(ring::ResponseRing& ring, std::uint8_t js_thread, const OnReactor& here);

  /// Tells JavaScript what has become of the exchanges that it watches. After flush().
  void tell_news(const OnReactor& here);
  /// The client has said FIN: whoever watches one of its exchanges is told.
  void tell_peer_finished(const Connection& connection);

  /// Answers a request that has no exchange yet; behind those that have, if the connection has any.
  /// The connection may be gone afterwards.
  void answer(Connection& connection, const RequestTraits& request, const NativeAnswer& answer,
              const OnReactor& here);
  void answer_with(const Reply& reply, Connection& connection, const RequestTraits& request,
                   const OnReactor& here);
  void answer_whole(WholeAnswer answer, Connection& connection, const RequestTraits& request,
                    const OnReactor& here);

  /// Requests of the connection may have waited longer than timeouts.handlerMs, wherever in its pipeline.
  void answer_overdue(Connection& connection, const OnReactor& here);
  /// No JS thread will see this request: it has waited for longer than timeouts.queueMs.
  void answer_unclaimed(std::uint32_t exchange_slot, std::uint32_t generation, const OnReactor& here);

  // response_natives.cc: of requests that native handlers have.

  /// All of the answer; `body` is its body.
  void answer_exchange(std::uint32_t exchange_slot, std::uint32_t generation, WholeAnswer answer,
                       OwnedBytes body, const OnReactor& here);
  /// Its handler has failed: 500.
  void answer_failed(std::uint32_t exchange_slot, const OnReactor& here);
  /// No thread will run its handler: 503. `more_received`: as of RequestTraits, where its request has just
  /// come.
  void answer_unavailable(std::uint32_t exchange_slot, const OnReactor& here, bool more_received = false);
  /// `gone` is set when the client says FIN: perhaps nobody reads any more. Until it is forgotten.
  void watch_client(std::uint32_t exchange_slot, std::uint32_t generation,
                    std::shared_ptr<std::atomic<bool>> gone);
  void forget_client(std::uint32_t exchange_slot, std::uint32_t generation);

  /// The JS thread that had this request has ended: 503, or half an answer is cut off.
  void answer_lost(std::uint32_t exchange_slot, const OnReactor& here);

  /// The request of this exchange has turned out to be bad, or its client too slow. An answer that has begun
  /// is cut off.
  void answer_instead(Connection& connection, std::uint32_t exchange_slot, std::uint16_t status,
                      const OnReactor& here);

  /// A handler asks for the body of its request, or for no more of it. In the order in which it does.
  struct BodyRead {
    std::uint32_t exchange_slot;
    std::uint32_t exchange_generation;
    std::uint8_t js_thread;
    std::uint32_t kind;  // ring::response::kReadPiece, kReadWhole or kLeaveBody
  };
  /// What collect() has found of them; RequestIntake serves them and empties the list.
  [[nodiscard]] std::vector<BodyRead>& body_reads() noexcept { return body_reads_; }

  /// Answers in pieces for which the pool had no room are tried again.
  void compress_waiting();
  [[nodiscard]] bool has_waiting_streams() const noexcept { return !waiting_streams_.empty(); }

  /// Files for sendFile() that had to wait are looked for, as far as the connection may hold them.
  void start_lookups(Connection& connection);

  /// From now on each connection ends with its last answer.
  void begin_drain() noexcept { draining_ = true; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }

  void set_time(std::int64_t unix_seconds) noexcept {
    unix_seconds_ = unix_seconds;
    date_ = http_date_.at(unix_seconds);
  }
  [[nodiscard]] std::int64_t unix_seconds() const noexcept { return unix_seconds_; }
  [[nodiscard]] std::string_view date() const noexcept { return date_; }

 private:
  void deliver(ring::ResponseMessage message, OwnedBytes outside, std::uint8_t js_thread,
               const OnReactor& here);
  void deliver_as_is(const ring::ResponseMessage& message, OwnedBytes outside, std::uint8_t js_thread,
                     const OnReactor& here);
  /// Sends bytes of an answer, or holds them as long as it is not the oldest: `written` at the start of the
  /// room that was reserved, `block`, and `after`, which lives as long as the server.
  void put(Connection& connection, Exchange& exchange, std::string_view written, OwnedBytes block,
           std::string_view after, const OnReactor& here);

  // response_pieces.cc
  void control(const ring::ResponseMessage& message, OwnedBytes outside, std::uint8_t js_thread,
               const OnReactor& here);
  void begin_pieces(Exchange& exchange, const ring::ResponseMessage& message, std::uint8_t js_thread);
  void continue_with(Connection& connection, Exchange& exchange, const ring::ResponseMessage& message,
                     char* start, OwnedBytes outside, const OnReactor& here);
  void put_chunk(Connection& connection, Exchange& exchange, char* start, char* end, std::string_view body,
                 OwnedBytes outside, const OnReactor& here);
  void give_early_hints(Connection& connection, Exchange& exchange, std::string_view fields, char* start,
                        const OnReactor& here);
  /// The handler asks for its request's body. Noted at once, and a client that waits for 100 Continue gets
  /// it, since the answer may begin in the same batch.
  void begin_reading(Connection& connection, Exchange& exchange, std::uint32_t slot, char* start,
                     const OnReactor& here);
  void abort(Connection& connection, Exchange& exchange, const OnReactor& here);
  void abort_until_close(Connection& connection, Exchange& exchange, const OnReactor& here);
  void watch_drain(Connection& connection);
  void tell(const Exchange& exchange, std::uint32_t slot, std::uint32_t kind);
  void tell_gone(const ring::ResponseMessage& message, std::uint8_t js_thread);

  // response_files.cc
  class FileSending;
  void send_file(Exchange& exchange, const ring::ResponseMessage& message, const OwnedBytes& outside,
                 std::uint8_t js_thread);
  void give_file(FileSending& sending, const OnReactor& here);
  void start_lookup(Connection& connection, Exchange& exchange, std::uint32_t slot,
                    std::unique_ptr<Job> lookup);
  [[nodiscard]] static bool may_look_up(const Connection& connection, std::uint32_t exchange_slot) noexcept;
  /// All of the answer to a request that a handler has. `block` is the end of its body, behind `answer.body`.
  void put_whole(std::uint32_t exchange_slot, std::uint32_t generation, WholeAnswer answer, OwnedBytes block,
                 const OnReactor& here);

  // response_natives.cc
  void tell_watched_client(std::uint32_t exchange_slot);

  // response_compression.cc
  class WholeCompression;
  class PieceCompression;
  [[nodiscard]] bool is_to_be_compressed(const Exchange& exchange, const ring::ResponseMessage& message,
                                         std::size_t body_bytes) const noexcept;
  /// For HEAD, which has nothing to compress: the fields that GET would get, without the length, which is
  /// known only when all of it has been compressed (RFC 9110 §8.6, §9.3.2).
  [[nodiscard]] static std::string describe_to_head(Exchange& exchange, ring::ResponseMessage& message);
  /// False: it has to be sent as it is.
  [[nodiscard]] bool compress_whole(Exchange& exchange, const ring::ResponseMessage& message,
                                    OwnedBytes& outside);
  void give_compressed(WholeCompression& job, const OnReactor& here);
  void compress_piece(Connection& connection, Exchange& exchange, const ring::ResponseMessage& message,
                      OwnedBytes outside, const OnReactor& here);
  void compress_pending(Exchange& exchange, std::uint32_t slot);
  void give_compressed_piece(PieceCompression& job, const OnReactor& here);
  void end_chunks(Connection& connection, Exchange& exchange, std::string_view trailers,
                  const OnReactor& here);

  [[nodiscard]] static ResponseHead head_of(const WholeAnswer& answer, bool close,
                                            bool keep_alive_1_0) noexcept;
  void answer_error(std::uint32_t exchange_slot, std::uint16_t status, const OnReactor& here,
                    bool more_received = false);
  /// What the log says of an answer.
  struct Logged {
    std::uint16_t status;
    std::uint64_t body_bytes;
  };
  void answer_bytes(ConnectionId id, const RequestTraits& request, const Logged& logged, OwnedBytes bytes,
                    FileParts files, const OnReactor& here);
  void log_answer(std::uint32_t exchange_slot, std::uint16_t status, std::string_view response);
  void log_body(const Connection& connection, const Exchange& exchange, std::uint64_t bytes);
  [[nodiscard]] std::uint32_t slot_of(const Connection& connection, const Exchange& exchange) noexcept;
  /// False: no memory for what goes between them.
  [[nodiscard]] bool append_files(Connection& connection, FileParts& files);
  void finish_oldest(Connection& connection, bool close);
  void after_answer(Connection& connection);
  /// The body of the request in `slot`, if it has not gone to its handler as a whole; else nullptr.
  [[nodiscard]] static Upload* upload_of(Connection& connection, std::uint32_t slot) noexcept;
  /// Nobody reads it, and there is more to come than would be thrown away.
  [[nodiscard]] static bool is_unread(Connection& connection, std::uint32_t slot) noexcept;
  /// More is to come of the youngest request's body than is worth reading for nobody; on close that is
  /// anything.
  [[nodiscard]] bool leaves_body_behind(const Connection& connection) const noexcept;
  [[nodiscard]] bool ends_connection(const Connection& connection, bool close_after,
                                     bool is_youngest) const noexcept;
  /// The same for an answer that is complete, or is going to be with these bytes.
  [[nodiscard]] bool ends_with_answer(const Connection& connection, const Exchange& exchange,
                                      bool close_after) noexcept;

  ConnectionIo& io_;
  ExchangeTable& exchanges_;
  Counters& counters_;
  const std::vector<ring::NewsBox*>& news_;  // by JS thread
  JobDesk& jobs_;
  const FileRoots& files_;
  const ServerConfig::Compression& compression_;
  const std::uint64_t drained_bytes_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> waiting_streams_;  // slot and generation of exchanges
  std::vector<BodyRead> body_reads_;
  /// By generation and slot: what native handlers are at work for.
  std::unordered_map<std::uint64_t, std::shared_ptr<std::atomic<bool>>> watched_clients_;
  std::vector<ConnectionId> asking_;  // may have been drained already: looked at after the next flush
  std::int64_t unix_seconds_ = 0;
  HttpDate http_date_;
  std::string_view date_;
  bool draining_ = false;
};

}  // namespace millrace
