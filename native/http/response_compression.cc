// response_compression.cc: the part of ResponseOutlet that has answers compressed, in the worker pool.
//
// An answer in one piece goes there as a whole and comes back with its length; its exchange has begun and is
// not complete meanwhile, so order and ends of connections need nothing of their own. Of an answer in pieces
// a CompressedStream keeps the state.
#include <optional>
#include <string>
#include <utility>

#include "http/compression_rules.h"
#include "http/response_outlet.h"
#include "http/response_writer.h"

namespace millrace {

namespace flags = ring::response;

/// A body that is all there.
class ResponseOutlet::WholeCompression final : public Job {
 public:
  WholeCompression(ResponseOutlet& outlet, const ring::ResponseMessage& message)
      : outlet_(outlet),
        message_(message),
        reason_(message.reason),
        fields_(message.fields),
        level_(outlet.compression_.level),
        share_(outlet.io_.budget()) {}

  [[nodiscard]] bool take_body(const ring::ResponseMessage& message, OwnedBytes& outside) {
    if (!outside.empty()) {
      body_ = std::move(outside);
    } else if (!body_.append(message.body)) {
      return false;
    }
    share_.set(body_.capacity());
    return true;
  }
  [[nodiscard]] OwnedBytes give_body() noexcept { return std::move(body_); }

  [[nodiscard]] bool is_wanted() const noexcept override {
    return outlet_.exchanges_.is_live(message_.exchange_slot, message_.exchange_generation);
  }

  void run() noexcept override {
    OwnedBytes smaller;
    if (!gzip_whole(body_.view(), level_, smaller) || smaller.size() >= body_.size()) return;
    smaller.shrink();
    body_ = std::move(smaller);
    is_compressed_ = true;
  }

  void finish(const OnReactor& here) override { outlet_.give_compressed(*this, here); }

 private:
  friend class ResponseOutlet;
  ResponseOutlet& outlet_;
  const ring::ResponseMessage message_;  // its views are of nothing any more
  const std::string reason_;
  const std::string fields_;
  const int level_;
  OwnedBytes body_;
  BudgetShare share_;
  bool is_compressed_ = false;
};

/// What there is of a body that comes in pieces.
class ResponseOutlet::PieceCompression final : public Job {
 public:
  PieceCompression(ResponseOutlet& outlet, std::uint32_t slot, std::uint32_t generation,
                   CompressedStream& stream)
      : outlet_(outlet),
        slot_(slot),
        generation_(generation),
        gzip_(std::move(stream.gzip)),
        bytes_(std::move(stream.pending)),
        is_last_(std::exchange(stream.has_end, false)),
        share_(outlet.io_.budget()) {
    share_.set(bytes_.capacity());
  }

  /// It cannot be done now.
  void give_back(CompressedStream& stream) noexcept {
    stream.gzip = std::move(gzip_);
    stream.pending = std::move(bytes_);
    stream.has_end = is_last_;
  }

  [[nodiscard]] bool is_wanted() const noexcept override {
    return outlet_.exchanges_.is_live(slot_, generation_);
  }

  void run() noexcept override {
    is_good_ = gzip_->add(bytes_.view(), is_last_ ? Gzip::Flush::end : Gzip::Flush::piece, smaller_);
  }

  void finish(const OnReactor& here) override { outlet_.give_compressed_piece(*this, here); }

