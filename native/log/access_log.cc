#include "log/access_log.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string>
#include <utility>

#include "base/limits.h"

namespace millrace {

namespace {

constexpr std::uint64_t kNsPerUs = 1000;
constexpr std::uint64_t kUsPerSecond = 1'000'000;

/// Not the reactor's clock, whose steps are longer than most requests.
std::uint64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t wall_us() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kUsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec) / kNsPerUs;
}

}  // namespace

AccessLog::OfConnection& AccessLog::of(const Connection& connection) {
  if (connection.id.slot >= of_connection_.size()) of_connection_.resize(connection.id.slot + std::size_t{1});
  return of_connection_[connection.id.slot];
}

void AccessLog::begin(const Connection& connection) {
  OfConnection& own = of(connection);
  if (own.start_ns == 0) own.start_ns = now_ns();
}

void AccessLog::take_description(const Connection& connection, Record& record) {
  // Swapped: both keep their memory for the next ones.
  std::swap(record.request, current_);
  OfConnection& own = of(connection);
  record.start_ns = std::exchange(own.start_ns, 0);
  if (record.start_ns == 0) record.start_ns = now_ns();
  record.status = 0;
  record.body_bytes = 0;
  record.bytes = sizeof(Record) + record.request.bytes.capacity();
  own.bytes += record.bytes;
  account(own);
}

/// An answer of a hundred bytes may have a record of twenty thousand: escaped targets are long. Of a client
/// that sends many requests and reads nothing that is more than all else that is held.
void AccessLog::account(OfConnection& own) noexcept {
  // Not each: mostly there are few, and they go with the end of the wake.
  const bool is_much = own.bytes >= own.charged + kLogUnchargedBytes;
  if (!is_much && own.bytes >= own.charged) return;
  const std::uint64_t charged = own.bytes >= kLogUnchargedBytes ? own.bytes : 0;
  if (charged > own.charged) budget_.charge(charged - own.charged);
  if (charged < own.charged) budget_.refund(own.charged - charged);
  own.charged = charged;
}

void AccessLog::keep(const Connection& connection, std::uint32_t exchange_slot) {
  if (exchange_slot >= of_exchange_.size()) of_exchange_.resize(exchange_slot + std::size_t{1});
  take_description(connection, of_exchange_[exchange_slot]);
}

void AccessLog::answered(const Connection& connection, std::uint16_t status, std::uint64_t body_bytes) {
  Record record;
  take_description(connection, record);
  record.status = status;
  record.body_bytes = body_bytes;
  put_out(connection, record);
}

void AccessLog::complete(const Connection& connection, std::uint32_t exchange_slot) {
  put_out(connection, of_exchange_[exchange_slot]);
}

/// Takes the record over; what is left of it may be used again.
void AccessLog::put_out(const Connection& connection, Record& record) {
  if (connection.first_piece == kNone && connection.output == nullptr) {
    write(connection, record);
    account(of(connection));
    return;
  }
  std::uint32_t index = first_free_;
  if (index != kNone) {
    first_free_ = put_out_[index].next;
  } else {
    index = static_cast<std::uint32_t>(put_out_.size());
    put_out_.emplace_back();
  }
  std::swap(put_out_[index], record);
  put_out_[index].next = kNone;
  OfConnection& own = of(connection);
  own.waiting_bytes += put_out_[index].bytes;
  if (own.last == kNone) {
    own.first = index;
  } else {
    put_out_[own.last].next = index;
  }
  own.last = index;
}

void AccessLog::all_sent(const Connection& connection) {
  OfConnection& own = of(connection);
  if (own.first == kNone) return;
  for (std::uint32_t index = own.first; index != kNone; index = put_out_[index].next) {
    write(connection, put_out_[index]);
  }
  put_out_[own.last].next = first_free_;
  first_free_ = own.first;
  own.first = own.last = kNone;
  own.waiting_bytes = 0;
  account(own);
}

void AccessLog::unanswered(const Connection& connection, ExchangeTable& exchanges, Oldest oldest) {
  for (std::uint32_t slot = connection.first_exchange; slot != kNone; slot = exchanges.at(slot).next) {
    Record& record = of_exchange_[slot];
    // What waits behind an older answer has not been put out.
    const bool has_begun =
        oldest == Oldest::may_have_begun && slot == connection.first_exchange && record.status != 0;
    if (!has_begun) {
      record.status = kUnansweredStatus;
      record.body_bytes = 0;
    }
    put_out(connection, record);
  }
}

void AccessLog::ended(const Connection& connection, std::uint64_t unsent_bytes) {
  OfConnection& own = of(connection);
  own.start_ns = 0;
  if (unsent_bytes > 0 && own.first != kNone) {
    // The youngest come last. What surrounds the bodies is taken for part of them: it is little.
    std::vector<std::uint32_t> order;
    for (std::uint32_t index = own.first; index != kNone; index = put_out_[index].next)
      order.push_back(index);
    for (auto index = order.rbegin(); index != order.rend() && unsent_bytes > 0; ++index) {
      std::uint64_t& body_bytes = put_out_[*index].body_bytes;
      const std::uint64_t lost = std::min(body_bytes, unsent_bytes);
      body_bytes -= lost;
      unsent_bytes -= lost;
    }
  }
  all_sent(connection);
}

void AccessLog::write(const Connection& connection, Record& record) {
  of(connection).bytes -= std::exchange(record.bytes, 0);
  append_line(connection, record);
  // Few are so large: what is kept for the next one is not to be as large as what somebody could send.
  if (record.request.bytes.capacity() > kLogFieldBytes) record.request.bytes = {};
}

void AccessLog::append_line(const Connection& connection, const Record& record) {
  std::string* const line = writer_.place_of_line();
  if (line == nullptr) return;
  const std::uint64_t duration_us = (now_ns() - record.start_ns) / kNsPerUs;
  std::array<char, PeerAddress::kMaxTextBytes> address;
  const std::size_t length = connection.peer.write_text(address);
  append_log_line(writer_.format(), writer_.clock(), {address.data(), length}, record.request,
                  {.time = static_cast<std::time_t>((wall_us() - duration_us) / kUsPerSecond),
                   .status = record.status,
                   .body_bytes = record.body_bytes,
                   .duration_us = duration_us},
                  *line);
}

}  // namespace millrace
