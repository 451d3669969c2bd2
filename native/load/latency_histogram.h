// latency_histogram.h: how often each latency was seen, to three significant digits. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::load {

/// Log-linear, as HDR histograms are: each power of two is divided into 1,024 equal buckets, so a bucket is
/// never wider than 0.1 % of what it counts, whether that is a microsecond or an hour. 304 KiB whatever is
/// recorded, and nothing is sampled or dropped.
class LatencyHistogram {
 public:
  /// Larger values count as this one: 39 hours.
  static constexpr std::int64_t kMax = (std::int64_t{1} << 47) - 1;

  LatencyHistogram() : counts_(kBuckets) {}

  /// Nanoseconds. Negative ones count as 0.
  void record(std::int64_t ns) noexcept;

  /// `steps` values, `times` times each: the first is `longest`, and each is `step` less than the one before.
  /// Takes no longer than the histogram has buckets, however many there are.
  void record_falling(std::int64_t longest, double step, std::uint64_t steps, std::uint64_t times) noexcept;

  /// Adds what another one has counted; the same as if its values had been recorded here.
  void merge(const LatencyHistogram& other) noexcept;

  struct Summary {
    std::uint64_t count = 0;
    double mean = 0;  // nanoseconds, like all that follows
    double stdev = 0;
  };
  [[nodiscard]] Summary summary() const noexcept;

  /// The value that `percent` of all values do not exceed, 0.05 % more or less; 0 if there is none. 0 is the
  /// smallest value and 100 the largest, both exact.
  [[nodiscard]] double percentile(double percent) const noexcept;

  [[nodiscard]] std::int64_t min() const noexcept { return max_ < 0 ? 0 : min_; }
  [[nodiscard]] std::int64_t max() const noexcept { return max_ < 0 ? 0 : max_; }

 private:
  static constexpr unsigned kValueBits = 47;
  static constexpr unsigned kHalfBits = 10;
  static constexpr std::size_t kHalf = std::size_t{1} << kHalfBits;
  /// The first 2,048 values have a bucket each; each of the 36 powers of two behind them has 1,024.
  static constexpr std::size_t kBuckets = (kValueBits - kHalfBits + 1) * kHalf;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) noexcept;
  [[nodiscard]] static std::uint64_t lowest_of(std::size_t bucket) noexcept;
  /// Of a bucket of several values: how many of their last bits it does not tell.
  [[nodiscard]] static std::size_t shift_of(std::size_t bucket) noexcept;
  [[nodiscard]] static double middle_of(std::size_t bucket) noexcept;
  [[nodiscard]] double within_seen(double value) const noexcept;

  std::vector<std::uint64_t> counts_;
  std::int64_t min_ = kMax;
  std::int64_t max_ = -1;  // below every value: nothing recorded
};

}  // namespace millrace::load
