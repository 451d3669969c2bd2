// request_dispatch.cc: the part of RequestIntake that decides who answers a complete request, and hands it
// over.
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "base/limits.h"
#include "files/accept_encoding.h"
#include "http/field_names.h"
#include "http/request_intake.h"
#include "log/access_log.h"
#include "ring/request_record.h"

namespace millrace {

namespace {

/// A loop without an early end: the compiler makes it a few wide loads.
bool is_ascii(std::string_view text) noexcept {
  unsigned char seen = 0;
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

/// Several field lines are one list (RFC 9110 §5.3).
bool accepts_gzip(std::span<const Field> fields, const char* head_bytes) noexcept {
  std::string_view value;
  std::string joined;  // seldom: two lines
  for (const Field& field : fields) {
    if (static_cast<FieldId>(field.id) != FieldId::accept_encoding) continue;
    const std::string_view line{head_bytes + field.value_offset, field.value_length};
    if (!value.empty()) {
      joined = std::string(value).append(",").append(line);
      value = joined;
    } else {
      value = line;
    }
  }
  return choose_coding(parse_accept_encoding(value, true), coding_bit(ContentCoding::gzip)) ==
         ContentCoding::gzip;
}

}  // namespace

const RouteTarget* RequestIntake::handler_of(const RouteMatch& match) const noexcept {
  if (match.kind == RouteMatch::Kind::found) {
    return match.target.kind == RouteTarget::Kind::handler ? &match.target : nullptr;
  }
  return routes_.fallback == kNone ? nullptr : &fallback_;
}

std::uint64_t RequestIntake::body_limit(const RouteMatch& match) const noexcept {
  if (const NativeRoute* native = native_route_of(match)) return native->body_bytes;
  const RouteTarget* handler = handler_of(match);
  return handler == nullptr ? config_.limits.body_bytes : routes_.handlers[handler->id].body_bytes;
}

RequestIntake::Dispatch RequestIntake::dispatch(Connection& connection, const char* head_bytes,
                                                std::string_view body, const RouteMatch& match,
                                                const OnReactor& here) {
  connection.read_deadline_ms = 0;
  if (const RouteTarget* handler = handler_of(match)) {
    BodyToHandOver whole{.bytes = body};
    return hand_over(connection, head_bytes, whole, handler->id, here);
  }
  if (const NativeRoute* native = native_route_of(match)) {
    ByteBlocks whole;
    if (whole.append(body)) {
      call_native(connection, head_bytes, std::move(whole), *native, here);
    } else {
      refuse(connection, 503, here, {head_bytes, parser_.head().bytes});
    }
    return Dispatch::answered;
  }
  answer_natively(connection, request_traits(), match, head_bytes, here);
  return Dispatch::answered;
}

RequestTraits RequestIntake::request_traits() const noexcept {
  RequestTraits traits = RequestTraits::of(parser_.head());
  traits.more_received = more_received_;
  return traits;
}

std::uint32_t RequestIntake::open_exchange(Connection& connection, std::uint32_t handler_ms) {
  const std::uint32_t slot = exchanges_.open(connection);
  if (io_.log() != nullptr) io_.log()->keep(connection, slot);
  Exchange& exchange = exchanges_.at(slot);
  const RequestTraits traits = RequestTraits::of(parser_.head());
  exchange.head_request = traits.head_request;
  exchange.http_1_0 = traits.http_1_0;
  exchange.keep_alive_1_0 = traits.keep_alive_1_0;
  exchange.close_after = traits.close_after;
  exchange.safe = is_safe(parser_.head().method);
  if (handler_ms != 0) io_.expect_answer(connection, exchange, io_.now_ms() + handler_ms);
  return slot;
}

void RequestIntake::answer_natively(Connection& connection, const RequestTraits& request,
                                    const RouteMatch& match, const char* head_bytes, const OnReactor& here) {
  if (io_.log() != nullptr) describe_for_log(head_bytes);
  // What is sent at once needs no memory; what waits for older answers is copied and held.
  if (connection.in_flight > 0 && io_.budget().exhausted()) {
    counters_.requests_overload.add();
    outlet_.answer(connection, request, {.status = 503, .retry_after = true}, here);
    return;
  }
  counters_.requests_native.add();
  switch (match.kind) {
    case RouteMatch::Kind::found:
      if (match.target.kind == RouteTarget::Kind::files) {
        answer_with_file(connection, request, match, head_bytes, here);
      } else {
        outlet_.answer_with(routes_.replies[match.target.id], connection, request, here);
      }
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

RequestIntake::Dispatch RequestIntake::hand_over(Connection& connection, const char* head_bytes,
                                                 BodyToHandOver& body, std::uint32_t route,
                                                 const OnReactor& here) {
  const RequestHead& head = parser_.head();
  const auto fields = parser_.fields();
  // One that waits already was admitted when it came.
  const bool admitted = connection.waits_for_ring;
  if (io_.log() != nullptr) describe_for_log(head_bytes);
  const bool expired = admitted && has_expired(resumed_since_ms_);
  if (expired || (!admitted &&
                  (io_.budget().exhausted() || !queue_.has_room(lanes_.unclaimed(), beyond_queue_share_)))) {
    (expired ? counters_.requests_expired : counters_.requests_overload).add();
    if (expired) {
      connection.waits_for_ring = false;
      queue_.unpark();
    }
    RequestTraits request = request_traits();
    request.close_after = request.close_after || body.follows;  // nobody will read it
    outlet_.answer(connection, request, {.status = 503, .retry_after = true}, here);
    return Dispatch::answered;
  }
  const std::uint64_t since_ms = admitted ? resumed_since_ms_ : io_.now_ms();
  // Behind all that came before it, so that those whose queueMs is over are the first in the ring.
  if (config_.timeouts.queue_ms != 0 && !admitted && !parked_beside(connection).empty())
    return Dispatch::ring_full;
  const bool in_arena = body.outside.empty() && body.bytes.size() <= kArenaBodyBytes;
  const std::uint32_t record_bytes = ring::record_bytes(head, fields.size(), connection.peer);
  ring::RequestRing& ring = lanes_.of(connection.id.slot);
  char* const record = ring.try_reserve(
      record_bytes + ring::aligned(static_cast<std::uint32_t>(in_arena ? body.bytes.size() : 0)));
  if (record == nullptr) return Dispatch::ring_full;
  if (!in_arena && body.outside.empty() && !body.outside.append(body.bytes)) {
    refuse(connection, 503, here, {head_bytes, head.bytes});
    return Dispatch::answered;
  }
  char* const end = ring::write_record(record, head, fields, head_bytes, connection.peer);
  if (in_arena && !body.bytes.empty()) std::memcpy(end, body.bytes.data(), body.bytes.size());
  const auto body_bytes = static_cast<std::uint32_t>(in_arena ? body.bytes.size() : body.outside.size());

  const std::uint32_t slot = open_exchange(connection, routes_.handlers[route].handler_ms);
  if (config_.compression.enabled) exchanges_.at(slot).accepts_gzip = accepts_gzip(fields, head_bytes);
  ring.push({.exchange_slot = slot,
             .exchange_generation = exchanges_.generation_of(slot),
             .route = route,
             .record_bytes = record_bytes,
             .body_bytes = body_bytes,
             .body_is_ascii = in_arena && is_ascii(body.bytes),
             .body_follows = body.follows},
            std::move(body.outside), since_ms);
  ++pushed_;
  counters_.requests_to_handlers.add();
  if (admitted) {
    connection.waits_for_ring = false;
    queue_.unpark();
  }
  return Dispatch::handed_over;
}

}  // namespace millrace
