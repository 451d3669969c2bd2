// The moment in which one side goes to sleep while the other brings work. Each side writes and then looks at
// what the other writes; with less than sequential consistency both can look too early, and the work waits
// for ever. Every machine reorders a store with the load behind it, so this is what fails first when a memory
// order is too weak.
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "native/check.h"
#include "native/patience.h"
#include "native/ring_memory.h"
#include "native/scale.h"
#include "ring/doorbell.h"
#include "ring/request_ring.h"
#include "ring/response_ring.h"

namespace millrace::ring {
namespace {

constexpr std::uint32_t kSlots = 4;
constexpr std::uint32_t kArenaBytes = 256;

/// Runs two functions at the same moment, again and again. `first` and `second` are given the number of the
/// round and say whether they saw the other; `expect_seen` gets both, while the two threads wait.
template <class First, class Second, class Check>
void race(First&& first, Second&& second, Check&& expect_seen) {
  const int rounds = check::scaled(40'000);
  std::atomic<int> started{0};
  std::atomic<int> finished{0};
  std::atomic<bool> seen_by_second{false};
  const auto meet = [](const std::atomic<int>& counter, int wanted) {
    for (int looks = 0; counter.load() < wanted; ++looks) {
      if (looks > 1000) std::this_thread::yield();  // with one processor the other one needs it
    }
  };
  const auto stagger = [](int steps) {
    for (; steps > 0; --steps) std::atomic_signal_fence(std::memory_order_seq_cst);
  };
  std::thread other([&] {
    for (int round = 1; round <= rounds; ++round) {
      meet(started, round);
      stagger(round * 7 % 61);
      seen_by_second = second(round);
      finished = round;
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    started = round;
    stagger(round * 13 % 97);
    const bool seen = first(round);
    meet(finished, round);
    expect_seen(seen, seen_by_second.load());
  }
  other.join();
}

TEST("a request that is published while JavaScript falls asleep is rung for or found") {
  for (const std::uint32_t first_index : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first_index));
    RingMemory memory(RequestRing::memory_bytes(kSlots, kArenaBytes));
    RingMemory bell_memory(sizeof(std::uint32_t));
    std::uint32_t* const flag = bell_memory.shared().words;
    BufferBudget budget(1 << 20);
    RequestRing ring(memory.shared(), kSlots, kArenaBytes, budget, first_index);
    RequestClaimer claimer(memory.shared(), kSlots);
    int woken = 0;
    Doorbell bell(
        flag, [](void* count) { ++*static_cast<int*>(count); }, &woken);
    race(
        [&](int) {
          static_cast<void>(ring.try_reserve(8));
          ring.push({}, OwnedBytes());
          static_cast<void>(ring.publish());
          return bell.ring();
        },
        [&](int) {
          publish_word(flag, 0, 1);
          return claimer.has_work();
        },
        [&](bool rung, bool found) {
          EXPECT_TRUE(rung || found);
          claimer.release(claimer.claim(1));
          ring.reclaim();
          atomic_word(flag, 0).store(0);
        });
    EXPECT_LE(0, woken);
  }
}

TEST("an answer that is published while the reactor falls asleep is told of or found") {
  for (const std::uint32_t first_index : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first_index));
    RingMemory memory(ResponseRing::memory_bytes(kSlots, kArenaBytes));
    RingMemory sleep_memory(RequestRing::memory_bytes(kSlots, kArenaBytes));
    BufferBudget budget(1 << 20);
    RequestRing requests(sleep_memory.shared(), kSlots, kArenaBytes, budget);
    ResponseRing ring(memory.shared(), kSlots, kArenaBytes, first_index);
    ResponseProducer producer(memory.shared(), kSlots, kArenaBytes, first_index);
    race(
        [&](int) {
          // prepare_to_sleep() in native/net/reactor.cc
          requests.sleep_word().exchange(static_cast<std::uint32_t>(ReactorSleep::deep));
          return ring.has_published();
        },
        [&](int round) {
          const auto slot = static_cast<std::uint32_t>(round);
          EXPECT_TRUE(producer.try_push({.exchange_slot = slot,
                                         .exchange_generation = 0,
                                         .status = 200,
                                         .content_type = 0,
                                         .flags = 0,
                                         .reason = {},
                                         .fields = {},
                                         .body = {}},
                                        false, false));
          return requests.sleep_word().load() == static_cast<std::uint32_t>(ReactorSleep::deep);
        },
        [&](bool found, bool told) {
          EXPECT_TRUE(found || told);
          EXPECT_TRUE(ring.refresh());
          ring.pop();
          EXPECT_FALSE(ring.give_back());
          requests.sleep_word().store(static_cast<std::uint32_t>(ReactorSleep::awake));
        });
  }
}

TEST("room that is made while JavaScript asks for it is rung for or found") {
  for (const std::uint32_t first_index : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first_index));
    RingMemory memory(ResponseRing::memory_bytes(kSlots, kArenaBytes));
    ResponseRing ring(memory.shared(), kSlots, kArenaBytes, first_index);
    ResponseProducer producer(memory.shared(), kSlots, kArenaBytes, first_index);
    const auto push = [&](bool wait) {
      return producer.try_push({.exchange_slot = 1,
                                .exchange_generation = 0,
                                .status = 200,
                                .content_type = 0,
                                .flags = 0,
                                .reason = {},
                                .fields = {},
                                .body = {}},
                               false, wait);
    };
    for (std::uint32_t i = 0; i < kSlots; ++i) EXPECT_TRUE(push(false));
    race(
        [&](int) {
          static_cast<void>(ring.refresh());
          ring.pop();
          return ring.give_back();
        },
        [&](int) { return push(true); },
        [&](bool rung, bool found) {
          EXPECT_TRUE(rung || found);
          if (!found) EXPECT_TRUE(push(false));
          atomic_word(memory.shared().words, kResponseWanted).store(0);
        });
  }
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
