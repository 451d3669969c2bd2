#include "http/response_outlet.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "http/compression_rules.h"
#include "http/error_responses.h"
#include "http/response_writer.h"
#include "log/access_log.h"

namespace millrace {

namespace {

namespace flags = ring::response;

/// The head as JavaScript asks for it and the request allows it.
ResponseHead head_asked_for(const ring::ResponseMessage& message, const Exchange& exchange,
                            std::size_t body_bytes, bool close) noexcept {
  const bool in_pieces = (message.flags & flags::kMore) != 0;
  // A 304 without a body says nothing of the length that a 200 would have had (RFC 9110 §15.4.5), nor an
  // answer to HEAD of that to GET: who ends it without a body may know that none is sent (§8.6). text('') is
  // a body, of length 0.
  const bool none_for_head = exchange.head_request && message.status != 205 &&
                             static_cast<ContentType>(message.content_type) == ContentType::none;
  const bool gives_none = body_bytes == 0 && (message.status == 304 || none_for_head);
  const bool unknown_length = in_pieces || gives_none;
  return {.status = message.status,
          .content_type = static_cast<ContentType>(message.content_type),
          .close = close,
          .keep_alive_1_0 = exchange.keep_alive_1_0,
          .omit_date = (message.flags & flags::kOwnDate) != 0,
          .omit_length = unknown_length || (message.flags & flags::kOwnLength) != 0,
          .chunked = exchange.chunked,
          .content_length = body_bytes,
          .reason = message.reason,
          .fields = message.fields};
}

[[nodiscard]] bool has_content(const Exchange& exchange, std::uint16_t status) noexcept {
  return !exchange.head_request && status_allows_content(status);
}

std::uint64_t body_bytes_of(std::string_view response) noexcept {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  return response.size() - (response.find(kHeadEnd) + kHeadEnd.size());
}

OwnedBytes copy_of(std::string_view bytes) {
  OwnedBytes copy;
  static_cast<void>(
      copy.append(bytes));  // no memory: an empty answer ends its connection, see answer_bytes()
  return copy;
}

}  // namespace

bool ResponseOutlet::collect(ring::ResponseRing& ring, std::uint8_t js_thread, const OnReactor& here) {
  if (!ring.refresh()) return false;
  for (; !ring.empty(); ring.pop()) {
    const ring::ResponseMessage message = ring.front();
    OwnedBytes outside;
    if ((message.flags & flags::kBodyOutside) != 0) outside = ring.take_outside();
    if ((message.flags & flags::kControl) != 0) {
      control(message, std::move(outside), js_thread, here);
    } else {
      deliver(message, std::move(outside), js_thread, here);
    }
  }
  return ring.give_back();
}

void ResponseOutlet::deliver(ring::ResponseMessage message, OwnedBytes outside, std::uint8_t js_thread,
                             const OnReactor& here) {
  Exchange* const exchange = exchanges_.find(message.exchange_slot, message.exchange_generation);
  const Compressing compressing =
      compression_.enabled && exchange != nullptr && !exchange->begun
          ? may_compress(compression_, message.status, static_cast<ContentType>(message.content_type),
                         message.fields)
          : Compressing::never;
  if (compressing == Compressing::never) {
    deliver_as_is(message, std::move(outside), js_thread, here);
    return;
  }
  const bool wanted = compressing == Compressing::depends &&
                      is_to_be_compressed(*exchange, message, message.body.size() + outside.size());
  const bool in_pieces = (message.flags & flags::kMore) != 0;
  std::string fields;
  if (wanted && exchange->head_request) {
    fields = describe_to_head(*exchange, message);
  } else if (wanted && !in_pieces && compress_whole(*exchange, message, outside)) {
    return;
  } else if (auto gzip = wanted && in_pieces ? Gzip::make(compression_.level, Gzip::Size::small) : nullptr) {
    fields = compressed_fields(message.fields);
    exchanges_.compress(*exchange, std::move(gzip));
    message.flags = static_cast<std::uint8_t>(message.flags & ~flags::kOwnLength);
  } else if (compressing == Compressing::spared && exchange->accepts_gzip &&
             declared_length(message.fields).value_or(0) >= compression_.threshold) {
    fields = not_modified_fields(message.fields);
  } else {
    fields = with_vary(message.fields);
  }
  message.fields = fields;
  deliver_as_is(message, std::move(outside), js_thread, here);
}

void ResponseOutlet::deliver_as_is(const ring::ResponseMessage& message, OwnedBytes outside,
                                   std::uint8_t js_thread, const OnReactor& here) {
  const std::size_t room = kResponseHeadFixedBytes + kChunkFrameBytes + message.reason.size() +
                           message.fields.size() + message.body.size();
  // First the room, then the exchange: making room may send what is there, and sending may end connections.
  char* const start = io_.reserve_output(room, here);
  Exchange* const exchange = exchanges_.find(message.exchange_slot, message.exchange_generation);
  const bool in_pieces = (message.flags & flags::kMore) != 0;
  // Nobody waits: the client has gone, the reactor answered first, or this is a second answer.
  if (exchange == nullptr || exchange->begun) {
    if (in_pieces && (exchange == nullptr || exchange->complete)) tell_gone(message, js_thread);
    return;
  }
  Connection& connection = io_.table().at(exchange->connection_slot);
  if (start == nullptr) {  // larger than lib/ ever lets an answer's arena part become: no answer rather than
                           // half a one
    io_.close(connection, here);
    return;
  }
  exchange->begun = true;
  exchange->complete = !in_pieces;
  exchange->no_content = !has_content(*exchange, message.status);
  if (in_pieces) {
    begin_pieces(*exchange, message, js_thread);
    if (connection.client_may_have_gone()) tell(*exchange, message.exchange_slot, ring::news::kPeerFinished);
  }
  const bool close_after = exchange->close_after || (message.flags & flags::kClose) != 0;
  const bool is_youngest = connection.last_exchange == message.exchange_slot;
  // A handler that answers in pieces may read on meanwhile; of another one it is known that it does not. One
  // that does not read when it begins hardly ever will, and its client must know not to send another request
  // behind this one.
  const bool close =
      in_pieces ? ends_connection(connection, close_after || is_unread(connection, message.exchange_slot),
                                  is_youngest)
                : ends_with_answer(connection, *exchange, close_after);
  exchange->close_after = close;
  const std::size_t body_bytes = message.body.size() + outside.size();
  char* end = write_response_head(start, head_asked_for(message, *exchange, body_bytes, close), date_);
  if (AccessLog* const log = io_.log(); log != nullptr) {
    log->set_status(message.exchange_slot, message.status);
    const bool is_plain = !exchange->no_content && exchange->compression() == nullptr && !exchange->chunked;
    if (is_plain) log->add_body(message.exchange_slot, body_bytes);
  }
  if (exchange->no_content) {
    outside.clear();
    put(connection, *exchange, {start, end}, {}, {}, here);
  } else if (exchange->compression() != nullptr) {
    put(connection, *exchange, {start, end}, {}, {}, here);
    // It could not be held: the connection has ended, and the exchange with it.
    if (exchanges_.find(message.exchange_slot, message.exchange_generation) == nullptr) return;
    compress_piece(connection, *exchange, message, std::move(outside), here);
  } else if (exchange->chunked) {
    put_chunk(connection, *exchange, start, end, message.body, std::move(outside), here);
  } else {
    if (!message.body.empty()) {
      std::memcpy(end, message.body.data(), message.body.size());
      end += message.body.size();
    }
    put(connection, *exchange, {start, end}, std::move(outside), {}, here);
  }
}

void ResponseOutlet::put(Connection& connection, Exchange& exchange, std::string_view written,
                         OwnedBytes block, std::string_view after, const OnReactor& here) {
  const bool is_oldest = &exchanges_.at(connection.first_exchange) == &exchange;
  if (is_oldest) {
    if (!written.empty()) io_.commit_output(connection, written.size());
    io_.append_output(connection, std::move(block));
    if (!after.empty()) io_.append_static_output(connection, after);
    if (exchange.complete) finish_oldest(connection, exchange.close_after);
    return;
  }
  // An older request of this connection has no answer yet (RFC 9112 §9.3.2): this one waits.
  if (exchange.complete) exchanges_.release_js_thread(exchange);
  if (!exchanges_.hold(connection, exchange, written) ||
      !exchanges_.hold(connection, exchange, block.view()) || !exchanges_.hold(connection, exchange, after)) {
    io_.close(connection, here);
  }
}

bool ResponseOutlet::ends_connection(const Connection& connection, bool close_after,
                                     bool is_youngest) const noexcept {
  if (close_after) return true;
  // On close, and after the client's FIN, the last answer is the last thing; before it others may still come.
  return (draining_ || connection.peer_finished) && is_youngest && !connection.has_begun_message();
}

bool ResponseOutlet::ends_with_answer(const Connection& connection, const Exchange& exchange,
                                      bool close_after) noexcept {
  const bool is_youngest = &exchanges_.at(connection.last_exchange) == &exchange;
  return ends_connection(connection, close_after, is_youngest) ||
         (is_youngest && leaves_body_behind(connection));
}

Upload* ResponseOutlet::upload_of(Connection& connection, std::uint32_t slot) noexcept {
  Upload* const upload = connection.upload();
  const bool is_its_own =
      upload != nullptr && upload->stage == Upload::Stage::delivering && upload->exchange_slot == slot;
  return is_its_own ? upload : nullptr;
}

bool ResponseOutlet::is_unread(Connection& connection, std::uint32_t slot) noexcept {
  const Upload* const upload = upload_of(connection, slot);
  return upload != nullptr && !upload->has_reader && upload->is_left_behind();
}

bool ResponseOutlet::leaves_body_behind(const Connection& connection) const noexcept {
  const Upload* const upload = connection.upload();
  return upload != nullptr && upload->stage == Upload::Stage::delivering &&
         (upload->is_left_behind() || (draining_ && !upload->complete));
}

void ResponseOutlet::finish_oldest(Connection& connection, bool close) {
  counters_.answers_sent.add();
  if (io_.log() != nullptr) io_.log()->complete(connection, connection.first_exchange);
  exchanges_.close_oldest(connection);
  while (!close && connection.first_exchange != kNone) {
    Exchange& next = exchanges_.at(connection.first_exchange);
    HeldAnswer held = exchanges_.take_held(connection, next);
    io_.append_output(connection, std::move(held.bytes));
    // Without memory for it, what has been put out is the last: the client sees less than it was told.
    if (!append_files(connection, held.files)) close = next.close_after = true;
    if (next.asked) watch_drain(connection);
    if (!next.complete) break;  // what is still to come of it follows directly
    close = next.close_after;
    counters_.answers_sent.add();
    if (io_.log() != nullptr) io_.log()->complete(connection, connection.first_exchange);
    exchanges_.close_oldest(connection);
  }
  if (close) {
    // Requests behind a closing answer get none; the client learns it from the close (RFC 9112 §9.6).
    io_.finish(connection);
    return;
  }
  start_lookups(connection);
  after_answer(connection);
}

void ResponseOutlet::after_answer(Connection& connection) {
  if (connection.input_blocked) {
    io_.unblocked().push_back(connection.id);
  } else if (connection.in_flight == 0 && !connection.has_begun_message()) {
    if (connection.peer_finished) {
      io_.finish(connection);  // that was all it has asked for
    } else {
      io_.start_idle_time(connection);
    }
  }
}

void ResponseOutlet::answer(Connection& connection, const RequestTraits& request, const NativeAnswer& answer,
                            const OnReactor& here) {
  const bool close = ends_connection(connection, request.close_after, !request.more_received);
  const std::string response =
      error_response(answer.status,
                     {.close = close,
                      .head_request = request.head_request,
                      .keep_alive_1_0 = request.keep_alive_1_0,
                      .retry_after_seconds = answer.retry_after ? kRetryAfterSeconds : 0,
                      .allow = answer.allow},
                     date_);
  RequestTraits traits = request;
  traits.close_after = close;
  const Logged logged{answer.status, body_bytes_of(response)};
  answer_bytes(connection.id, traits, logged, copy_of(response), {}, here);
}

void ResponseOutlet::answer_with(const Reply& reply, Connection& connection, const RequestTraits& request,
                                 const OnReactor& here) {
  answer_whole({.status = reply.status,
                .content_type = reply.content_type,
                .fields = reply.fields,
                .own_date = reply.own_date,
                .close = reply.close,
                .content_length = reply.body.size(),
                .body = reply.body,
                .body_is_static = true},
               connection, request, here);
}

ResponseHead ResponseOutlet::head_of(const WholeAnswer& answer, bool close, bool keep_alive_1_0) noexcept {
  return {.status = answer.status,
          .content_type = answer.content_type,
          .close = close,
          .keep_alive_1_0 = keep_alive_1_0,
          .omit_date = answer.own_date,
          .omit_length = answer.status == 304 && answer.content_length == 0,
          .content_length = answer.content_length,
          .reason = {},
          .fields = answer.fields};
}

void ResponseOutlet::answer_whole(WholeAnswer answer, Connection& connection, const RequestTraits& request,
                                  const OnReactor& here) {
  const ConnectionId id = connection.id;
  RequestTraits traits = request;
  traits.close_after =
      answer.close || ends_connection(connection, request.close_after, !request.more_received);
  const ResponseHead head = head_of(answer, traits.close_after, request.keep_alive_1_0);
  if (request.head_request || !status_allows_content(answer.status)) {
    answer.body = {};
    answer.files.clear();
  }
  const std::string_view body = answer.body;
  const bool has_body = !body.empty() || !answer.files.empty();
  const Logged logged{answer.status, has_body ? answer.content_length : 0};
  const std::size_t head_room = response_head_bound(head);
  const bool copied = !answer.body_is_static || body.size() <= kOutputCopyBytes;
  const std::size_t room = head_room + (copied ? body.size() : 0);
  if (connection.in_flight > 0 || room > kOutputScratchBytes) {
    OwnedBytes bytes;
    if (bytes.reserve(head_room + body.size())) {
      char* end = write_response_head(bytes.data(), head, date_);
      bytes.set_size(static_cast<std::size_t>(end - bytes.data()));
      static_cast<void>(bytes.append(body));  // fits: reserved above
    }
    answer_bytes(id, traits, logged, std::move(bytes), std::move(answer.files), here);
    return;
  }
  // The way of nearly all: straight into the batch, no allocation; a large body is sent from where it is.
  char* const start = io_.reserve_output(room, here);
  Connection* const still = io_.table().find(id, here);
  if (still == nullptr) return;
  char* end = write_response_head(start, head, date_);
  if (copied && !body.empty()) {
    std::memcpy(end, body.data(), body.size());
    end += body.size();
  }
  io_.commit_output(*still, static_cast<std::size_t>(end - start));
  if (!copied) io_.append_static_output(*still, body);
  if (!append_files(*still, answer.files)) {
    io_.close(*still, here);
    return;
  }
  counters_.answers_sent.add();
  if (io_.log() != nullptr) io_.log()->answered(*still, logged.status, logged.body_bytes);
  if (traits.close_after) {
    io_.finish(*still);
  } else {
    after_answer(*still);
  }
}

bool ResponseOutlet::append_files(Connection& connection, FileParts& files) {
  for (FilePart& part : files) {
    OwnedBytes ahead = copy_of(part.ahead);
    if (ahead.size() != part.ahead.size()) return false;
    io_.append_output(connection, std::move(ahead));
    io_.append_file_output(connection, std::move(part.slice));
  }
  return true;
}

void ResponseOutlet::answer_bytes(ConnectionId id, const RequestTraits& request, const Logged& logged,
                                  OwnedBytes bytes, FileParts files, const OnReactor& here) {
  Connection* connection = io_.table().find(id, here);
  if (connection == nullptr) return;
  if (bytes.empty()) {  // no memory for an answer: better none than half a one
    io_.close(*connection, here);
    return;
  }
  if (connection->in_flight > 0) {
    const std::uint32_t slot = exchanges_.open(*connection);
    if (AccessLog* const log = io_.log(); log != nullptr) {
      log->keep(*connection, slot);
      log->set_status(slot, logged.status);
      log->add_body(slot, logged.body_bytes);
    }
    Exchange& exchange = exchanges_.at(slot);
    exchange.close_after = request.close_after;
    exchange.safe = true;
    exchange.begun = exchange.complete = true;
    if (!files.empty()) {
      exchanges_.hold(exchange, std::move(files));
      ExchangeTable::count_file(*connection, exchange);
    }
    if (!exchanges_.hold(*connection, exchange, bytes.view())) io_.close(*connection, here);
    return;
  }
  if (bytes.size() <= kOutputCopyBytes) {
    char* const start = io_.reserve_output(bytes.size(), here);
    connection = io_.table().find(id, here);
    if (connection == nullptr) return;
    std::memcpy(start, bytes.data(), bytes.size());
    io_.commit_output(*connection, bytes.size());
  } else {
    io_.append_output(*connection, std::move(bytes));
  }
  if (!append_files(*connection, files)) {
    io_.close(*connection, here);
    return;
  }
  counters_.answers_sent.add();
  if (io_.log() != nullptr) io_.log()->answered(*connection, logged.status, logged.body_bytes);
  if (request.close_after) {
    io_.finish(*connection);
  } else {
    after_answer(*connection);
  }
}

void ResponseOutlet::log_answer(std::uint32_t exchange_slot, std::uint16_t status,
                                std::string_view response) {
  AccessLog* const log = io_.log();
  if (log == nullptr) return;
  log->set_status(exchange_slot, status);
  log->add_body(exchange_slot, body_bytes_of(response));
}

void ResponseOutlet::log_body(const Connection& connection, const Exchange& exchange, std::uint64_t bytes) {
  if (io_.log() == nullptr) return;
  io_.log()->add_body(slot_of(connection, exchange), bytes);
}

std::uint32_t ResponseOutlet::slot_of(const Connection& connection, const Exchange& exchange) noexcept {
  // An exchange does not know its slot. Mostly it is the first.
  std::uint32_t slot = connection.first_exchange;
  while (&exchanges_.at(slot) != &exchange) slot = exchanges_.at(slot).next;
  return slot;
}

void ResponseOutlet::answer_overdue(Connection& connection, const OnReactor& here) {
  const std::uint64_t now_ms = io_.now_ms();
  // First who they are: to answer one may end others, or the connection.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> overdue;
  std::uint64_t next_ms = 0;
  for (std::uint32_t slot = connection.first_exchange; slot != kNone; slot = exchanges_.at(slot).next) {
    const Exchange& exchange = exchanges_.at(slot);
    if (exchange.deadline_ms == 0 || exchange.complete) continue;
    if (exchange.deadline_ms <= now_ms) {
      overdue.emplace_back(slot, exchanges_.generation_of(slot));
    } else if (next_ms == 0 || exchange.deadline_ms < next_ms) {
      next_ms = exchange.deadline_ms;
    }
  }
  connection.answer_deadline_ms = next_ms;
  for (const auto& [slot, generation] : overdue) {
    if (exchanges_.find(slot, generation) == nullptr) continue;
    counters_.handler_timeouts.add();
    // Whoever works for it is told now, and not when those ahead of it have been answered.
    exchanges_.abandon(slot);
    if (!watched_clients_.empty()) tell_watched_client(slot);
    answer_unavailable(slot, here);
    if (Exchange* const held = exchanges_.find(slot, generation)) exchanges_.release_js_thread(*held);
  }
}

void ResponseOutlet::answer_unclaimed(std::uint32_t exchange_slot, std::uint32_t generation,
                                      const OnReactor& here) {
  // Its client may have gone, handlerMs have answered it, or a body that turned out bad.
  const Exchange* const exchange = exchanges_.find(exchange_slot, generation);
  if (exchange == nullptr || exchange->complete) return;
  counters_.requests_expired.add();
  answer_unavailable(exchange_slot, here);
}

void ResponseOutlet::answer_lost(std::uint32_t exchange_slot, const OnReactor& here) {
  Exchange& exchange = exchanges_.at(exchange_slot);
  if (exchange.given) {
    exchanges_.release_js_thread(exchange);
    return;
  }
  exchange.watched = false;  // who watched it is gone
  Upload* const upload = io_.table().at(exchange.connection_slot).upload();
  if (upload != nullptr && upload->stage == Upload::Stage::delivering &&
      upload->exchange_slot == exchange_slot) {
    upload->wanted = Upload::Wanted::nothing;  // and so is who wanted its body
  }
  counters_.requests_lost.add();
  if (exchange.begun) {
    abort(io_.table().at(exchange.connection_slot), exchange, here);
  } else {
    answer_unavailable(exchange_slot, here);
  }
}

void ResponseOutlet::answer_unavailable(std::uint32_t exchange_slot, const OnReactor& here,
                                        bool more_received) {
  answer_error(exchange_slot, 503, here, more_received);
}

void ResponseOutlet::answer_error(std::uint32_t exchange_slot, std::uint16_t status, const OnReactor& here,
                                  bool more_received) {
  const Exchange& asked = exchanges_.at(exchange_slot);
  const std::uint32_t generation = exchanges_.generation_of(exchange_slot);
  Connection& connection = io_.table().at(asked.connection_slot);
  const bool close =
      more_received ? asked.close_after : ends_with_answer(connection, asked, asked.close_after);
  const std::string response = error_response(status,
                                              {.close = close,
                                               .head_request = asked.head_request,
                                               .keep_alive_1_0 = asked.keep_alive_1_0,
                                               .retry_after_seconds = status == 503 ? kRetryAfterSeconds : 0},
                                              date_);
  char* const start = io_.reserve_output(response.size(), here);
  Exchange* const exchange = exchanges_.find(exchange_slot, generation);
  if (exchange == nullptr) return;
  log_answer(exchange_slot, status, response);
  if (connection.first_exchange == exchange_slot) {
    std::memcpy(start, response.data(), response.size());
    io_.commit_output(connection, response.size());
    finish_oldest(connection, close);
    return;
  }
  exchange->begun = exchange->complete = true;
  exchange->close_after = close;
  if (!exchanges_.hold(connection, *exchange, response)) io_.close(connection, here);
}

void ResponseOutlet::answer_instead(Connection& connection, std::uint32_t exchange_slot, std::uint16_t status,
                                    const OnReactor& here) {
  Exchange& exchange = exchanges_.at(exchange_slot);
  exchanges_.abandon(exchange_slot);
  if (exchange.begun) {
    // Complete already, or as good as: it waits for older answers or for the pool, and is the last. Else half
    // of it has been sent.
    if (exchange.complete || exchange.given)
      exchange.close_after = true;
    else
      abort(connection, exchange, here);
    return;
  }
  const std::string response = error_response(status,
                                              {.close = true,
                                               .head_request = exchange.head_request,
                                               .retry_after_seconds = status == 503 ? kRetryAfterSeconds : 0},
                                              date_);
  const ConnectionId id = connection.id;
  char* const start = io_.reserve_output(response.size(), here);
  if (io_.table().find(id, here) == nullptr) return;
  log_answer(exchange_slot, status, response);
  std::memcpy(start, response.data(), response.size());
  exchange.begun = exchange.complete = exchange.close_after = true;
  put(connection, exchange, {start, response.size()}, {}, {}, here);
}

}  // namespace millrace
