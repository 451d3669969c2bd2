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
