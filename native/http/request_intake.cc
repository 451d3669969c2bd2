#include "http/request_intake.h"

#include <utility>

#include "base/limits.h"
#include "http/request_text.h"
#include "log/access_log.h"

namespace millrace {

RequestIntake::RequestIntake(const ServerConfig& config, const Routes& routes, ConnectionIo& io,
                             ResponseOutlet& outlet, ExchangeTable& exchanges, ring::RequestLanes& lanes,
                             QueueGauge& queue, const std::vector<ring::NewsBox*>& news, JobDesk& jobs,
                             FileCache& file_cache, HandlerFailures& failures, Counters& counters)
    : config_(config),
      routes_(routes),
      io_(io),
      outlet_(outlet),
      exchanges_(exchanges),
      lanes_(lanes),
      queue_(queue),
      news_(news),
      jobs_(jobs),
      file_cache_(file_cache),
      failures_(failures),
      counters_(counters),
      parser_({.request_line_bytes = config.limits.request_line_bytes,
               .header_bytes = config.limits.header_bytes,
               .header_count = config.limits.header_count},
              fields_),
      fallback_{.kind = RouteTarget::Kind::handler, .id = routes.fallback},
      parked_(lanes.rings().size()) {}

void RequestIntake::on_readable(Connection& connection, const OnReactor& here) {
  if (connection.phase != Connection::Phase::open) {
    io_.discard_input(connection, here);
    return;
  }
  if (connection.input_blocked) {
    io_.stop_reading(connection, here);
    return;
  }
  if (const Upload* const upload = connection.upload(); upload != nullptr && upload->is_received_directly()) {
    receive_directly(connection, here);
    return;
  }
  const auto received = io_.receive(connection, here);
  if (const auto* data = std::get_if<std::string_view>(&received)) {
    consume(connection, {.data = *data, .storage = {}}, here);
  } else {
    on_stop(connection, std::get<ConnectionIo::Stop>(received), here);
  }
}

void RequestIntake::on_half_closed(Connection& connection, const OnReactor& here) {
  connection.half_closed = true;
  io_.stop_reading(connection, here);  // it is known now
  if (connection.client_may_have_gone()) outlet_.tell_peer_finished(connection);
}

void RequestIntake::on_stop(Connection& connection, ConnectionIo::Stop stop, const OnReactor& here) {
  switch (stop) {
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
  if (Upload* const upload = connection.upload(); upload != nullptr) {
    if (upload->framing == Upload::Framing::raw) {
      upload->complete = true;
      std::string_view nothing;
      static_cast<void>(settle_upload(connection, nothing, here));
    } else {
      restore_parser(connection);
      refuse(connection, 400, here);  // RFC 9112 §8: the message can never become complete
    }
  } else if (connection.in_flight > 0) {  // perhaps a half-close: the client may still want its answers
    connection.input.reset();
    connection.read_deadline_ms = 0;
    outlet_.tell_peer_finished(connection);
  } else if (connection.has_begun_message()) {
    restore_parser(connection);
    refuse(connection, 400, here);  // RFC 9112 §8: the message can never become complete
  } else if (connection.output != nullptr || connection.first_piece != kNone) {
    io_.finish(connection);  // its last answer is still on its way, or has been given in this very wake
  } else {
    io_.close(connection, here);
  }
}

void RequestIntake::restore_parser(const Connection& connection) noexcept {
  parser_.resume(connection.input->head);  // for refuse(), which wants to know the method
}

void RequestIntake::on_late_input(Connection& connection, const OnReactor& here) {
  if (connection.phase == Connection::Phase::open && connection.has_begun_message()) {
    restore_parser(connection);
    refuse(connection, 408, here);
  } else if (connection.phase == Connection::Phase::open && connection.output != nullptr) {
    // Its last answer is still on its way; slow readers have a deadline of their own.
    io_.start_idle_time(connection);
  } else if (connection.phase == Connection::Phase::open && connection.idle()) {
    end_idle(connection, here);
  } else {
    io_.close(connection, here);  // ending, and too slow about it
  }
}

void RequestIntake::end_idle(Connection& connection, const OnReactor& here) {
  const ConnectionId id = connection.id;
  // What looks idle may have a request in its socket that we have not seen; that one is still answered.
  on_readable(connection, here);
  Connection* const still = io_.table().find(id, here);
  if (still == nullptr || still->phase != Connection::Phase::open || !still->idle()) return;
  const bool answered = still->first_piece != kNone || still->read_deadline_ms > io_.now_ms();
  if (!answered) io_.close(*still, here);
}

void RequestIntake::begin_drain(const OnReactor& here) {
  io_.bound_idle_time(config_.timeouts.drain_idle_ms);
  const std::uint64_t end_ms = io_.now_ms() + config_.timeouts.drain_idle_ms;
  io_.table().for_each([&](Connection& connection) {
    if (connection.phase != Connection::Phase::open) return;
    if (Upload* const upload = connection.upload(); upload != nullptr) {
      discard_if_abandoned(*upload);
      if (upload->answered) io_.finish(connection);  // nobody waits for the rest of this body
      return;
    }
    if (!connection.idle()) return;
    if (connection.read_deadline_ms != 0 && connection.read_deadline_ms < end_ms) return;
    connection.read_deadline_ms = end_ms;
    io_.arm(connection);  // also where it could end at once: an answer may have been given in this wake
    if (config_.timeouts.drain_idle_ms == 0) end_idle(connection, here);  // rather than with the next tick
  });
}

void RequestIntake::resume(Connection& connection, const OnReactor& here) {
  outlet_.start_lookups(connection);
  const bool open = connection.phase == Connection::Phase::open;
  if (!open || !connection.input_blocked || connection.waits_for_ring || connection.waits_for_file) return;
  if (connection.upload() == nullptr && !may_take_next(connection)) return;
  go_on(connection, here);
}

void RequestIntake::go_on(Connection& connection, const OnReactor& here) {
  const std::uint32_t generation = connection.id.generation;
  connection.input_blocked = false;
  if (connection.input == nullptr) {
    // Stopped before anything was taken: the bytes are still in the socket.
  } else if (connection.input->upload != nullptr) {
    UnreadBytes after{.data = {}, .storage = std::move(connection.input->after)};
    after.data = after.storage.view();
    const Progress progress = resume_upload(connection, after.data, here);
    if (progress == Progress::message_done && connection.id.generation == generation &&
        !ends_after_last_answer(connection)) {
      consume(connection, std::move(after), here);
    }
  } else {
    consume(connection, {}, here);
  }
  const bool goes_on = connection.id.generation == generation && connection.phase == Connection::Phase::open;
  if (!goes_on || connection.input_blocked) return;
  if (!connection.peer_finished) {
    io_.resume_reading(connection, here);
    if (connection.idle()) io_.start_idle_time(connection);
  } else if (connection.in_flight == 0) {
    on_peer_finished(connection, here);
  }
}

void RequestIntake::resume_parked(const OnReactor& here) {
  for (ParkedConnections& parked : parked_) resume_lane(parked, here);
}

void RequestIntake::resume_lane(ParkedConnections& parked, const OnReactor& here) {
  while (!parked.empty()) {
    const ConnectionId id = parked.front().id;
    resumed_since_ms_ = parked.front().since_ms;
    parked.pop_front();
    Connection* connection = io_.table().find(id, here);
    if (connection == nullptr || !connection->waits_for_ring) continue;
    parked_again_ = Parked::no;
    go_on(*connection, here);
    if (parked_again_ == Parked::same_request) return;  // still full
    if (parked_again_ == Parked::next_request) continue;
    connection = io_.table().find(id, here);
    if (connection == nullptr || !connection->waits_for_ring) continue;
    // It stopped for another reason, such as a client that does not read, and goes on when that is over.
    connection->waits_for_ring = false;
    queue_.unpark();
  }
}

void RequestIntake::forget_stale(ParkedConnections& parked, const OnReactor& here) {
  // Clients that park and vanish leave their ids behind. Looked through only when most must be stale.
  if (parked.size() < kParkedLook || parked.size() < 2 * std::size_t{queue_.parked()}) return;
  std::erase_if(parked, [&](const ParkedConnection& waiting) {
    const Connection* connection = io_.table().find(waiting.id, here);
    return connection == nullptr || !connection->waits_for_ring;
  });
}

void RequestIntake::park(Connection& connection, const OnReactor& here) {
  ParkedConnections& parked = parked_beside(connection);
  forget_stale(parked, here);
  if (connection.waits_for_ring) {
    parked_again_ = Parked::same_request;
    parked.push_front({connection.id, resumed_since_ms_});  // tried again and failed: it keeps its place
  } else {
    parked_again_ = Parked::next_request;
    connection.waits_for_ring = true;
    queue_.park();
    parked.push_back({connection.id, io_.now_ms()});
  }
}

bool RequestIntake::has_expired(std::uint64_t since_ms) const noexcept {
  const std::uint32_t queue_ms = config_.timeouts.queue_ms;
  return queue_ms != 0 && since_ms + queue_ms <= io_.now_ms();
}

void RequestIntake::answer_expired(const OnReactor& here) {
  const std::uint32_t queue_ms = config_.timeouts.queue_ms;
  if (queue_ms == 0 || io_.now_ms() <= queue_ms) return;
  for (ring::RequestRing* ring : lanes_.rings()) {
    const ring::RequestRun expired = ring->withdraw(io_.now_ms() - queue_ms);
    for (std::uint32_t n = 0; n < expired.count; ++n) {
      const auto [slot, generation] = ring->exchange_of(expired.first + n);
      counters_.requests_to_handlers.take_back();
      outlet_.answer_unclaimed(slot, generation, here);
    }
  }
}

std::uint64_t RequestIntake::next_expiry_ms() const noexcept {
  if (config_.timeouts.queue_ms == 0) return 0;
  const auto since_ms = lanes_.waiting_since();
  return since_ms ? *since_ms + config_.timeouts.queue_ms : 0;
}

bool RequestIntake::may_take_next(const Connection& connection) const noexcept {
  return !ends_with_youngest(connection) && connection.in_flight < config_.limits.pipeline_depth &&
         connection.files_open() < kFilesPerConnection && unsent(connection) <= config_.limits.unsent_bytes;
}

std::uint64_t RequestIntake::unsent(const Connection& connection) const noexcept {
  // Where the socket takes everything the lines go with it; no time would come to go on.
  if (connection.output == nullptr) return connection.held_bytes;
  const AccessLog* const log = io_.log();
  return connection.held_bytes + ConnectionIo::unsent(connection) +
         (log == nullptr ? 0 : log->waiting_bytes(connection));
}

bool RequestIntake::ends_with_youngest(const Connection& connection) const noexcept {
  return connection.in_flight > 0 && exchanges_.at(connection.last_exchange).close_after;
}

bool RequestIntake::may_run_beside(const Connection& connection, bool safe) noexcept {
  if (connection.in_flight == 0) return true;
  return safe && exchanges_.at(connection.last_exchange).safe;
}

std::unique_ptr<PendingInput> RequestIntake::keep(UnreadBytes& unread) {
  auto input = std::make_unique<PendingInput>(io_.budget());
  if (unread.storage.empty()) {
    if (!input->bytes.append(unread.data)) return nullptr;
  } else {
    // On the heap already: remember where the rest begins instead of moving it for each message before it.
    input->offset = unread.storage.size() - unread.data.size();
    input->bytes = std::move(unread.storage);
  }
  return input;
}

void RequestIntake::hold(Connection& connection, UnreadBytes& unread, const OnReactor& here) {
  connection.input = keep(unread);
  connection.input_blocked = true;
  connection.read_deadline_ms = 0;
  if (connection.input == nullptr && connection.in_flight == 0) {
    // What comes next would be read from the middle of what is lost.
    refuse(connection, 503, here, unread.data);
    return;
  }
  if (connection.input != nullptr) connection.input->account();
  if (connection.in_flight > 0 && (connection.input == nullptr || io_.budget().exhausted())) {
    // Without memory for the rest nothing of it can ever be answered; what is in flight still can.
    connection.input.reset();
    exchanges_.at(connection.last_exchange).close_after = true;
  }
}

void RequestIntake::consume(Connection& connection, UnreadBytes unread, const OnReactor& here) {
  const std::uint32_t generation = connection.id.generation;
  bool begun = false;
  parser_.reset();
  if (connection.input != nullptr && connection.input->upload == nullptr) {
    // The head's beginning came earlier: parse it together with what has come now.
    const std::unique_ptr<PendingInput> input = std::move(connection.input);
    if (input->offset > 0 && !unread.data.empty()) {
      // What was before the message has been read: without this, the buffer would keep all that ever came.
      input->bytes.drop_front(input->offset);
      input->offset = 0;
    }
    if (!input->bytes.append(unread.data)) {
      io_.close(connection, here);
      return;
    }
    parser_.resume(input->head);
    begun = parser_.begun();
    unread.storage = std::move(input->bytes);
    unread.data = unread.storage.view().substr(input->offset);
  }
  while (!unread.data.empty()) {
    if (connection.input != nullptr) {
      if (receive_body(connection, unread.data, here) == Progress::wait) return;
    } else if (!may_take_next(connection)) {
      hold(connection, unread, here);
      return;
    } else {
      switch (parser_.parse(unread.data.data(), unread.data.size())) {
        case ParseStatus::incomplete:
          keep_unfinished_head(connection, unread, begun, here);
          return;
        case ParseStatus::failed:
          refuse(connection, status_of(parser_.error()), here, unread.data);
          return;
        case ParseStatus::complete:
          if (begin_message(connection, unread, here) == Progress::wait) return;
          break;
      }
    }
    if (io_.has_much_output()) io_.flush(here);
    if (connection.id.generation != generation) return;
    if (ends_after_last_answer(connection)) return;
    begun = false;
    parser_.reset();
  }
}

bool RequestIntake::ends_after_last_answer(Connection& connection) noexcept {
  if (connection.phase != Connection::Phase::open) return true;
  if (!ends_with_youngest(connection)) return false;
  connection.input_blocked = true;
  return true;
}

void RequestIntake::keep_unfinished_head(Connection& connection, UnreadBytes& unread, bool begun,
                                         const OnReactor& here) {
  auto input = keep(unread);
  if (input == nullptr || !parser_.park(input->head)) {
    // No memory: what comes next would be read from the middle of what is lost, and may look like a request.
    refuse(connection, 503, here, unread.data);
    return;
  }
  input->begun = parser_.begun();
  input->account();
  connection.input = std::move(input);
  if (io_.log() != nullptr && parser_.begun()) io_.log()->begin(connection);
  if (io_.budget().exhausted()) {
    refuse(connection, 503, here);
    return;
  }
  if (!parser_.begun()) {
    // Empty lines are no request: the connection goes on being idle, and they do not make it younger.
    if (connection.in_flight == 0 && connection.read_deadline_ms == 0) io_.start_idle_time(connection);
    return;
  }
  // The clock runs from the first byte of the request, not from each that follows.
  if (begun) return;
  connection.read_deadline_ms = io_.now_ms() + config_.timeouts.header_ms;
  io_.arm(connection);
}

RequestIntake::Progress RequestIntake::begin_message(Connection& connection, UnreadBytes& unread,
                                                     const OnReactor& here) {
  const RequestHead& head = parser_.head();
  const char* const head_bytes = unread.data.data();
  if (io_.log() != nullptr) io_.log()->begin(connection);
  // A 100 Continue would get between the answers of older requests, so what asks for it waits for them.
  if (!may_run_beside(connection, is_safe(head.method) && !head.expect_continue)) {
    hold(connection, unread, here);
    return Progress::wait;
  }
  // CONNECT asks for a tunnel, whatever it asks for besides, and has no path by which a route could match.
  if (head.upgrade && head.method != Method::connect && head.framing == BodyFraming::none &&
      !head.unknown_expectation) {
    const RouteMatch upgrade = routes_.upgrades.match(head.method, text_of(head.method_name, head_bytes),
                                                      routing_path(head, head_bytes));
    if (upgrade.kind == RouteMatch::Kind::found) return begin_raw(connection, unread, upgrade.target, here);
  }
  RouteMatch match = routes_.router.match(head.method, text_of(head.method_name, head_bytes),
                                          routing_path(head, head_bytes));
  const bool is_file = match.kind == RouteMatch::Kind::found && match.target.kind == RouteTarget::Kind::files;
  if (is_file && !find_file(connection, head_bytes, match)) {
    wait_for_file(connection, unread, here);
    return Progress::wait;
  }
  std::uint16_t refusal = 0;
  if (head.framing == BodyFraming::length && head.content_length > body_limit(match)) refusal = 413;
  if (head.unknown_expectation) refusal = 417;
  if (head.method == Method::connect) refusal = 501;  // no tunnels (RFC 9110 §9.3.6)
  if (refusal != 0) {
    refuse(connection, refusal, here, unread.data);
    return Progress::wait;
  }
  const std::string_view rest = unread.data.substr(head.bytes);
  if (head.framing == BodyFraming::chunked ||
      (head.framing == BodyFraming::length && rest.size() < head.content_length)) {
    unread.data = rest;
    return begin_upload(connection, head_bytes, std::move(match), unread.data, here);
  }
  const std::string_view body = rest.substr(0, head.content_length);
  const std::size_t message_bytes = head.bytes + body.size();
  more_received_ = unread.data.size() > message_bytes;
  if (dispatch(connection, head_bytes, body, match, here) == Dispatch::ring_full) {
    park(connection, here);
    hold(connection, unread, here);
    return Progress::wait;
  }
  unread.data.remove_prefix(message_bytes);
  return Progress::message_done;
}

void RequestIntake::describe_for_log(const char* head_bytes) {
  const RequestHead& head = parser_.head();
  io_.log()->describe(head, parser_.fields(), {head_bytes, head.bytes});
}

void RequestIntake::refuse(Connection& connection, std::uint16_t status, const OnReactor& here,
                           std::string_view received) {
  (status == 503 ? counters_.requests_overload : counters_.requests_refused).add();
  const ConnectionId id = connection.id;
  connection.read_deadline_ms = 0;
  if (Upload* const upload = connection.upload(); upload != nullptr) {
    discard_if_abandoned(*upload);
    if (upload->answered) {  // the answer is on its way; there is no second one
      io_.finish(connection);
      return;
    }
    if (upload->stage == Upload::Stage::delivering) {
      const std::uint32_t exchange_slot = upload->exchange_slot;
      connection.input.reset();
      connection.input_blocked = true;
      outlet_.answer_instead(connection, exchange_slot, status, here);
      return;
    }
  }
  if (AccessLog* const log = io_.log(); log != nullptr) {
    if (received.empty() && connection.input != nullptr) {
      received = connection.input->bytes.view().substr(connection.input->offset);
    }
    log->describe(parser_.head(), parser_.fields(), received);
  }
  connection.input.reset();
  // The method is known if the request line was good.
  const RequestTraits request{.head_request = parser_.head().method == Method::head, .close_after = true};
  outlet_.answer(connection, request, {.status = status, .retry_after = status == 503}, here);
  Connection* const still = io_.table().find(id, here);
  if (still != nullptr) still->input_blocked = true;  // nothing behind a doubtful message is parsed
}

}  // namespace millrace
