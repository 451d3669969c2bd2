// latency_histogram_test.cc: three significant digits over the whole range, in fixed memory.
#include "load/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "native/check.h"

namespace millrace::load {

namespace {

constexpr std::int64_t kPowers = 47;

/// A value as the histogram gives it back when it is neither the smallest nor the largest.
double as_recorded(std::int64_t value) {
  LatencyHistogram histogram;
  histogram.record(0);
  histogram.record(value);
  histogram.record(LatencyHistogram::kMax);
  return histogram.percentile(50);
}

TEST("no value is off by more than 0.05 %") {
  for (std::int64_t power = 0; power < kPowers; ++power) {
    const std::int64_t low = std::int64_t{1} << power;
    // Both ends of each power of two, where buckets change their width, and values within.
    for (const std::int64_t value : {low, low + 1, low + low / 3, low + low / 2, 2 * low - 1}) {
      if (value > LatencyHistogram::kMax) continue;
      SCOPE(std::to_string(value));
      EXPECT_LE(std::abs(as_recorded(value) - static_cast<double>(value)),
                0.0005 * static_cast<double>(value));
    }
  }
}

TEST("values up to 2,047 are exact") {
  for (std::int64_t value = 0; value < 2048; ++value) {
    EXPECT_EQ(as_recorded(value), static_cast<double>(value));
  }
}

TEST("percentiles are those of the sorted values") {
  LatencyHistogram histogram;
  std::vector<std::int64_t> values;
  std::uint64_t state = 88172645463325252;  // xorshift: any sequence with a long tail does
  for (int i = 0; i < 20'000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const auto value = static_cast<std::int64_t>(state >> (20 + state % 30));
    values.push_back(std::min(value, LatencyHistogram::kMax));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.01, 1.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99}) {
    SCOPE(std::to_string(percent));
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[rank - 1]);
    EXPECT_LE(std::abs(histogram.percentile(percent) - exact), 0.0005 * exact);
  }
  EXPECT_EQ(histogram.percentile(0), static_cast<double>(values.front()));
  EXPECT_EQ(histogram.percentile(100), static_cast<double>(values.back()));
}

TEST("mean and standard deviation are those of the values") {
  LatencyHistogram histogram;
  for (const std::int64_t value : {2, 4, 4, 4, 5, 5, 7, 9}) histogram.record(value);
  const LatencyHistogram::Summary summary = histogram.summary();
  EXPECT_EQ(summary.count, 8u);
  EXPECT_EQ(summary.mean, 5.0);
  EXPECT_EQ(summary.stdev, 2.0);
}

TEST("the smallest and the largest value are exact, also of long times") {
  LatencyHistogram histogram;
  histogram.record(123'456'789'012);
  histogram.record(987'654'321'098);
  EXPECT_EQ(histogram.min(), 123'456'789'012);
  EXPECT_EQ(histogram.max(), 987'654'321'098);
  EXPECT_EQ(histogram.percentile(99), 987'654'321'098.0);
}

TEST("a single value is every percentile of itself") {
  LatencyHistogram histogram;
  histogram.record(1'234'567'891);
  for (const double percent : {0.0, 50.0, 99.99, 100.0}) {
    EXPECT_EQ(histogram.percentile(percent), 1'234'567'891.0);
  }
  EXPECT_EQ(histogram.summary().stdev, 0.0);
}

TEST("without values everything is 0") {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.summary().count, 0u);
  EXPECT_EQ(histogram.summary().mean, 0.0);
  EXPECT_EQ(histogram.summary().stdev, 0.0);
  EXPECT_EQ(histogram.percentile(50), 0.0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST("values outside the range count as its ends") {
  LatencyHistogram histogram;
  histogram.record(-1);
  histogram.record(INT64_MIN);
  EXPECT_EQ(histogram.max(), 0);
  histogram.record(LatencyHistogram::kMax);
  histogram.record(LatencyHistogram::kMax + 1);
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), LatencyHistogram::kMax);
  EXPECT_EQ(histogram.summary().count, 5u);
}

TEST("merged histograms are the histogram of all values") {
  LatencyHistogram even;
  LatencyHistogram odd;
  LatencyHistogram all;
  for (std::int64_t i = 0; i < 10'000; ++i) {
    const std::int64_t value = i * i * i;
    (i % 2 == 0 ? even : odd).record(value);
    all.record(value);
  }
  LatencyHistogram merged;
  merged.merge(even);
  merged.merge(odd);
  merged.merge(LatencyHistogram());
  EXPECT_EQ(merged.summary().count, all.summary().count);
  EXPECT_EQ(merged.summary().mean, all.summary().mean);
  EXPECT_EQ(merged.summary().stdev, all.summary().stdev);
  for (double percent = 0; percent <= 100; percent += 0.5) {
    EXPECT_EQ(merged.percentile(percent), all.percentile(percent));
  }
}

TEST("values that fall evenly are counted as if each had been recorded") {
  for (const double step : {0.0, 0.3, 7.0, 333.3, 1e6, 1e9}) {
    LatencyHistogram at_once;
    LatencyHistogram one_by_one;
    constexpr std::int64_t kLongest = 2'345'678'901;
    constexpr int kSteps = 5'000;
    at_once.record_falling(kLongest, step, kSteps, 3);
    for (int i = 0; i < kSteps * 3; ++i) {
      one_by_one.record(std::llround(static_cast<double>(kLongest) - i / 3 * step));
    }
    EXPECT_EQ(at_once.summary().count, one_by_one.summary().count);
    EXPECT_EQ(at_once.min(), one_by_one.min());
    EXPECT_EQ(at_once.max(), one_by_one.max());
    for (const double percent : {1.0, 10.0, 50.0, 90.0, 99.0}) {
      const double expected = one_by_one.percentile(percent);
      EXPECT_LE(std::abs(at_once.percentile(percent) - expected), expected * 0.001);
    }
  }
}

TEST("as many values as nobody could record one by one are counted at once") {
  LatencyHistogram histogram;
  histogram.record_falling(1'000'000'000'000, 1e-3, 1'000'000'000'000'000, 1);
  EXPECT_EQ(histogram.summary().count, 1e15);
  EXPECT_LT(std::abs(histogram.percentile(50) - 5e11), 5e8);
  histogram.record_falling(7, 1, 3, 0);
  histogram.record_falling(7, 1, 0, 3);
  EXPECT_EQ(histogram.summary().count, 1e15);
}

}  // namespace

}  // namespace millrace::load

MILLRACE_TEST_MAIN
