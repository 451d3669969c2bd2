#include "net/timer_wheel.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "native/check.h"

namespace millrace {
namespace {

constexpr std::int64_t kTick = TimerWheel::kTickMs;
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kDay = 24 * kHour;

std::vector<std::uint32_t> fired(TimerWheel& wheel, std::int64_t now) {
  std::vector<std::uint32_t> out;
  wheel.advance(now, [&](std::uint32_t index) { out.push_back(index); });
  std::sort(out.begin(), out.end());
  return out;
}

using Indices = std::vector<std::uint32_t>;

TEST("fires never early and at most a tick late, for any deadline") {
  for (const std::int64_t start : {std::int64_t{0}, std::int64_t{1}, std::int64_t{123'456'789}}) {
    for (const std::int64_t wait : {std::int64_t{1}, kTick - 1, kTick, kTick + 1, 10 * kSecond, 65 * kSecond,
                                    600 * kSecond, kDay, 10 * kDay, 400 * kDay}) {
      SCOPE("start " + std::to_string(start) + ", wait " + std::to_string(wait));
      TimerWheel wheel(start);
      wheel.arm(3, start + wait);
      EXPECT_TRUE(wheel.armed(3));
      EXPECT_TRUE(fired(wheel, start + wait - 1).empty());
      EXPECT_EQ(fired(wheel, start + wait - 1 + kTick) == Indices{3}, true);
      EXPECT_FALSE(wheel.armed(3));
      EXPECT_TRUE(fired(wheel, start + 2 * wait + kDay).empty());
    }
  }
}

TEST("a server that sleeps as told is woken only a few times for nothing") {
  for (const std::int64_t wait : {10 * kSecond, 65 * kSecond, 600 * kSecond, kDay, 9 * kDay}) {
    SCOPE("wait " + std::to_string(wait));
    std::int64_t now = 777;
    TimerWheel wheel(now);
    wheel.arm(0, now + wait);
    int wakes = 0;
    Indices due;
    while (due.empty() && wakes < 100) {
      const int sleep = wheel.next_due_ms(now);
      ASSERT_TRUE(sleep >= 0);
      now += sleep;
      due = fired(wheel, now);
      ++wakes;
    }
    EXPECT_LE(777 + wait, now);
    EXPECT_LT(now, 777 + wait + kTick);
    EXPECT_LE(wakes, 4);  // once for each level
  }
}

TEST("says -1 when nothing is armed and 0 when something is overdue") {
  TimerWheel wheel(1000);
  EXPECT_EQ(wheel.next_due_ms(1000), -1);
  wheel.arm(5, 2000);
  EXPECT_EQ(wheel.next_due_ms(1000), 1000);
  EXPECT_EQ(wheel.next_due_ms(1999), 1);
  EXPECT_EQ(wheel.next_due_ms(90'000), 0);
  wheel.cancel(5);
  EXPECT_EQ(wheel.next_due_ms(1000), -1);
}

TEST("moving later leaves the entry linked where it is, and it still fires once, at the later time") {
  TimerWheel wheel(0);
  wheel.arm(1, 10 * kSecond);
  const int linked_for = wheel.next_due_ms(0);
  for (std::int64_t now = 0; now < 9 * kSecond; now += kSecond) wheel.arm(1, now + 20 * kSecond);
  EXPECT_EQ(wheel.next_due_ms(0), linked_for);
  EXPECT_TRUE(fired(wheel, 28 * kSecond - 1).empty());
  EXPECT_EQ(fired(wheel, 28 * kSecond).size(), 1u);
  EXPECT_FALSE(wheel.armed(1));
}

TEST("moving earlier takes effect, also after moving later") {
  TimerWheel wheel(0);
  wheel.arm(1, 10 * kSecond);
  wheel.arm(1, 60 * kSecond);
  wheel.arm(1, 5 * kSecond);
  EXPECT_EQ(fired(wheel, 5 * kSecond).size(), 1u);
  wheel.arm(1, 100 * kSecond);
  wheel.arm(1, 200 * kSecond);
  wheel.arm(1, 150 * kSecond);
  EXPECT_TRUE(fired(wheel, 150 * kSecond - 1).empty());
  EXPECT_EQ(fired(wheel, 150 * kSecond).size(), 1u);
}

TEST("a cancelled entry never fires, and cancelling what is not armed does nothing") {
  TimerWheel wheel(0);
  wheel.cancel(4'000'000);
  wheel.arm(2, kSecond);
  wheel.arm(3, kSecond);
  wheel.arm(4, kSecond);
  wheel.cancel(3);
  wheel.cancel(3);
  EXPECT_TRUE(fired(wheel, 2 * kSecond) == (Indices{2, 4}));
  EXPECT_FALSE(wheel.armed(3));
}

TEST("a callback may cancel and arm others, grow the table and re-arm itself") {
  TimerWheel wheel(0);
  wheel.arm(1, kSecond);
  wheel.arm(2, kSecond);
  int calls = 0;
  wheel.advance(kSecond, [&](std::uint32_t index) {
    ++calls;
    EXPECT_FALSE(wheel.armed(index));
    wheel.cancel(3 - index);
    wheel.arm(100'000, 3 * kSecond);
    wheel.arm(index, 2 * kSecond);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(fired(wheel, 2 * kSecond).size(), 1u);
  EXPECT_TRUE(fired(wheel, 3 * kSecond) == Indices{100'000});
}

TEST("a deadline already past fires at the next tick; re-arming with one cannot trap advance") {
  TimerWheel wheel(100 * kSecond);
  wheel.arm(1, 0);
  wheel.arm(2, std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(fired(wheel, 100 * kSecond).empty());
  int calls = 0;
  wheel.advance(5000 * kSecond, [&](std::uint32_t index) {
    ++calls;
    wheel.arm(index, 0);
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(fired(wheel, 5000 * kSecond + kTick).size(), 2u);
}

TEST("time that stands still or goes back changes nothing") {
  TimerWheel wheel(10 * kSecond);
  wheel.arm(1, 11 * kSecond);
  EXPECT_TRUE(fired(wheel, 10 * kSecond).empty());
  EXPECT_TRUE(fired(wheel, 0).empty());
  EXPECT_EQ(fired(wheel, 11 * kSecond).size(), 1u);
}

TEST("the largest deadline there is does not overflow into the past") {
  TimerWheel wheel(0);
  wheel.arm(1, std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(fired(wheel, 1000 * kDay).empty());
  EXPECT_TRUE(wheel.armed(1));
}

/// What the wheel promises, said as simply as possible: an entry fires in the first advance whose tick has
/// reached its deadline rounded up, and which began after it was armed and lies at least one tick on.
class Model {
 public:
  explicit Model(std::int64_t now) : tick_(now / kTick) {}

  void arm(std::uint32_t index, std::int64_t deadline) {
    due_[index] = std::max((deadline + kTick - 1) / kTick, tick_ + 1);
  }
  void cancel(std::uint32_t index) { due_.erase(index); }
  void begin_advance(std::int64_t now) {
    tick_ = std::max(tick_, now / kTick);
    expected_.clear();
    for (const auto& [index, tick] : due_) {
      if (tick <= tick_) expected_[index] = true;
    }
  }
  /// False if the wheel must not have fired this one now.
  bool fire(std::uint32_t index) { return expected_.erase(index) == 1 && due_.erase(index) == 1; }
  /// What a callback cancelled or moved is not expected any more.
  void forget(std::uint32_t index) { expected_.erase(index); }
  [[nodiscard]] bool all_fired() const { return expected_.empty(); }

  [[nodiscard]] bool armed(std::uint32_t index) const { return due_.count(index) == 1; }
  [[nodiscard]] bool empty() const { return due_.empty(); }
  [[nodiscard]] std::int64_t earliest_ms() const {
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    for (const auto& [index, tick] : due_) earliest = std::min(earliest, tick);
    return earliest * kTick;
  }

 private:
  std::int64_t tick_;
  std::map<std::uint32_t, std::int64_t> due_;  // index to tick
  std::map<std::uint32_t, bool> expected_;
};

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(limit));
  }
  /// Any order of magnitude is as likely as another, up to `limit` ms.
  std::int64_t span(std::int64_t limit) {
    std::int64_t scale = 2;
    while (scale < limit && below(8) != 0) scale *= 4;
    return below(std::min(scale, limit));
  }

 private:
  std::mt19937_64 engine_;
};

void compare_with_model(std::uint32_t seed, std::int64_t start, int operations) {
  constexpr std::uint32_t kEntries = 60;
  SCOPE("seed " + std::to_string(seed) + ", start " + std::to_string(start));
  Random random(seed);
  std::int64_t now = start;
  TimerWheel wheel(now);
  Model model(now);

  const auto arm_one = [&](std::uint32_t index) {
    const std::int64_t deadline = std::max<std::int64_t>(0, now + random.span(30 * kDay) - random.below(200));
    wheel.arm(index, deadline);
    model.arm(index, deadline);
  };
  const auto any = [&] { return static_cast<std::uint32_t>(random.below(kEntries)); };

  for (int operation = 0; operation < operations; ++operation) {
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        arm_one(any());
        break;
      case 4: {
        const std::uint32_t index = any();
        wheel.cancel(index);
        model.cancel(index);
        break;
      }
      default: {
        // Sometimes as epoll_wait would, sometimes late by any amount.
        const int sleep = wheel.next_due_ms(now);
        now += sleep >= 0 && random.below(2) == 0 ? sleep : random.span(12 * kDay);
        model.begin_advance(now);
        wheel.advance(now, [&](std::uint32_t index) {
          EXPECT_TRUE(model.fire(index));
          const std::uint32_t other = any();
          switch (random.below(6)) {
            case 0:
              arm_one(index);
              break;
            case 1:
              wheel.cancel(other);
              model.cancel(other);
              model.forget(other);
              break;
            case 2:
              // Moving one that is due in this very advance puts it off to a later one.
              arm_one(other);
              model.forget(other);
              break;
            default:
              break;
          }
        });
        EXPECT_TRUE(model.all_fired());
        break;
      }
    }
    const std::uint32_t index = any();
    EXPECT_EQ(wheel.armed(index), model.armed(index));
    const int sleep = wheel.next_due_ms(now);
    if (model.empty()) {
      EXPECT_EQ(sleep, -1);
    } else {
      EXPECT_LE(0, sleep);
      EXPECT_LE(now + sleep, std::max(now, model.earliest_ms()));  // must not oversleep
    }
    if (check::failures_in_test > 0) return;
  }
}

TEST("does what a simple model does under random operations") {
  for (std::uint32_t seed = 1; seed <= 150; ++seed) compare_with_model(seed, std::int64_t{seed} * 1009, 2000);
}

TEST("does what a simple model does where the 32-bit ticks wrap") {
  constexpr std::int64_t kWrapMs = (std::int64_t{1} << 32) * kTick;
  constexpr std::int64_t kHalfMs = (std::int64_t{1} << 31) * kTick;
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    compare_with_model(seed, kWrapMs - seed * kHour, 1000);
    compare_with_model(seed, kHalfMs - seed * kHour, 1000);
  }
}

TEST("holds 100,000 entries and fires each of them once") {
  constexpr std::int64_t kMany = 100'000;
  TimerWheel wheel(0);
  wheel.reserve(static_cast<std::uint32_t>(kMany));
  for (std::int64_t i = 0; i < kMany; ++i) wheel.arm(static_cast<std::uint32_t>(i), 1 + i * 7);
  std::vector<int> times(kMany, 0);
  std::uint32_t early = 0;
  for (std::int64_t now = 0; now <= kMany * 7 + kTick; now += 333) {
    wheel.advance(now, [&](std::uint32_t index) {
      ++times[index];
      if (now < 1 + static_cast<std::int64_t>(index) * 7) ++early;
    });
  }
  wheel.advance(kMany * 7 + 2 * kTick, [&](std::uint32_t index) { ++times[index]; });
  EXPECT_EQ(early, 0u);
  EXPECT_EQ(std::count(times.begin(), times.end(), 1), kMany);
  EXPECT_EQ(wheel.next_due_ms(kMany * 8), -1);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
