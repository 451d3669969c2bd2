#include "http/request_intake.h"

#include <utility>

#include "base/limits.h"
#include "ring/request_record.h"

namespace millrace {

namespace {

/// RFC 9110 §9.2.1. Only these may run side by side when pipelined (RFC 9112 §9.3.2); unknown methods are not.
[[nodiscard]] bool is_safe(Method method) noexcept {
  return method == Method::get || method == Method::head || method == Method::options || method == Method::trace;
}

[[nodiscard]] std::string_view text_of(Slice slice, const char* head_bytes) noexcept {
  return {head_bytes + slice.offset, slice.length};
}

/// What the router compares. An absolute-form target may have no path (RFC 9112 §3.2.4, RFC 9110 §4.2.3).
[[nodiscard]] std::string_view routing_path(const RequestHead& head, const char* head_bytes) noexcept {
  if (head.path.length > 0) return text_of(head.path, head_bytes);
  return head.method == Method::options ? "*" : "/";
}

}  // namespace

RequestIntake::RequestIntake(const ServerConfig& config, const Routes& routes, ConnectionIo& io, ResponseOutlet& outlet,
                             ExchangeTable& exchanges, ring::RequestRing& ring, QueueGauge& queue, Counters& counters)
    : config_(config),
      routes_(routes),
      io_(io),
      outlet_(outlet),
      exchanges_(exchanges),
      ring_(ring),
      queue_(queue),
      counters_(counters),
      parser_({.request_line_bytes = config.limits.request_line_bytes,
               .header_bytes = config.limits.header_bytes,
               .header_count = config.limits.header_count},
              fields_),
      fallback_{.kind = RouteTarget::Kind::handler, .id = routes.fallback} {}

void RequestIntake::on_readable(Connection& connection, const OnReactor& here) {
  if (connection.phase != Connection::Phase::open) {
    io_.discard_input(connection, here);
    return;
  }
  if (connection.input_blocked) {
    connection.linger_at_end = true;  // should this connection end, it has input that nobody has read
    io_.stop_reading(connection, here);
    return;
  }
  const auto received = io_.receive(connection, here);
  if (const auto* data = std::get_if<std::string_view>(&received)) {
    consume(connection, *data, here);
    return;
  }
  switch (std::get<ConnectionIo::Stop>(received)) {
    case ConnectionIo::Stop::would_block:
      return;
    case ConnectionIo::Stop::peer_finished:
      on_peer_finished(connection, here);
      return;
    case ConnectionIo::Stop::failed:
      io_.close(connection, here);
      return;
  }
}

void RequestIntake::on_peer_finished(Connection& connection, const OnReactor& here) {
  connection.peer_finished = true;
  io_.stop_reading(connection, here);
  if (connection.in_flight > 0) {  // a half-close: the client still wants its answers
    connection.input.reset();
    connection.read_deadline_ms = 0;
  } else if (has_begun(connection)) {
    refuse(connection, 400, here);  // RFC 9112 §8: the message can never become complete
  } else if (connection.output != nullptr) {
    io_.finish(connection);
  } else {
    io_.close(connection, here);
  }
}

bool RequestIntake::has_begun(const Connection& connection) noexcept {
  if (connection.input == nullptr) return false;
  parser_.resume(connection.input->head);  // also for refuse(), which wants to know the method
  return parser_.begun();
}

void RequestIntake::on_late_input(Connection& connection, const OnReactor& here) {
  if (connection.phase == Connection::Phase::open && has_begun(connection)) {
    refuse(connection, 408, here);
  } else {
    io_.close(connection, here);  // idle, or ending and too slow about it
  }
}

void RequestIntake::resume(Connection& connection, const OnReactor& here) {
  const bool open = connection.phase == Connection::Phase::open;
  if (!open || !connection.input_blocked || connection.waits_for_ring || !may_take_next(connection)) return;
  go_on(connection, here);
}

void RequestIntake::go_on(Connection& connection, const OnReactor& here) {
  const std::uint32_t generation = connection.id.generation;
  connection.input_blocked = false;
  if (connection.input == nullptr) {
    // Stopped before anything was taken: the bytes are still in the socket.
  } else if (connection.input->upload != nullptr) {
    OwnedBytes after = std::move(connection.input->after);
    std::string_view data = after.view();
    if (complete_upload(connection, data, here) == Progress::message_done && connection.id.generation == generation) {
      consume(connection, data, here);
    }
  } else {
    consume(connection, {}, here);
  }
  const bool goes_on = connection.id.generation == generation && connection.phase == Connection::Phase::open;
  if (!goes_on || connection.input_blocked) return;
  if (!connection.peer_finished) {
    io_.resume_reading(connection, here);
    if (connection.idle()) start_idle_time(connection);
  } else if (connection.in_flight == 0) {
    on_peer_finished(connection, here);
  }
}

void RequestIntake::start_idle_time(Connection& connection) {
  connection.read_deadline_ms = io_.now_ms() + config_.timeouts.keep_alive_ms;
  io_.arm(connection);
}

void RequestIntake::resume_parked(const OnReactor& here) {
  while (!parked_.empty()) {
    const ConnectionId id = parked_.front();
    parked_.pop_front();
    Connection* connection = io_.table().find(id, here);
    if (connection == nullptr || !connection->waits_for_ring) continue;
    go_on(*connection, here);
    connection = io_.table().find(id, here);
    if (connection != nullptr && connection->waits_for_ring) return;  // still full; park() has put it back
  }
}

void RequestIntake::park(Connection& connection) {
  if (connection.waits_for_ring) {
    parked_.push_front(connection.id);  // tried again and failed: it keeps its place
  } else {
    connection.waits_for_ring = true;
    queue_.park();
    parked_.push_back(connection.id);
  }
}

bool RequestIntake::may_take_next(const Connection& connection) const noexcept {
  return connection.in_flight < config_.limits.pipeline_depth &&
         ConnectionIo::unsent(connection) <= config_.limits.unsent_bytes;
}

bool RequestIntake::may_run_beside(const Connection& connection, bool safe) noexcept {
  if (connection.in_flight == 0) return true;
  return safe && exchanges_.at(connection.last_exchange).safe;
}

void RequestIntake::hold(Connection& connection, std::string_view data) {
  auto input = std::make_unique<PendingInput>(io_.budget());
  const bool held = input->bytes.append(data);
  input->account();
  connection.input = std::move(input);
  connection.input_blocked = true;
  connection.read_deadline_ms = 0;
  // Without memory for the rest nothing of it can ever be answered; what is in flight still can.
  if (!held && connection.in_flight > 0) exchanges_.at(connection.last_exchange).close_after = true;
}

void RequestIntake::consume(Connection& connection, std::string_view data, const OnReactor& here) {
  const std::uint32_t generation = connection.id.generation;
  OwnedBytes joined;  // an unfinished head and what has come since; `data` then points into it
  bool begun = false;
  parser_.reset();
  if (connection.input != nullptr && connection.input->upload == nullptr) {
    if (!connection.input->bytes.append(data)) {
      io_.close(connection, here);
      return;
    }
    parser_.resume(connection.input->head);
    begun = connection.read_deadline_ms != 0;
    joined = std::move(connection.input->bytes);
    data = joined.view();
    connection.input.reset();
  }
  while (!data.empty()) {
    if (connection.input != nullptr) {
      if (receive_body(connection, data, here) == Progress::wait) return;
    } else if (!may_take_next(connection)) {
      hold(connection, data);
      return;
    } else {
      switch (parser_.parse(data.data(), data.size())) {
        case ParseStatus::incomplete:
          keep_unfinished_head(connection, data, begun);
          return;
        case ParseStatus::failed:
          refuse(connection, status_of(parser_.error()), here);
          return;
        case ParseStatus::complete:
          if (begin_message(connection, data, here) == Progress::wait) return;
          break;
      }
    }
    if (connection.id.generation != generation) return;
    if (ends_after_last_answer(connection)) {
      // Whatever the client sends behind its last request is not looked at (RFC 9112 §9.6).
      if (!data.empty()) connection.linger_at_end = true;
      return;
    }
    begun = false;
    parser_.reset();
  }
}

bool RequestIntake::ends_after_last_answer(Connection& connection) noexcept {
  if (connection.phase != Connection::Phase::open) return true;
  if (connection.in_flight == 0 || !exchanges_.at(connection.last_exchange).close_after) return false;
  connection.input_blocked = true;
  return true;
}

void RequestIntake::keep_unfinished_head(Connection& connection, std::string_view data, bool begun) {
  auto input = std::make_unique<PendingInput>(io_.budget());
  if (!input->bytes.append(data)) return;  // no memory: the rest will not parse, and the connection ends with 400
  if (!parser_.park(input->head)) return;
  input->account();
  connection.input = std::move(input);
  // The clock runs from the first byte of the request, not from each that follows. Empty lines are none.
  if (begun || !parser_.begun()) return;
  connection.read_deadline_ms = io_.now_ms() + config_.timeouts.header_ms;
  io_.arm(connection);
}

RequestIntake::Progress RequestIntake::begin_message(Connection& connection, std::string_view& data,
                                                     const OnReactor& here) {
  const RequestHead& head = parser_.head();
  const char* const head_bytes = data.data();
  // A 100 Continue would get between the answers of older requests, so one that asks for it waits for them too.
  if (!may_run_beside(connection, is_safe(head.method) && !head.expect_continue)) {
    hold(connection, data);
    return Progress::wait;
  }
  std::uint16_t refusal = 0;
  if (head.method == Method::connect) refusal = 501;  // no tunnels (RFC 9110 §9.3.6)
  if (head.unknown_expectation) refusal = 417;
  if (head.framing == BodyFraming::length && head.content_length > config_.limits.body_bytes) refusal = 413;
  if (refusal != 0) {
    refuse(connection, refusal, here);
    return Progress::wait;
  }
  RouteMatch match =
      routes_.router.match(head.method, text_of(head.method_name, head_bytes), routing_path(head, head_bytes));
  const std::string_view rest = data.substr(head.bytes);
  if (head.framing == BodyFraming::chunked ||
      (head.framing == BodyFraming::length && rest.size() < head.content_length)) {
    data = rest;
    return begin_upload(connection, head_bytes, std::move(match), data, here);
  }
  OwnedBytes outside;
  const std::string_view body = rest.substr(0, head.content_length);
  const std::size_t message_bytes = head.bytes + body.size();
  if (dispatch(connection, head_bytes, body, outside, match, here) == Dispatch::ring_full) {
    park(connection);
    hold(connection, data);
    return Progress::wait;
  }
  data.remove_prefix(message_bytes);
  return Progress::message_done;
}

const RouteTarget* RequestIntake::handler_of(const RouteMatch& match) const noexcept {
  if (match.kind == RouteMatch::Kind::found) {
    return match.target.kind == RouteTarget::Kind::handler ? &match.target : nullptr;
  }
  return routes_.fallback == kNone ? nullptr : &fallback_;
}

RequestIntake::Dispatch RequestIntake::dispatch(Connection& connection, const char* head_bytes, std::string_view body,
                                                OwnedBytes& outside, const RouteMatch& match, const OnReactor& here) {
  connection.read_deadline_ms = 0;
  if (const RouteTarget* handler = handler_of(match)) {
    return hand_over(connection, head_bytes, body, outside, handler->id, here);
  }
  answer_natively(connection, RequestTraits::of(parser_.head()), match, here);
  return Dispatch::done;
}

void RequestIntake::answer_natively(Connection& connection, const RequestTraits& request, const RouteMatch& match,
                                    const OnReactor& here) {
  counters_.requests_native.add();
  switch (match.kind) {
    case RouteMatch::Kind::found:
      outlet_.answer_with(routes_.replies[match.target.id], connection, request, here);
      break;
    case RouteMatch::Kind::not_found:
      outlet_.answer(connection, request, {.status = 404}, here);
      break;
    case RouteMatch::Kind::method_not_allowed:
      outlet_.answer(connection, request, {.status = 405, .allow = match.allow}, here);
      break;
    case RouteMatch::Kind::options:
      outlet_.answer(connection, request, {.status = 204, .allow = match.allow}, here);
      break;
  }
}

RequestIntake::Dispatch RequestIntake::hand_over(Connection& connection, const char* head_bytes, std::string_view body,
                                                 OwnedBytes& outside, std::uint32_t route, const OnReactor& here) {
  const RequestHead& head = parser_.head();
  const auto fields = parser_.fields();
  // One that waits already was admitted when it came.
  const bool admitted = connection.waits_for_ring;
  if (!admitted && (io_.budget().exhausted() || !queue_.has_room(ring_.unclaimed()))) {
    counters_.requests_overload.add();
    outlet_.answer(connection, RequestTraits::of(head), {.status = 503, .retry_after = true}, here);
    return Dispatch::done;
  }
  const bool in_arena = outside.empty() && body.size() <= kArenaBodyBytes;
  const std::uint32_t record_bytes = ring::record_bytes(head, fields.size());
  char* const record = ring_.try_reserve(record_bytes + static_cast<std::uint32_t>(in_arena ? body.size() : 0));
  if (record == nullptr) return Dispatch::ring_full;
  if (!in_arena && outside.empty() && !outside.append(body)) {
    refuse(connection, 503, here);
    return Dispatch::done;
  }
  char* const end = ring::write_record(record, head, fields, head_bytes, connection.peer);
  if (in_arena && !body.empty()) std::memcpy(end, body.data(), body.size());
  const auto body_bytes = static_cast<std::uint32_t>(in_arena ? body.size() : outside.size());

  const std::uint32_t slot = exchanges_.open(connection);
  Exchange& exchange = exchanges_.at(slot);
  const RequestTraits traits = RequestTraits::of(head);
  exchange.head_request = traits.head_request;
  exchange.keep_alive_1_0 = traits.keep_alive_1_0;
  exchange.close_after = traits.close_after;
  exchange.safe = is_safe(head.method);
  if (config_.timeouts.handler_ms != 0) {
    exchange.deadline_ms = io_.now_ms() + config_.timeouts.handler_ms;
    io_.arm(connection);
  }
  ring_.push({.exchange_slot = slot,
              .exchange_generation = exchanges_.generation_of(slot),
              .route = route,
              .record_bytes = record_bytes,
              .body_bytes = body_bytes},
             std::move(outside));
  ++pushed_;
  counters_.requests_to_handlers.add();
  if (admitted) {
    connection.waits_for_ring = false;
    queue_.unpark();
  }
  return Dispatch::done;
}

void RequestIntake::refuse(Connection& connection, std::uint16_t status, const OnReactor& here) {
  counters_.requests_refused.add();
  const ConnectionId id = connection.id;
  connection.linger_at_end = true;
  connection.input.reset();
  connection.read_deadline_ms = 0;
  // The method is known if the request line was good.
  const RequestTraits request{.head_request = parser_.head().method == Method::head, .close_after = true};
  outlet_.answer(connection, request, {.status = status, .retry_after = status == 503}, here);
  Connection* const still = io_.table().find(id, here);
  if (still != nullptr) still->input_blocked = true;  // nothing behind a doubtful message is parsed
}

}  // namespace millrace
