// request_uploads.cc: the part of RequestIntake that receives bodies which do not arrive with their head.
//
// Their handler is called when the head is there and asks for the body (ResponseOutlet::body_reads()). What
// it does not ask for waits in the Upload, up to kBodyWindowBytes, and then in the client.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "base/progress.h"
#include "http/request_intake.h"
#include "http/response_writer.h"
#include "log/access_log.h"

namespace millrace {

namespace {

namespace news = ring::news;

/// What is logged of a connection that its handler has taken over: which status it sends is not looked at.
constexpr std::uint16_t kSwitchedProtocols = 101;

[[nodiscard]] bool is_unread_window_full(const Upload& upload) noexcept {
  return upload.stage == Upload::Stage::delivering && upload.wanted != Upload::Wanted::whole &&
         upload.body.size() >= kBodyWindowBytes;
}

}  // namespace

RequestIntake::Progress RequestIntake::begin_upload(Connection& connection, const char* head_bytes,
                                                    RouteMatch match, std::string_view& data,
                                                    const OnReactor& here) {
  const RequestHead& head = parser_.head();
  const bool asks = head.expect_continue && data.empty();
  const bool is_read = handler_of(match) != nullptr || native_route_of(match) != nullptr;
  if (asks && !is_read) {
    // Nobody wants this body. Whether it comes after our final answer cannot be known, so the connection ends
    // (RFC 9110 §10.1.1).
    RequestTraits request = RequestTraits::of(head);
    request.close_after = true;
    answer_natively(connection, request, match, head_bytes, here);
    return Progress::wait;
  }
  auto input = std::make_unique<PendingInput>(io_.budget());
  input->upload = std::make_unique<Upload>(body_limit(match));
  Upload& upload = *input->upload;
  upload.match = std::move(match);
  upload.stage = is_read ? Upload::Stage::collecting : Upload::Stage::discarding;
  upload.framing = head.framing == BodyFraming::chunked ? Upload::Framing::chunked : Upload::Framing::length;
  upload.continue_owed = asks;
  upload.length_left = head.content_length;
  upload.started_ms = io_.now_ms();
  if (!input->bytes.append({head_bytes, head.bytes}) || !parser_.park(input->head)) {
    refuse(connection, 503, here, {head_bytes, head.bytes});
    return Progress::wait;
  }
  input->account();
  connection.input = std::move(input);
  return receive_body(connection, data, here);
}

RequestIntake::Progress RequestIntake::receive_body(Connection& connection, std::string_view& data,
                                                    const OnReactor& here) {
  Upload& upload = *connection.upload();
  discard_if_abandoned(upload);
  if (!data.empty()) upload.continue_owed = false;
  upload.flows = data.size() >= kReceiveBytes / 2;
  const std::uint16_t refusal = take_body_bytes(upload, data);
  extend_deadline(upload);
  connection.input->account();
  if (refusal != 0 || io_.budget().exhausted()) {
    if (upload.stage != Upload::Stage::delivering) restore_parser(connection);
    refuse(connection, refusal != 0 ? refusal : 503, here);
    return Progress::wait;
  }
  return settle_upload(connection, data, here);
}

/// A body of known length, without a copy in between: large pieces cost less. One window at most, then others
/// have their turn.
void RequestIntake::receive_directly(Connection& connection, const OnReactor& here) {
  Upload& upload = *connection.upload();
  discard_if_abandoned(upload);
  upload.continue_owed = false;
  for (std::size_t taken = 0;
       taken < kBodyWindowBytes && upload.is_received_directly() && !is_unread_window_full(upload);) {
    OwnedBytes* const block = upload.wanted == Upload::Wanted::whole
                                  ? upload.body.one_block_with_room(upload.length_left)
                                  : upload.body.block_with_room(upload.length_left);
    if (block == nullptr) {
      refuse(connection, 503, here);
      return;
    }
    const std::uint64_t room = std::min<std::uint64_t>(block->capacity() - block->size(), upload.length_left);
    const auto received = io_.receive_into(connection, *block, upload.length_left, here);
    if (const auto* stop = std::get_if<ConnectionIo::Stop>(&received)) {
      if (*stop == ConnectionIo::Stop::would_block) break;
      on_stop(connection, *stop, here);
      return;
    }
    const std::size_t count = std::get<std::size_t>(received);
    taken += count;
    upload.length_left -= count;
    upload.received += count;
    upload.flows = count == room || count >= kReceiveBytes / 2;
    if (count < room) break;  // the socket is empty
  }
  // Room that a slow client does not fill is not held, and charged, for it.
  const std::size_t size = upload.body.size();
  if (!upload.flows && (size < kReceiveBytes || upload.body.capacity() / 2 > size)) upload.body.shrink();
  upload.complete = upload.length_left == 0;
  extend_deadline(upload);
  connection.input->account();
  if (io_.budget().exhausted()) {
    refuse(connection, 503, here);
    return;
  }
  std::string_view nothing;
  if (settle_upload(connection, nothing, here) == Progress::message_done && connection.idle()) {
    io_.start_idle_time(connection);
  }
}

std::uint16_t RequestIntake::take_body_bytes(Upload& upload, std::string_view& data) {
  const auto keep = [&](std::string_view piece) {
    upload.received += piece.size();
    if (upload.stage != Upload::Stage::discarding) return upload.body.append(piece);
    upload.discarded += piece.size();
    return true;
  };
  if (upload.framing != Upload::Framing::chunked) {
    const bool is_raw = upload.framing == Upload::Framing::raw;
    const std::string_view piece = is_raw ? data : data.substr(0, upload.length_left);
    data.remove_prefix(piece.size());
    if (!is_raw) {
      upload.length_left -= piece.size();
      upload.complete = upload.length_left == 0;
    }
    return keep(piece) ? 0 : 503;
  }
  for (;;) {
    const ChunkedDecoder::Step step = upload.decoder.next(data.data(), data.size());
    if (step.status == ChunkedDecoder::Status::failed) return status_of(upload.decoder.error());
    data.remove_prefix(step.consumed);
    if (!keep(step.data)) return 503;
    upload.complete = step.status == ChunkedDecoder::Status::done;
    if (step.status != ChunkedDecoder::Status::data) return 0;
  }
}

/// A handler's time runs while it has all that has come: not while its client takes its time.
void RequestIntake::extend_deadline(const Upload& upload) noexcept {
  if (upload.handler_ms == 0 || upload.stage != Upload::Stage::delivering) return;
  Exchange* const exchange = exchanges_.find(upload.exchange_slot, upload.exchange_generation);
  if (exchange != nullptr && exchange->deadline_ms != 0) {
    exchange->deadline_ms = io_.now_ms() + upload.handler_ms;
  }
}

/// The handler has been answered for, or has answered without reading: the rest is nobody's.
void RequestIntake::discard_if_abandoned(Upload& upload) noexcept {
  if (upload.stage != Upload::Stage::delivering) return;
  if (exchanges_.find(upload.exchange_slot, upload.exchange_generation) != nullptr) return;
  upload.stage = Upload::Stage::discarding;
  upload.answered = true;
  upload.body.clear();
}

RequestIntake::Progress RequestIntake::settle_upload(Connection& connection, std::string_view& data,
                                                     const OnReactor& here) {
  Upload& upload = *connection.upload();
  more_received_ = !data.empty();
  switch (upload.stage) {
    case Upload::Stage::collecting:
      if (native_route_of(upload.match) == nullptr) return call_handler(connection, data, here);
      if (upload.complete) return call_native_with_body(connection, here);
      if (upload.continue_owed) {  // a native handler gets all of it: nothing is gained by waiting
        if (!send_continue(connection, here)) return Progress::wait;
        upload.continue_owed = false;
        upload.started_ms = io_.now_ms();
      }
      break;
    case Upload::Stage::discarding:
      if (upload.complete) return end_discarding(connection, here);
      if (upload.answered &&
          (upload.is_left_behind() || upload.discarded > kDiscardBytes || outlet_.draining())) {
        io_.finish(connection);
        return Progress::wait;
      }
      break;
    case Upload::Stage::delivering:
      give_body(upload);
      connection.input->account();
      if (upload.end_given) {
        const bool was_raw = upload.framing == Upload::Framing::raw;
        connection.input.reset();
        connection.read_deadline_ms = 0;
        // Nobody was told while it was read.
        if (connection.half_closed && !was_raw) outlet_.tell_peer_finished(connection);
        return Progress::message_done;
      }
      if (upload.complete || is_unread_window_full(upload)) return leave_unread(connection, data, here);
      break;
  }
  expect_body(connection, upload);
  return Progress::wait;
}

/// A request whose body is complete by now is handed over like one that came whole.
RequestIntake::Progress RequestIntake::call_handler(Connection& connection, std::string_view& data,
                                                    const OnReactor& here) {
  // Taken off the connection, so that it looks as it does when a message arrives whole.
  std::unique_ptr<PendingInput> input = std::move(connection.input);
  Upload& upload = *input->upload;
  parser_.resume(input->head);
  // So much cannot have come with a head that it takes several blocks, but who asks would get them too.
  const bool follows = !upload.complete || !upload.decoder.trailers().empty() || !upload.body.is_one_block();
  BodyToHandOver body{.follows = follows};
  OwnedBytes& whole = upload.body.last();
  if (!follows) {
    // A large one changes hands; a small one is copied into the arena.
    if (whole.size() > kArenaBodyBytes)
      body.outside = std::move(whole);
    else
      body.bytes = whole.view();
  }
  connection.read_deadline_ms = 0;
  const Dispatch dispatch =
      hand_over(connection, input->bytes.data(), body, handler_of(upload.match)->id, here);
  if (dispatch == Dispatch::ring_full) {
    if (!body.outside.empty()) whole = std::move(body.outside);
    connection.input = std::move(input);
    park(connection, here);
    return leave_unread(connection, data, here);
  }
  if (!follows) return Progress::message_done;
  if (dispatch == Dispatch::answered) return Progress::wait;  // and the connection ends with that answer
  upload.stage = Upload::Stage::delivering;
  upload.exchange_slot = connection.last_exchange;
  upload.exchange_generation = exchanges_.generation_of(connection.last_exchange);
  upload.handler_ms = routes_.handlers[handler_of(upload.match)->id].handler_ms;
  input->bytes = {};
  input->head = {};
  connection.input = std::move(input);
  return settle_upload(connection, data, here);
}

void RequestIntake::give_body(Upload& upload) {
  const bool has_piece = upload.wanted == Upload::Wanted::piece && !upload.body.empty();
  if (upload.wanted == Upload::Wanted::nothing || (!upload.complete && !has_piece)) return;
  const auto put = [&](std::uint32_t kind, ByteBlocks payload) {
    BudgetShare share(io_.budget());
    share.set(payload.bytes_held());
    news_[upload.js_thread]->put({.exchange_slot = upload.exchange_slot,
                                  .exchange_generation = upload.exchange_generation,
                                  .kind = kind,
                                  .payload = std::move(payload),
                                  .share = std::move(share)});
  };
  if (upload.complete && !upload.decoder.trailers().empty()) {
    ByteBlocks trailers;
    if (trailers.append(upload.decoder.trailers())) put(news::kTrailers, std::move(trailers));
  }
  put(upload.complete ? news::kBodyEnd : news::kBody, std::exchange(upload.body, {}));
  upload.wanted = Upload::Wanted::nothing;
  upload.end_given = upload.complete;
}

/// The handler does not want more for now, or cannot be called yet.
RequestIntake::Progress RequestIntake::leave_unread(Connection& connection, std::string_view data,
                                                    const OnReactor& here) {
  PendingInput& input = *connection.input;
  if (!input.after.append(data)) {
    io_.close(connection, here);
    return Progress::wait;
  }
  input.account();
  if (input.upload->paused_ms == 0) input.upload->paused_ms = io_.now_ms();
  connection.input_blocked = true;
  connection.read_deadline_ms = 0;
  return Progress::wait;
}

void RequestIntake::expect_body(Connection& connection, const Upload& upload) {
  // One who waits to be asked is not slow, and one that has been handed over is the handler's business.
  const bool is_timed = !upload.continue_owed && upload.framing != Upload::Framing::raw;
  connection.read_deadline_ms =
      is_timed ? transfer_deadline(io_.now_ms(), upload.started_ms, upload.received, config_.timeouts.body_ms,
                                   config_.limits.min_bytes_per_second)
               : 0;
  io_.arm(connection);
}

RequestIntake::Progress RequestIntake::end_discarding(Connection& connection, const OnReactor& here) {
  const std::unique_ptr<PendingInput> input = std::move(connection.input);
  connection.read_deadline_ms = 0;
  if (!input->upload->answered) {
    parser_.resume(input->head);
    answer_natively(connection, request_traits(), input->upload->match, input->bytes.data(), here);
  } else if (connection.in_flight == 0) {
    io_.start_idle_time(connection);
  }
  return Progress::message_done;
}

RequestIntake::Progress RequestIntake::resume_upload(Connection& connection, std::string_view& data,
                                                     const OnReactor& here) {
  Upload& upload = *connection.upload();
  if (upload.paused_ms != 0) upload.started_ms += io_.now_ms() - upload.paused_ms;
  upload.paused_ms = 0;
  discard_if_abandoned(upload);
  return settle_upload(connection, data, here);
}

void RequestIntake::serve_body_reads(const OnReactor& here) {
  for (const ResponseOutlet::BodyRead& read : outlet_.body_reads()) {
    Exchange* const exchange = exchanges_.find(read.exchange_slot, read.exchange_generation);
    if (exchange == nullptr || exchange->complete) {
      news_[read.js_thread]->put({.exchange_slot = read.exchange_slot,
                                  .exchange_generation = read.exchange_generation,
                                  .kind = news::kGone});
      continue;
    }
    Connection& connection = io_.table().at(exchange->connection_slot);
    Upload* const upload = connection.upload();
    const bool is_its_own = upload != nullptr && upload->stage == Upload::Stage::delivering &&
                            upload->exchange_slot == read.exchange_slot;
    if (!is_its_own || upload->end_given) continue;
    if (read.kind == ring::response::kLeaveBody) {
      upload->has_reader = false;
      // Nobody was told while it was read.
      if (connection.client_may_have_gone()) outlet_.tell_peer_finished(connection);
      continue;
    }
    exchange->watched = true;
    exchanges_.assign(*exchange, read.js_thread);
    upload->js_thread = read.js_thread;
    const bool all = read.kind == ring::response::kReadWhole;
    upload->wanted = all ? Upload::Wanted::whole : Upload::Wanted::piece;
    upload->has_reader = true;
    if (upload->continue_owed) {  // behind the head of an answer: the client may send it all the same
      upload->continue_owed = false;
      upload->started_ms = io_.now_ms();
    }
    if (connection.input_blocked) {
      go_on(connection, here);
    } else {
      std::string_view nothing;
      static_cast<void>(settle_upload(connection, nothing, here));
    }
  }
  outlet_.body_reads().clear();
}

bool RequestIntake::send_continue(Connection& connection, const OnReactor& here) {
  const ConnectionId id = connection.id;
  char* const room = io_.reserve_output(kContinueResponse.size(), here);
  if (io_.table().find(id, here) == nullptr) return false;
  std::memcpy(room, kContinueResponse.data(), kContinueResponse.size());
  io_.commit_output(connection, kContinueResponse.size());
  return true;
}

RequestIntake::Progress RequestIntake::begin_raw(Connection& connection, UnreadBytes& unread,
                                                 const RouteTarget& handler, const OnReactor& here) {
  if (connection.in_flight > 0) {  // what comes before it is answered as HTTP first
    hold(connection, unread, here);
    return Progress::wait;
  }
  const RequestHead& head = parser_.head();
  BodyToHandOver follows{.follows = true};
  connection.read_deadline_ms = 0;
  const Dispatch dispatch = hand_over(connection, unread.data.data(), follows, handler.id, here);
  if (dispatch == Dispatch::ring_full) {
    park(connection, here);
    hold(connection, unread, here);
  }
  if (dispatch != Dispatch::handed_over) return Progress::wait;
  // From here on the handler writes every byte that the client gets.
  Exchange& exchange = exchanges_.at(connection.last_exchange);
  exchange.begun = exchange.until_close = exchange.close_after = true;
  exchange.deadline_ms = 0;
  if (io_.log() != nullptr) io_.log()->set_status(connection.last_exchange, kSwitchedProtocols);
  connection.input = std::make_unique<PendingInput>(io_.budget());
  connection.input->upload = std::make_unique<Upload>(0);
  Upload& upload = *connection.input->upload;
  upload.stage = Upload::Stage::delivering;
  upload.framing = Upload::Framing::raw;
  upload.exchange_slot = connection.last_exchange;
  upload.exchange_generation = exchanges_.generation_of(connection.last_exchange);
  unread.data.remove_prefix(head.bytes);
  return receive_body(connection, unread.data, here);
}

}  // namespace millrace
