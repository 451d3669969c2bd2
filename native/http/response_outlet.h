// response_outlet.h: puts answers onto their connections, in the order of the requests. Reactor thread only.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/thread_tokens.h"
#include "http/exchange_table.h"
#include "http/http_date.h"
#include "http/reply_table.h"
#include "http/request_head.h"
#include "net/connection_io.h"
#include "ring/response_ring.h"

namespace millrace {

/// What an answer has to know of its request.
struct RequestTraits {
  bool head_request = false;
  bool keep_alive_1_0 = false;
  bool close_after = false;

  [[nodiscard]] static RequestTraits of(const RequestHead& head) noexcept {
    return {.head_request = head.method == Method::head,
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
  ResponseOutlet(ConnectionIo& io, ExchangeTable& exchanges, Counters& counters) noexcept
      : io_(io), exchanges_(exchanges), counters_(counters) {}

  /// Takes every answer that JavaScript has published in this ring. True: the producer waits for the
  /// doorbell.
  [[nodiscard]] bool collect(ring::ResponseRing& ring, const OnReactor& here);

  /// Answers a request that has no exchange yet; behind those that have, if the connection has any.
  /// The connection may be gone afterwards.
  void answer(Connection& connection, const RequestTraits& request, const NativeAnswer& answer,
              const OnReactor& here);
  void answer_with(const Reply& reply, Connection& connection, const RequestTraits& request,
                   const OnReactor& here);

  /// The oldest request of the connection has waited longer than timeouts.handlerMs.
  void answer_overdue(Connection& connection, const OnReactor& here);

  /// From now on each connection ends with its last answer.
  void begin_drain() noexcept { draining_ = true; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }

  void set_time(std::int64_t unix_seconds) noexcept { date_ = http_date_.at(unix_seconds); }
  [[nodiscard]] std::string_view date() const noexcept { return date_; }

 private:
  void deliver(const ring::ResponseMessage& message, OwnedBytes outside, const OnReactor& here);
  void answer_bytes(ConnectionId id, const RequestTraits& request, OwnedBytes bytes, const OnReactor& here);
  void finish_oldest(Connection& connection, bool close);
  void after_answer(Connection& connection);
  [[nodiscard]] bool ends_connection(const Connection& connection, const RequestTraits& request,
                                     bool is_youngest) const noexcept;

  ConnectionIo& io_;
  ExchangeTable& exchanges_;
  Counters& counters_;
  HttpDate http_date_;
  std::string_view date_;
  bool draining_ = false;
};

}  // namespace millrace
