// request_intake.h: turns received bytes into requests, and sends each where it belongs. Reactor thread only.
//
// bytes → parse → route → the reactor's own answer, or the request ring. What cannot go on yet (unfinished
// messages, pipelined requests that must wait, a full ring) stays with its connection as PendingInput, and
// the connection is not read further: back-pressure reaches the client through TCP.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "base/server_config.h"
#include "base/thread_tokens.h"
#include "files/file_cache.h"
#include "files/file_root.h"
#include "handlers/handler_failures.h"
#include "handlers/native_route.h"
#include "http/exchange_table.h"
#include "http/queue_gauge.h"
#include "http/reply_table.h"
#include "http/request_parser.h"
#include "http/response_outlet.h"
#include "http/router.h"
#include "net/connection_io.h"
#include "pool/job_desk.h"
#include "pool/job_ticket.h"
#include "ring/exchange_news.h"
#include "ring/request_lanes.h"

namespace millrace {

/// What the application registered, the same for all reactors of a server.
struct Routes {
  Router router;
  Router upgrades;      // of requests that ask for another protocol: their handlers get the connection
  Router behind_files;  // where what is no file goes: all but those with files
  ReplyTable replies;
  FileRoots files;
  std::vector<NativeRoute> natives;
  /// By RouteTarget::id of handlers: the server's limits, or the route's own.
  struct HandlerLimits {
    std::uint64_t body_bytes;
    std::uint32_t handler_ms;
  };
  std::vector<HandlerLimits> handlers;
  /// Handler for what no route matches; kNone: the reactor answers 404, 405 or OPTIONS itself.
  std::uint32_t fallback = kNone;
};

class RequestIntake {
 public:
  RequestIntake(const ServerConfig& config, const Routes& routes, ConnectionIo& io, ResponseOutlet& outlet,
                ExchangeTable& exchanges, ring::RequestLanes& lanes, QueueGauge& queue,
                const std::vector<ring::NewsBox*>& news, JobDesk& jobs, FileCache& file_cache,
                HandlerFailures& failures, Counters& counters);

  /// The connection has input. It may be gone afterwards, as after each of these.
  void on_readable(Connection& connection, const OnReactor& here);
  /// The client has said FIN while nothing is read: it may be behind bytes that wait in the socket.
  void on_half_closed(Connection& connection, const OnReactor& here);

  /// An answer has left, or there is room in the ring: goes on where the connection stopped, and with lookups
  /// that wait.
  void resume(Connection& connection, const OnReactor& here);

  /// Lets connections that wait for room in the ring go on, the longest waiting first.
  void resume_parked(const OnReactor& here);
  [[nodiscard]] bool has_parked() const noexcept {
    return std::any_of(parked_.begin(), parked_.end(), [](const auto& lane) { return !lane.empty(); });
  }

  /// Gives handlers what they have asked for of their requests' bodies, as far as it is there.
  void serve_body_reads(const OnReactor& here);

  /// Answers the requests that no JS thread has claimed within timeouts.queueMs; none of them will run.
  /// Parked ones have their turn in resume_parked().
  void answer_expired(const OnReactor& here);
  /// When the next of those in the ring expires; 0: none will.
  [[nodiscard]] std::uint64_t next_expiry_ms() const noexcept;

  /// The connection's read deadline has passed.
  void on_late_input(Connection& connection, const OnReactor& here);

  /// The server closes: ends idle connections after timeouts.drainIdleMs, if nothing comes from them.
  void begin_drain(const OnReactor& here);

  /// Requests put into the ring and not published yet.
  [[nodiscard]] std::uint32_t pushed() const noexcept { return pushed_; }
  void on_published() noexcept { pushed_ = 0; }

 private:
  /// answered: there was no room for it in the queue, or not in time; it is a 503.
  enum class Dispatch : std::uint8_t { handed_over, answered, ring_full };
  /// message_done: the loop goes on with what is behind it. wait: nothing more to do with this connection for
  /// now.
  enum class Progress : std::uint8_t { message_done, wait };

