#include "load/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace millrace::load {

std::size_t LatencyHistogram::bucket_of(std::uint64_t value) noexcept {
  // Values of 11 bits are their own bucket; of longer ones the leading 11 bits are.
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width <= kHalfBits + 1 ? 0 : width - (kHalfBits + 1);
  return shift * kHalf + static_cast<std::size_t>(value >> shift);
}

std::uint64_t LatencyHistogram::lowest_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kHalf) return bucket;
  return std::uint64_t{bucket % kHalf + kHalf} << shift_of(bucket);
}

std::size_t LatencyHistogram::shift_of(std::size_t bucket) noexcept {
  return std::min(bucket, kBuckets - 1) / kHalf - 1;
}

double LatencyHistogram::middle_of(std::size_t bucket) noexcept {
  const auto low = static_cast<double>(lowest_of(bucket));
  if (bucket < 2 * kHalf) return low;
  return low + static_cast<double>((std::uint64_t{1} << shift_of(bucket)) - 1) / 2;
}

double LatencyHistogram::within_seen(double value) const noexcept {
  return std::clamp(value, static_cast<double>(min_), static_cast<double>(max_));
}

void LatencyHistogram::record(std::int64_t ns) noexcept {
  const std::int64_t value = std::clamp<std::int64_t>(ns, 0, kMax);
  ++counts_[bucket_of(static_cast<std::uint64_t>(value))];
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void LatencyHistogram::record_falling(std::int64_t longest, double step, std::uint64_t steps,
                                      std::uint64_t times) noexcept {
  if (times == 0) return;
  for (std::uint64_t done = 0; done < steps;) {
    const double fallen = static_cast<double>(longest) - static_cast<double>(done) * step;
    const std::int64_t value = std::clamp<std::int64_t>(std::llround(fallen), 0, kMax);
    const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value));
    // As many as there are down to the lowest of the bucket; all others when it falls no further.
    std::uint64_t here = steps - done;
    if (step > 0 && bucket > 0) {
      const double room = (fallen - static_cast<double>(lowest_of(bucket))) / step;
      if (room < static_cast<double>(here - 1)) here = static_cast<std::uint64_t>(std::max(0.0, room)) + 1;
    }
    counts_[bucket] += here * times;
    done += here;
    const double last = static_cast<double>(longest) - static_cast<double>(done - 1) * step;
    min_ = std::min(min_, std::clamp<std::int64_t>(std::llround(last), 0, kMax));
    max_ = std::max(max_, value);
  }
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

LatencyHistogram::Summary LatencyHistogram::summary() const noexcept {
  Summary summary;
  double sum = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    summary.count += counts_[i];
    sum += static_cast<double>(counts_[i]) * within_seen(middle_of(i));
  }
  if (summary.count == 0) return summary;
  const auto count = static_cast<double>(summary.count);
  summary.mean = sum / count;
  double squares = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    const double distance = within_seen(middle_of(i)) - summary.mean;
    squares += static_cast<double>(counts_[i]) * distance * distance;
  }
  summary.stdev = std::sqrt(squares / count);
  return summary;
}

double LatencyHistogram::percentile(double percent) const noexcept {
  if (max_ < 0) return 0;
  if (percent <= 0) return static_cast<double>(min_);
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts_) total += count;
  // The rank of a value, from 1; rounded up, so that p99 of ten values is the largest of them.
  const auto rank =
      static_cast<std::uint64_t>(std::ceil(std::min(percent, 100.0) / 100 * static_cast<double>(total)));
  if (rank >= total) return static_cast<double>(max_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return within_seen(middle_of(i));
  }
  return static_cast<double>(max_);
}

}  // namespace millrace::load
