#include "ring/doorbell.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/scale.h"

namespace millrace::ring {
namespace {

void count(void* context) { ++*static_cast<std::atomic<int>*>(context); }

TEST("rings a thread that waits, and only once") {
  std::uint32_t word = 1;
  std::atomic<int> rung{0};
  Doorbell bell(&word, count, &rung);
  EXPECT_FALSE(bell.at_work());
  EXPECT_TRUE(bell.ring());
  EXPECT_EQ(rung.load(), 1);
  EXPECT_EQ(word, 0u);
  EXPECT_TRUE(bell.at_work());
  EXPECT_FALSE(bell.ring());
  EXPECT_EQ(rung.load(), 1);
}

TEST("leaves a thread alone that is at work") {
  std::uint32_t word = 0;
  std::atomic<int> rung{0};
  Doorbell bell(&word, count, &rung);
  EXPECT_TRUE(bell.at_work());
  EXPECT_FALSE(bell.ring());
  EXPECT_EQ(rung.load(), 0);
}

TEST("rings again when the thread waits again") {
  std::uint32_t word = 1;
  std::atomic<int> rung{0};
  Doorbell bell(&word, count, &rung);
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(bell.ring());
    EXPECT_EQ(rung.load(), i);
    atomic_word(&word, 0).store(1);
  }
}

TEST("news outside the rings wake in any case, and count as the wake") {
  std::uint32_t word = 0;
  std::atomic<int> rung{0};
  Doorbell bell(&word, count, &rung);
  bell.ring_always();
  EXPECT_EQ(rung.load(), 1);
  atomic_word(&word, 0).store(1);
  bell.ring_always();
  EXPECT_EQ(rung.load(), 2);
  EXPECT_TRUE(bell.at_work());
  EXPECT_FALSE(bell.ring());
}

TEST("where there is no thread nobody is rung") {
  std::uint32_t word = 1;
  std::atomic<int> rung{0};
  Doorbell bell(&word, nullptr, nullptr);
  EXPECT_TRUE(bell.vacant());
  EXPECT_FALSE(bell.at_work());
  EXPECT_FALSE(bell.ring());
  bell.ring_always();
  bell.connect(count, &rung);
  EXPECT_TRUE(bell.at_work());
  atomic_word(&word, 0).store(1);
  EXPECT_TRUE(bell.ring());
  bell.disconnect();
  EXPECT_TRUE(bell.vacant());
  bell.ring_always();
  EXPECT_EQ(rung.load(), 1);
  // A thread that is being ended may still say that it waits.
  atomic_word(&word, 0).store(1);
  EXPECT_FALSE(bell.ring());
  EXPECT_TRUE(bell.vacant());
  EXPECT_EQ(rung.load(), 1);
}

TEST("a thread that retires is rung for news, and not for requests") {
  std::uint32_t word = kDoorbellRetiring;
  std::atomic<int> rung{0};
  Doorbell bell(&word, count, &rung);
  EXPECT_FALSE(bell.ring());
  EXPECT_TRUE(bell.ring_for_news());
  EXPECT_FALSE(bell.ring_for_news());
  EXPECT_EQ(rung.load(), 1);
}

TEST("a thread that has disconnected is not called any more") {
  const int rounds = check::scaled(2'000);
  std::uint32_t word = 0;
  for (int i = 0; i < rounds; ++i) {
    std::atomic<int> rung{0};
    std::atomic<bool> is_there{true};
    struct Place {
      std::atomic<int>& rung;
      std::atomic<bool>& is_there;
    } place{rung, is_there};
    const auto wake = [](void* context) {
      auto& here = *static_cast<Place*>(context);
      EXPECT_TRUE(here.is_there.load());
      ++here.rung;
    };
    Doorbell bell(&word, wake, &place);
    atomic_word(&word, 0).store(1);
    std::thread reactor([&] { static_cast<void>(bell.ring()); });
    bell.disconnect();
    is_there = false;
    reactor.join();
  }
}

TEST("of many that ring one wakes") {
  constexpr int kReactors = 4;
  const int rounds = check::scaled(5'000);
  std::uint32_t word = 0;
  std::atomic<int> rung{0};
  std::atomic<int> won{0};
  std::atomic<int> round{0};
  std::atomic<int> done{0};
  Doorbell bell(&word, count, &rung);
  std::vector<std::thread> reactors;
  for (int r = 0; r < kReactors; ++r) {
    reactors.emplace_back([&] {
      for (int i = 1; i <= rounds; ++i) {
        while (round.load() < i) std::this_thread::yield();
        if (bell.ring()) ++won;
        ++done;
      }
    });
  }
  for (int i = 1; i <= rounds; ++i) {
    atomic_word(&word, 0).store(1);
    round = i;
    while (done.load() < i * kReactors) std::this_thread::yield();
    if (!EXPECT_EQ(won.load(), i)) break;
  }
  round = rounds;  // lets the threads end also after a failure
  for (std::thread& reactor : reactors) reactor.join();
  EXPECT_EQ(rung.load(), won.load());
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