  void on_stop(Connection& connection, ConnectionIo::Stop stop, const OnReactor& here);
  void on_peer_finished(Connection& connection, const OnReactor& here);
  void go_on(Connection& connection, const OnReactor& here);
  void consume(Connection& connection, UnreadBytes unread, const OnReactor& here);
  [[nodiscard]] Progress begin_message(Connection& connection, UnreadBytes& unread, const OnReactor& here);
  void keep_unfinished_head(Connection& connection, UnreadBytes& unread, bool begun, const OnReactor& here);

  // request_uploads.cc
  [[nodiscard]] Progress begin_upload(Connection& connection, const char* head_bytes, RouteMatch match,
                                      std::string_view& data, const OnReactor& here);
  [[nodiscard]] Progress begin_raw(Connection& connection, UnreadBytes& unread, const RouteTarget& handler,
                                   const OnReactor& here);
  void receive_directly(Connection& connection, const OnReactor& here);
  [[nodiscard]] Progress receive_body(Connection& connection, std::string_view& data, const OnReactor& here);
  [[nodiscard]] Progress resume_upload(Connection& connection, std::string_view& data, const OnReactor& here);
  [[nodiscard]] Progress settle_upload(Connection& connection, std::string_view& data, const OnReactor& here);
  [[nodiscard]] Progress call_handler(Connection& connection, std::string_view& data, const OnReactor& here);
  [[nodiscard]] Progress leave_unread(Connection& connection, std::string_view data, const OnReactor& here);
  [[nodiscard]] Progress end_discarding(Connection& connection, const OnReactor& here);
  [[nodiscard]] static std::uint16_t take_body_bytes(Upload& upload, std::string_view& data);
  void extend_deadline(const Upload& upload) noexcept;
  void discard_if_abandoned(Upload& upload) noexcept;
  void give_body(Upload& upload);
  void expect_body(Connection& connection, const Upload& upload);
  [[nodiscard]] bool send_continue(Connection& connection, const OnReactor& here);

  [[nodiscard]] bool may_take_next(const Connection& connection) const noexcept;
  /// What is held of a connection's answers, since its client does not read or older ones have to leave
  /// first, and what the log keeps of them.
  [[nodiscard]] std::uint64_t unsent(const Connection& connection) const noexcept;
  /// Whatever the client sends behind that request is not looked at (RFC 9112 §9.6).
  [[nodiscard]] bool ends_with_youngest(const Connection& connection) const noexcept;
  [[nodiscard]] bool may_run_beside(const Connection& connection, bool safe) noexcept;
  [[nodiscard]] bool ends_after_last_answer(Connection& connection) noexcept;
  void restore_parser(const Connection& connection) noexcept;
  void hold(Connection& connection, UnreadBytes& unread, const OnReactor& here);
  [[nodiscard]] std::unique_ptr<PendingInput> keep(UnreadBytes& unread);
  void end_idle(Connection& connection, const OnReactor& here);
  [[nodiscard]] bool has_expired(std::uint64_t since_ms) const noexcept;
  void park(Connection& connection, const OnReactor& here);

