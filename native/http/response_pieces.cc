// response_pieces.cc: the part of ResponseOutlet that sends answers whose bodies come in pieces, and tells
// JavaScript how far they have come.
#include <charconv>
#include <cstring>
#include <utility>

#include "http/response_outlet.h"
#include "http/response_writer.h"

namespace millrace {

namespace {

namespace flags = ring::response;

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n";
constexpr std::string_view kEarlyHintsLine = "HTTP/1.1 103 Early Hints\r\n";
constexpr int kHexadecimal = 16;
constexpr std::size_t kMaxHexDigits = 2 * sizeof(std::size_t);
static_assert(kChunkFrameBytes >= kMaxHexDigits + 3 * kLineEnd.size() + kLastChunk.size());
static_assert(kResponseHeadFixedBytes >= kEarlyHintsLine.size() + kLineEnd.size());

char* append(char* to, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

std::string_view between(const char* start, const char* end) noexcept {
  return {start, static_cast<std::size_t>(end - start)};
}

}  // namespace

void ResponseOutlet::begin_pieces(Exchange& exchange, const ring::ResponseMessage& message,
                                  std::uint8_t js_thread) {
  exchange.watched = true;
  exchanges_.assign(exchange, js_thread);
  exchange.deadline_ms = 0;  // timeouts.handlerMs is the wait for an answer, not its length
  if ((message.flags & flags::kOwnLength) != 0 || !status_allows_content(message.status)) return;
  exchange.chunked = !exchange.http_1_0;
  exchange.until_close = exchange.http_1_0;
  if (exchange.until_close) exchange.close_after = true;
}

void ResponseOutlet::control(const ring::ResponseMessage& message, OwnedBytes outside, std::uint8_t js_thread,
                             const OnReactor& here) {
  const std::size_t room =
      kResponseHeadFixedBytes + kChunkFrameBytes + message.fields.size() + message.body.size();
  char* const start = io_.reserve_output(room, here);
  Exchange* const exchange = exchanges_.find(message.exchange_slot, message.exchange_generation);
  // Nobody waits for it any more, or it has been answered in the handler's place and waits for older answers.
  if (exchange == nullptr || exchange->complete) {
    const bool waits_for_news = message.status == flags::kWatch || message.status == flags::kAskDrained ||
                                message.status == flags::kSendFile || message.status == flags::kReadPiece ||
                                message.status == flags::kReadWhole;
    if (waits_for_news) tell_gone(message, js_thread);
    return;
  }
  Connection& connection = io_.table().at(exchange->connection_slot);
  if (start == nullptr) {  // as in deliver()
    io_.close(connection, here);
    return;
  }
  switch (message.status) {
    case flags::kPiece:
      if (exchange->begun) continue_with(connection, *exchange, message, start, std::move(outside), here);
      break;
    case flags::kAbort:
      if (exchange->begun) abort(connection, *exchange, here);
      break;
    case flags::kAskDrained:
      exchange->asked = true;
      exchanges_.assign(*exchange, js_thread);
      if (&exchanges_.at(connection.first_exchange) == exchange) watch_drain(connection);
      break;
    case flags::kWatch:
      exchange->watched = true;
      exchanges_.assign(*exchange, js_thread);
      if (connection.client_may_have_gone())
        tell(*exchange, message.exchange_slot, ring::news::kPeerFinished);
      break;
    case flags::kEarlyHints:
      give_early_hints(connection, *exchange, message.fields, start, here);
      break;
    case flags::kSendFile:
      if (!exchange->begun) send_file(*exchange, message, outside, js_thread);
      break;
    case flags::kReadPiece:
    case flags::kReadWhole:
      begin_reading(connection, *exchange, message.exchange_slot, start, here);
      [[fallthrough]];
    case flags::kLeaveBody:
      body_reads_.push_back({.exchange_slot = message.exchange_slot,
                             .exchange_generation = message.exchange_generation,
                             .js_thread = js_thread,
                             .kind = message.status});
      break;
    default:
      break;
  }
}

void ResponseOutlet::continue_with(Connection& connection, Exchange& exchange,
                                   const ring::ResponseMessage& message, char* start, OwnedBytes outside,
                                   const OnReactor& here) {
  const ConnectionId id = connection.id;
  const bool is_last = (message.flags & flags::kMore) == 0;
  if (is_last) {  // the server may have begun to close meanwhile
    exchange.close_after = ends_with_answer(connection, exchange, exchange.close_after);
  }
  char* end = start;
  if (exchange.no_content) {
    outside.clear();
  } else if (exchange.compression() != nullptr) {
    compress_piece(connection, exchange, message, std::move(outside), here);
    return;
  } else if (exchange.chunked) {
    put_chunk(connection, exchange, start, end, message.body, std::move(outside), here);
    if (is_last && io_.table().find(id, here) != nullptr)
      end_chunks(connection, exchange, message.fields, here);
    return;
  } else {
    log_body(connection, exchange, message.body.size() + outside.size());
    end = append(end, message.body);
  }
  exchange.complete = is_last;
  put(connection, exchange, between(start, end), std::move(outside), {}, here);
}

void ResponseOutlet::end_chunks(Connection& connection, Exchange& exchange, std::string_view trailers,
                                const OnReactor& here) {
  const ConnectionId id = connection.id;
  // Behind the room that the last chunk has taken there is enough for the end.
  char* const last = io_.reserve_output(kChunkFrameBytes + trailers.size(), here);
  if (io_.table().find(id, here) == nullptr) return;
  char* const end = append(append(append(last, kLastChunk), trailers), kLineEnd);
  exchange.complete = true;
  put(connection, exchange, between(last, end), {}, {}, here);
}

void ResponseOutlet::put_chunk(Connection& connection, Exchange& exchange, char* start, char* end,
                               std::string_view body, OwnedBytes outside, const OnReactor& here) {
  const std::size_t bytes = body.size() + outside.size();
  if (bytes == 0) {  // a chunk of no bytes would be the last one
    if (end != start) put(connection, exchange, between(start, end), {}, {}, here);
    return;
  }
  log_body(connection, exchange, bytes);
  end = std::to_chars(end, end + kMaxHexDigits, bytes, kHexadecimal).ptr;
  end = append(end, kLineEnd);
  if (outside.empty()) {
    end = append(append(end, body), kLineEnd);
    put(connection, exchange, between(start, end), {}, {}, here);
  } else {
    put(connection, exchange, between(start, end), std::move(outside), kLineEnd, here);
  }
}

void ResponseOutlet::give_early_hints(Connection& connection, Exchange& exchange, std::string_view fields,
                                      char* start, const OnReactor& here) {
  // RFC 9110 §15.2: never to an HTTP/1.0 client, and not behind the final answer.
  if (exchange.http_1_0 || exchange.begun) return;
  const char* const end = append(append(append(start, kEarlyHintsLine), fields), kLineEnd);
  put(connection, exchange, between(start, end), {}, {}, here);
}

void ResponseOutlet::begin_reading(Connection& connection, Exchange& exchange, std::uint32_t slot,
                                   char* start, const OnReactor& here) {
  Upload* const upload = upload_of(connection, slot);
  if (upload == nullptr || upload->end_given) return;
  upload->has_reader = true;
  if (!upload->continue_owed || exchange.begun) return;
  upload->continue_owed = false;
  upload->started_ms = io_.now_ms();
  put(connection, exchange, between(start, append(start, kContinueResponse)), {}, {}, here);
}

void ResponseOutlet::abort(Connection& connection, Exchange& exchange, const OnReactor& here) {
  if (exchange.until_close) {
    abort_until_close(connection, exchange, here);
    return;
  }
  exchange.complete = exchange.close_after = true;
  put(connection, exchange, {}, {}, {}, here);
}

void ResponseOutlet::abort_until_close(Connection& connection, Exchange& exchange, const OnReactor& here) {
  const std::uint32_t oldest = connection.first_exchange;
  if (&exchanges_.at(oldest) != &exchange) {
    // Nothing of it has been sent: older answers come first, and then one that is whole.
    static_cast<void>(exchanges_.take_held(connection, exchange));
    exchanges_.release_js_thread(exchange);
    answer_error(slot_of(connection, exchange), 500, here);
    return;
  }
  // What was given ahead of it in this wake leaves first: a reset takes with it what has not been sent.
  const ConnectionId id = connection.id;
  io_.flush(here);
  if (io_.table().find(id, here) == nullptr) return;
  // An orderly end would make half of it look whole.
  io_.reset(connection, here);
}

void ResponseOutlet::watch_drain(Connection& connection) {
  connection.stream_waits = true;
  asking_.push_back(connection.id);
}

void ResponseOutlet::tell(const Exchange& exchange, std::uint32_t slot, std::uint32_t kind) {
  news_[exchange.js_thread]->put({slot, exchanges_.generation_of(slot), kind});
}

void ResponseOutlet::tell_peer_finished(const Connection& connection) {
  for (std::uint32_t slot = connection.first_exchange; slot != kNone; slot = exchanges_.at(slot).next) {
    const Exchange& exchange = exchanges_.at(slot);
    if (exchange.watched && !exchange.complete) tell(exchange, slot, ring::news::kPeerFinished);
    if (!watched_clients_.empty()) tell_watched_client(slot);
  }
}

void ResponseOutlet::tell_gone(const ring::ResponseMessage& message, std::uint8_t js_thread) {
  news_[js_thread]->put({message.exchange_slot, message.exchange_generation, ring::news::kGone});
}

void ResponseOutlet::tell_news(const OnReactor& here) {
  for (const ExchangeTable::Abandoned& gone : exchanges_.abandoned()) {
    news_[gone.js_thread]->put({gone.slot, gone.generation, ring::news::kGone});
  }
  exchanges_.abandoned().clear();
  const auto look_at = [&](ConnectionId id) {
    Connection* const connection = io_.table().find(id, here);
    if (connection == nullptr || !connection->stream_waits || connection->first_exchange == kNone) return;
    Exchange& exchange = exchanges_.at(connection->first_exchange);
    const CompressedStream* const stream = exchange.compression();
    if (stream != nullptr && stream->is_behind()) return;  // asked again when it has caught up
    if (!exchange.asked || ConnectionIo::unsent(*connection) > drained_bytes_) return;
    connection->stream_waits = exchange.asked = false;
    tell(exchange, connection->first_exchange, ring::news::kDrained);
  };
  for (const ConnectionId id : asking_) look_at(id);
  for (const ConnectionId id : io_.drained()) look_at(id);
  asking_.clear();
  io_.drained().clear();
}

}  // namespace millrace
