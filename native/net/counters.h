// counters.h: what one reactor counts for server.stats(). Written by its reactor, read by any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

/// Relaxed: a figure for people; nothing is decided by it and no other memory hangs on it.
class Counter {
 public:
  // Load and store instead of fetch_add: there is one writer, and a locked instruction for each request is
  // not free.
  void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void take_back() noexcept { value_.store(get() - 1, std::memory_order_relaxed); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) Counters {
  Counter connections_open;
  Counter connections_total;
  Counter connections_refused;   // beyond limits.connections
  Counter requests_to_handlers;  // put into the ring, and not withdrawn
  Counter requests_native;       // answered by the reactor: reply(), 404, 405, OPTIONS
  Counter requests_refused;      // malformed, too large, too slow
  Counter requests_overload;     // 503: queue or buffers full
  Counter requests_expired;      // 503: no JS thread has claimed them in time
  Counter requests_lost;         // 503, or cut off: their JS thread has ended
  Counter handler_timeouts;
  Counter answers_sent;
  Counter bytes_received;
  Counter bytes_sent;
};

}  // namespace millrace