  // request_dispatch.cc. The request is in the parser; `head_bytes` is what it was parsed from.
  [[nodiscard]] const RouteTarget* handler_of(const RouteMatch& match) const noexcept;
  [[nodiscard]] std::uint64_t body_limit(const RouteMatch& match) const noexcept;
  [[nodiscard]] Dispatch dispatch(Connection& connection, const char* head_bytes, std::string_view body,
                                  const RouteMatch& match, const OnReactor& here);
  struct BodyToHandOver {
    std::string_view bytes = {};  // all of it
    OwnedBytes outside = {};      // instead: all of it, where it is too large for the arena
    bool follows = false;         // instead: the handler has to ask for it
  };
  /// On `ring_full`, `body` is as it was.
  [[nodiscard]] Dispatch hand_over(Connection& connection, const char* head_bytes, BodyToHandOver& body,
                                   std::uint32_t route, const OnReactor& here);
  void answer_natively(Connection& connection, const RequestTraits& request, const RouteMatch& match,
                       const char* head_bytes, const OnReactor& here);
  /// `received`: what the head in the parser is from, as far as it is not with the connection's input.
  void refuse(Connection& connection, std::uint16_t status, const OnReactor& here,
              std::string_view received = {});
  void describe_for_log(const char* head_bytes);
  /// What the answer to the request in the parser depends on.
  [[nodiscard]] RequestTraits request_traits() const noexcept;
  /// The slot of the exchange that the request in the parser gets.
  [[nodiscard]] std::uint32_t open_exchange(Connection& connection, std::uint32_t handler_ms);

  // request_files.cc
  class FileLookup;
  /// Says in `match` what the request's path leads to, or which other route it has. False: a pool thread has
  /// to look first.
  [[nodiscard]] bool find_file(const Connection& connection, const char* head_bytes, RouteMatch& match);
  void wait_for_file(Connection& connection, UnreadBytes& unread, const OnReactor& here);
  void on_file_found(ConnectionId id, FoundFile found, const OnReactor& here);
  void answer_with_file(Connection& connection, const RequestTraits& request, const RouteMatch& match,
                        const char* head_bytes, const OnReactor& here);

  // request_natives.cc
  class NativeCall;
  /// Null: somebody else answers.
  [[nodiscard]] const NativeRoute* native_route_of(const RouteMatch& match) const noexcept;
  /// Has the request in the parser answered; at once, where there is no room for it.
  void call_native(Connection& connection, const char* head_bytes, ByteBlocks body, const NativeRoute& route,
                   const OnReactor& here);
  /// The upload is complete.
  [[nodiscard]] Progress call_native_with_body(Connection& connection, const OnReactor& here);
  void on_native_done(NativeCall& call, const OnReactor& here);

  const ServerConfig& config_;
  const Routes& routes_;
  ConnectionIo& io_;
  ResponseOutlet& outlet_;
  ExchangeTable& exchanges_;
  ring::RequestLanes& lanes_;
  QueueGauge& queue_;
  const std::vector<ring::NewsBox*>& news_;  // by JS thread
  JobDesk& jobs_;
  FileCache& file_cache_;
  HandlerFailures& failures_;
  Counters& counters_;

  FieldTable fields_;
  RequestParser parser_;
  RouteTarget fallback_;
  /// A connection that waits for room in the ring, and since when. It may have ended meanwhile.
  struct ParkedConnection {
    ConnectionId id;
    std::uint64_t since_ms;
  };
  using ParkedConnections = std::deque<ParkedConnection>;
  [[nodiscard]] ParkedConnections& parked_beside(const Connection& connection) noexcept {
    return parked_[lanes_.index_of(connection.id.slot)];
  }
  void resume_lane(ParkedConnections& parked, const OnReactor& here);
  void forget_stale(ParkedConnections& parked, const OnReactor& here);
  std::vector<ParkedConnections> parked_;  // by lane: one that is full holds up no other
  std::uint64_t resumed_since_ms_ = 0;     // of the one that resume_parked() lets go on
  enum class Parked : std::uint8_t { no, same_request, next_request };
  Parked parked_again_ = Parked::no;  // what park() did while resume_parked() let a connection go on
  std::uint32_t pushed_ = 0;
  bool more_received_ = false;            // behind the request that is being looked at
  bool beyond_queue_share_ = false;       // for queue_
  std::optional<FoundFile> found_file_;   // of the connection that on_file_found() lets go on
  std::optional<JobTicket> file_ticket_;  // from find_file() to wait_for_file()
};

}  // namespace millrace
