// request_schedule.h: when the next requests of one load thread are due. That thread only.
#pragma once

#include <cstdint>

#include "load/latency_histogram.h"

namespace millrace::load {

/// Knows no clock: it is told the time, so that tests can make it up. All times are nanoseconds of one
/// monotonic clock.
///
/// In a closed loop requests are due whenever somebody can send them: a server that stalls is asked less, and
/// the requests that it would have got in that time are in no figure. In an open loop (`interval_ns`) they
/// are due at fixed times, whatever the server does; one that cannot be sent then stays due, with the time it
/// was due at, and its latency counts from there. That is what keeps a stall from being hidden (coordinated
/// omission). What was due just before the end of an open loop may find all connections busy for a moment: it
/// can be taken for kGraceNs longer, so that only a server, or a client, that does not keep up leaves some.
class RequestSchedule {
 public:
  struct Limits {
    /// Requests in all; kNoCount: as many as fit the time.
    std::uint64_t count;
    /// How long requests become due; kNoDuration: until the count is reached.
    std::int64_t duration_ns;
    /// Requests that are sent together.
    std::uint32_t batch;
    /// Time between two batches; 0: a closed loop.
    double interval_ns;
    /// Of the first batch, so that the threads of an open loop take turns.
    double offset_ns;
  };
  static constexpr std::uint64_t kNoCount = UINT64_MAX;
  static constexpr std::int64_t kNoDuration = INT64_MAX;
  static constexpr std::int64_t kGraceNs = 100'000'000;

  explicit RequestSchedule(const Limits& limits) noexcept : limits_(limits), left_(limits.count) {}

  /// The clock starts. Nothing is due before.
  void begin(std::int64_t now) noexcept;
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  [[nodiscard]] std::int64_t began_at() const noexcept { return start_; }

  struct Batch {
    std::uint32_t requests;  // 0: none is due
    std::int64_t due;
  };
  /// The next requests, of those that are due.
  [[nodiscard]] Batch take(std::int64_t now) noexcept;

  [[nodiscard]] bool has_count() const noexcept { return limits_.count != kNoCount; }
  /// Requests of the count that nobody has taken.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  /// Nothing will be due any more.
  [[nodiscard]] bool over(std::int64_t now) const noexcept;

  static constexpr std::int64_t kNever = INT64_MAX;
  /// When the duration ends: what is due from then on never is. kNever: there is none.
  [[nodiscard]] std::int64_t ends_at() const noexcept { return end_; }
  /// When over() may become true by itself; kNever: it does not.
  [[nodiscard]] std::int64_t may_be_over_at(std::int64_t now) const noexcept {
    return now < end_ ? end_ : last_;
  }
  /// Nothing may be sent any more, also what was due in time.
  [[nodiscard]] bool past_grace(std::int64_t now) const noexcept { return begun_ && now >= last_; }
  /// When the next batch of an open loop is due; kNever: none will be.
  [[nodiscard]] std::int64_t next_due() const noexcept;

  [[nodiscard]] bool is_open_loop() const noexcept { return limits_.interval_ns > 0; }

  /// Of an open loop: requests that have been due by `now`, in time, and that nobody has taken.
  [[nodiscard]] std::uint64_t overdue(std::int64_t now) const noexcept;
  /// Counts for each of those how long it has waited until `until`.
  void record_overdue(std::int64_t now, std::int64_t until, LatencyHistogram& waits) const noexcept;

 private:
  [[nodiscard]] std::int64_t due_of(std::uint64_t batch) const noexcept;

  Limits limits_;
  std::uint64_t left_;       // requests not taken yet
  std::uint64_t batch_ = 0;  // number of the next one
  std::int64_t start_ = 0;
  std::int64_t end_ = kNever;
  std::int64_t last_ = kNever;  // the end of the grace; end_ in a closed loop
  bool begun_ = false;
};

}  // namespace millrace::load
