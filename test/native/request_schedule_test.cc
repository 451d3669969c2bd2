// request_schedule_test.cc: when requests are due, and that an open loop hides no stall. Time is made up.
#include "load/request_schedule.h"

#include <algorithm>
#include <cstdint>

#include "load/latency_histogram.h"
#include "native/check.h"

namespace millrace::load {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kStart = 5'000 * kMs;

constexpr RequestSchedule::Limits kUnlimited{.count = RequestSchedule::kNoCount,
                                             .duration_ns = RequestSchedule::kNoDuration,
                                             .batch = 1,
                                             .interval_ns = 0,
                                             .offset_ns = 0};

RequestSchedule begun(RequestSchedule::Limits limits) {
  RequestSchedule schedule(limits);
  schedule.begin(kStart);
  return schedule;
}

TEST("before the clock has started nothing is due") {
  RequestSchedule schedule(kUnlimited);
  EXPECT_EQ(schedule.take(kStart).requests, 0u);
  EXPECT_FALSE(schedule.over(kStart));
  EXPECT_EQ(schedule.next_due(), RequestSchedule::kNever);
}

TEST("in a closed loop a request is due whenever it can be sent") {
  RequestSchedule schedule = begun(kUnlimited);
  for (const std::int64_t now : {kStart, kStart + 7, kStart + 900 * kMs}) {
    const RequestSchedule::Batch batch = schedule.take(now);
    EXPECT_EQ(batch.requests, 1u);
    EXPECT_EQ(batch.due, now);
  }
  EXPECT_EQ(schedule.overdue(kStart + 900 * kMs), 0u);
}

TEST("a count is kept to, also by the last batch") {
  RequestSchedule::Limits limits = kUnlimited;
  limits.count = 10;
  limits.batch = 4;
  RequestSchedule schedule = begun(limits);
  EXPECT_EQ(schedule.take(kStart).requests, 4u);
  EXPECT_EQ(schedule.take(kStart).requests, 4u);
  EXPECT_FALSE(schedule.over(kStart));
  EXPECT_EQ(schedule.take(kStart).requests, 2u);
  EXPECT_TRUE(schedule.over(kStart));
  EXPECT_EQ(schedule.take(kStart).requests, 0u);
}

TEST("a count of 0 is over before it has begun") {
  RequestSchedule::Limits limits = kUnlimited;
  limits.count = 0;
  EXPECT_TRUE(RequestSchedule(limits).over(kStart));
}

TEST("a duration is kept to, and its end belongs to it no more") {
  RequestSchedule::Limits limits = kUnlimited;
  limits.duration_ns = 10 * kMs;
  RequestSchedule schedule = begun(limits);
  EXPECT_EQ(schedule.take(kStart + 10 * kMs - 1).requests, 1u);
  EXPECT_FALSE(schedule.over(kStart + 10 * kMs - 1));
  EXPECT_EQ(schedule.take(kStart + 10 * kMs).requests, 0u);
  EXPECT_TRUE(schedule.over(kStart + 10 * kMs));
}

RequestSchedule::Limits every_ms() {
  RequestSchedule::Limits limits = kUnlimited;
  limits.interval_ns = static_cast<double>(kMs);
  return limits;
}

TEST("in an open loop requests are due at fixed times, however late they are taken") {
  RequestSchedule schedule = begun(every_ms());
  EXPECT_EQ(schedule.take(kStart).due, kStart);
  EXPECT_EQ(schedule.take(kStart + kMs - 1).requests, 0u);
  EXPECT_EQ(schedule.next_due(), kStart + kMs);
  const std::int64_t late = kStart + 50 * kMs;
  for (int i = 1; i <= 50; ++i) {
    const RequestSchedule::Batch batch = schedule.take(late);
    EXPECT_EQ(batch.requests, 1u);
    EXPECT_EQ(batch.due, kStart + i * kMs);
  }
  EXPECT_EQ(schedule.take(late).requests, 0u);
}

TEST("a batch is due as a whole") {
  RequestSchedule::Limits limits = every_ms();
  limits.batch = 8;
  RequestSchedule schedule = begun(limits);
  EXPECT_EQ(schedule.take(kStart).requests, 8u);
  EXPECT_EQ(schedule.take(kStart).requests, 0u);
  const RequestSchedule::Batch next = schedule.take(kStart + kMs);
  EXPECT_EQ(next.requests, 8u);
  EXPECT_EQ(next.due, kStart + kMs);
}

TEST("the threads of an open loop take turns") {
  RequestSchedule::Limits limits = every_ms();
  limits.offset_ns = static_cast<double>(kMs) / 4;
  RequestSchedule schedule = begun(limits);
  EXPECT_EQ(schedule.take(kStart).requests, 0u);
  EXPECT_EQ(schedule.next_due(), kStart + kMs / 4);
  EXPECT_EQ(schedule.take(kStart + kMs).due, kStart + kMs / 4);
}

TEST("a rate that is no whole number of nanoseconds does not drift") {
  RequestSchedule::Limits limits = kUnlimited;
  limits.interval_ns = 1e9 / 3;
  RequestSchedule schedule = begun(limits);
  std::int64_t last = 0;
  for (int i = 0; i <= 30'000; ++i) last = schedule.take(INT64_MAX - 1).due;
  EXPECT_EQ(last - kStart, 10'000'000'000'000);
}

TEST("what was due in time and has not been taken is told") {
  RequestSchedule::Limits limits = every_ms();
  limits.duration_ns = 100 * kMs;
  RequestSchedule schedule = begun(limits);
  EXPECT_EQ(schedule.overdue(kStart), 1u);
  for (int i = 0; i < 30; ++i) static_cast<void>(schedule.take(kStart + 40 * kMs));
  EXPECT_EQ(schedule.overdue(kStart + 40 * kMs), 11u);
  // 100 are due in 100 ms, from 0 to 99; what is due later never was.
  EXPECT_EQ(schedule.overdue(kStart + 100 * kMs), 70u);
  EXPECT_EQ(schedule.overdue(kStart + 900 * kMs), 70u);
  EXPECT_EQ(schedule.take(kStart + 100 * kMs + RequestSchedule::kGraceNs).requests, 0u);
  EXPECT_EQ(schedule.next_due(), kStart + 30 * kMs);
}

TEST("what was due just before the end can be taken for a moment longer, and nothing else can") {
  RequestSchedule::Limits limits = every_ms();
  limits.duration_ns = 10 * kMs;
  RequestSchedule schedule = begun(limits);
  const std::int64_t end = kStart + 10 * kMs;
  for (int i = 0; i < 8; ++i) static_cast<void>(schedule.take(end - 1));
  EXPECT_EQ(schedule.may_be_over_at(end - 1), end);
  EXPECT_FALSE(schedule.over(end));
  EXPECT_EQ(schedule.may_be_over_at(end), end + RequestSchedule::kGraceNs);
  EXPECT_EQ(schedule.take(end + kMs).due, kStart + 8 * kMs);
  EXPECT_FALSE(schedule.over(end + kMs));
  EXPECT_TRUE(schedule.over(end + RequestSchedule::kGraceNs));
  EXPECT_EQ(schedule.take(end + RequestSchedule::kGraceNs).requests, 0u);
  EXPECT_EQ(schedule.overdue(end + RequestSchedule::kGraceNs), 1u);
  EXPECT_EQ(schedule.take(end + 2 * kMs).due, kStart + 9 * kMs);
  EXPECT_TRUE(schedule.over(end + 2 * kMs));
}

TEST("what nobody has taken counts with the time that it has waited") {
  RequestSchedule::Limits limits = every_ms();
  limits.duration_ns = 100 * kMs;
  limits.batch = 2;
  limits.count = 141;
  RequestSchedule schedule = begun(limits);
  for (int i = 0; i < 30; ++i) static_cast<void>(schedule.take(kStart + 100 * kMs - 1));
  // 40 batches of two are left, due from 30 ms to 69 ms, and one request that is due at 70 ms.
  LatencyHistogram waits;
  schedule.record_overdue(kStart + 400 * kMs, kStart + 300 * kMs, waits);
  EXPECT_EQ(waits.summary().count, 81u);
  EXPECT_EQ(waits.max(), 270 * kMs);
  EXPECT_EQ(waits.min(), 230 * kMs);
  EXPECT_LT(249.7 * kMs, waits.percentile(50));
  EXPECT_LT(waits.percentile(50), 250.3 * kMs);
  LatencyHistogram none;
  begun(kUnlimited).record_overdue(kStart + 100 * kMs, kStart + 100 * kMs, none);
  EXPECT_EQ(none.summary().count, 0u);
}

TEST("no more is overdue than the count has left") {
  RequestSchedule::Limits limits = every_ms();
  limits.count = 5;
  RequestSchedule schedule = begun(limits);
  static_cast<void>(schedule.take(kStart));
  EXPECT_EQ(schedule.overdue(kStart + 1'000 * kMs), 4u);
}

/// One connection for one second to a server that answers in 1 ms, but answers nothing from 300 ms to 500 ms.
LatencyHistogram latencies_of(RequestSchedule::Limits limits) {
  limits.duration_ns = 1'000 * kMs;
  RequestSchedule schedule = begun(limits);
  LatencyHistogram latency;
  std::int64_t now = kStart;
  while (!schedule.over(now)) {
    const RequestSchedule::Batch batch = schedule.take(now);
    if (batch.requests == 0) {
      now = std::min(schedule.next_due(), schedule.ends_at());
      continue;
    }
    now += kMs;
    if (now > kStart + 300 * kMs && now < kStart + 500 * kMs) now = kStart + 500 * kMs;
    latency.record(now - batch.due);
  }
  return latency;
}

TEST(
    "a stall of 200 ms is in one figure of a closed loop, and in those of all that it held up in an open "
    "one") {
  const LatencyHistogram closed = latencies_of(kUnlimited);
  EXPECT_LT(closed.percentile(99), 1.1 * kMs);
  EXPECT_EQ(closed.max(), 200 * kMs);

  RequestSchedule::Limits limits = kUnlimited;
  limits.interval_ns = 2.0 * kMs;
  const LatencyHistogram open = latencies_of(limits);
  // 100 requests were due in the stall, the first of them 200 ms before its end; then 100 more behind them.
  EXPECT_EQ(open.summary().count, 500u);
  EXPECT_LT(open.percentile(50), 1.1 * kMs);
  EXPECT_LT(50.0 * kMs, open.percentile(75));
  EXPECT_LT(150.0 * kMs, open.percentile(95));
  EXPECT_LT(190.0 * kMs, open.percentile(99));
}

}  // namespace

}  // namespace millrace::load

MILLRACE_TEST_MAIN