 private:
  friend class ResponseOutlet;
  ResponseOutlet& outlet_;
  const std::uint32_t slot_;
  const std::uint32_t generation_;
  std::unique_ptr<Gzip> gzip_;
  OwnedBytes bytes_;
  OwnedBytes smaller_;
  const bool is_last_;
  BudgetShare share_;
  bool is_good_ = false;
};

bool ResponseOutlet::is_to_be_compressed(const Exchange& exchange, const ring::ResponseMessage& message,
                                         std::size_t body_bytes) const noexcept {
  if (!exchange.accepts_gzip) return false;
  // Of an answer in pieces the length may not be known.
  const bool in_pieces = (message.flags & flags::kMore) != 0;
  // To HEAD a handler may say how long a body is that it does not give.
  const bool not_given = exchange.head_request && body_bytes == 0;
  if (!in_pieces && !not_given) return body_bytes >= compression_.threshold;
  const std::optional<std::uint64_t> declared = declared_length(message.fields);
  return declared ? *declared >= compression_.threshold : in_pieces;
}

std::string ResponseOutlet::describe_to_head(Exchange& exchange, ring::ResponseMessage& message) {
  if ((message.flags & flags::kMore) != 0) {
    message.flags = static_cast<std::uint8_t>(message.flags & ~flags::kOwnLength);
  } else {
    message.flags |= flags::kOwnLength;  // the length is not that of what is sent
    // As it would be sent if it came in pieces (RFC 9112 §6.1): clients that miss both do not use the
    // connection again.
    exchange.chunked = !exchange.http_1_0;
  }
  return compressed_fields(message.fields);
}

bool ResponseOutlet::compress_whole(Exchange& exchange, const ring::ResponseMessage& message,
                                    OwnedBytes& outside) {
  auto job = std::make_unique<WholeCompression>(*this, message);
  WholeCompression& whole = *job;
  if (!whole.take_body(message, outside)) return false;
  std::unique_ptr<Job> submitted = std::move(job);
  if (!jobs_.try_submit(submitted)) {
    // Too much to do: it is sent as it is.
    if (message.body.empty()) outside = whole.give_body();
    return false;
  }
  exchange.begun = exchange.given = true;
  exchange.deadline_ms = 0;  // timeouts.handlerMs is the handler's
  exchanges_.release_js_thread(exchange);
  return true;
}

void ResponseOutlet::give_compressed(WholeCompression& job, const OnReactor& here) {
  ring::ResponseMessage message = job.message_;
  if (Exchange* const exchange = exchanges_.find(message.exchange_slot, message.exchange_generation)) {
    if (exchange->complete) return;  // the request has been answered in another way, or cut off
    exchange->begun = false;
  }
  const std::string fields = job.is_compressed_ ? compressed_fields(job.fields_) : with_vary(job.fields_);
  message.reason = job.reason_;
  message.fields = fields;
  message.body = {};
  // Of what is compressed the length is another one.
  const std::uint32_t dropped = flags::kBodyOutside | (job.is_compressed_ ? flags::kOwnLength : 0U);
  message.flags = static_cast<std::uint8_t>(message.flags & ~dropped);
  deliver_as_is(message, job.give_body(), kNoJsThread, here);
}

void ResponseOutlet::compress_piece(Connection& connection, Exchange& exchange,
                                    const ring::ResponseMessage& message, OwnedBytes outside,
                                    const OnReactor& here) {
  CompressedStream& stream = *exchange.compression();
  if ((message.flags & flags::kMore) == 0) {
    stream.has_end = exchange.given = true;
    stream.trailers = message.fields;
    exchanges_.release_js_thread(exchange);  // it has done all there is to do
  }
  if (!stream.pending.append(message.body) || !stream.pending.append(outside.view())) {
    exchanges_.abandon(message.exchange_slot);  // who waits for room waits for nothing
    abort(connection, exchange, here);
    return;
  }
  stream.account();
  compress_pending(exchange, message.exchange_slot);
}

void ResponseOutlet::compress_pending(Exchange& exchange, std::uint32_t slot) {
  CompressedStream& stream = *exchange.compression();
  const bool has_work = !stream.pending.empty() || stream.has_end;
  if (stream.gzip == nullptr || !has_work) return;
  const std::uint32_t generation = exchanges_.generation_of(slot);
  auto piece = std::make_unique<PieceCompression>(*this, slot, generation, stream);
  PieceCompression& typed = *piece;
  std::unique_ptr<Job> job = std::move(piece);
  if (!jobs_.try_submit(job)) {
    // The pool has too much to do, and half of it is compressed already: it waits.
    typed.give_back(stream);
    if (!std::exchange(stream.waits, true)) waiting_streams_.emplace_back(slot, generation);
  }
  stream.account();
}

void ResponseOutlet::compress_waiting() {
  if (waiting_streams_.empty()) return;
  const auto waiting = std::exchange(waiting_streams_, {});
  bool has_room = true;
  for (const auto& [slot, generation] : waiting) {
    Exchange* const exchange = exchanges_.find(slot, generation);
    if (exchange == nullptr || exchange->complete || exchange->compression() == nullptr) continue;
    has_room = has_room && jobs_.has_room();
    if (!has_room) {
      waiting_streams_.emplace_back(slot, generation);
      continue;
    }
    exchange->compression()->waits = false;
    compress_pending(*exchange, slot);
  }
}

void ResponseOutlet::give_compressed_piece(PieceCompression& job, const OnReactor& here) {
  char* const start = io_.reserve_output(2 * kChunkFrameBytes, here);
  Exchange* const exchange = exchanges_.find(job.slot_, job.generation_);
  if (exchange == nullptr || exchange->complete) return;
  Connection& connection = io_.table().at(exchange->connection_slot);
  if (!job.is_good_) {
    exchanges_.abandon(job.slot_);
    abort(connection, *exchange, here);
    return;
  }
  exchange->compression()->gzip = std::move(job.gzip_);
  if (job.is_last_) {
    exchange->close_after = ends_with_answer(connection, *exchange, exchange->close_after);
  }
  // Its own only with the last piece: they may have been set while an earlier one was in the pool.
  std::string trailers;
  if (job.is_last_) trailers.swap(exchange->compression()->trailers);
  if (exchange->chunked) {
    put_chunk(connection, *exchange, start, start, {}, std::move(job.smaller_), here);
    const bool is_there = exchanges_.find(job.slot_, job.generation_) != nullptr;
    if (job.is_last_ && is_there) end_chunks(connection, *exchange, trailers, here);
  } else {
    exchange->complete = job.is_last_;
    log_body(connection, *exchange, job.smaller_.size());
    put(connection, *exchange, {}, std::move(job.smaller_), {}, here);
  }
  if (job.is_last_ || exchanges_.find(job.slot_, job.generation_) == nullptr) return;
  compress_pending(*exchange, job.slot_);
  if (exchange->asked && connection.first_exchange == job.slot_) watch_drain(connection);
}

}  // namespace millrace
