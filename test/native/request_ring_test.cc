#include "ring/request_ring.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/ring_memory.h"

namespace millrace::ring {
namespace {

constexpr std::uint32_t kSlots = 8;
constexpr std::uint32_t kArenaBytes = 1024;

/// One ring and one claimer in one thread: what each call does. Threads come in ring_protocol_test.cc.
struct Ring {
  explicit Ring(std::uint32_t first_index = 0)
      : memory(RequestRing::memory_bytes(kSlots, kArenaBytes)),
        ring(memory.shared(), kSlots, kArenaBytes, budget, first_index),
        claimer(memory.shared(), kSlots) {}

  /// A request with `bytes` of payload that can be told from others; false: no room.
  bool push(std::uint32_t id, std::uint32_t bytes, std::string_view outside = {},
            std::uint64_t since_ms = 0) {
    char* const room = ring.try_reserve(bytes);
    if (room == nullptr) return false;
    write_payload(room, bytes, id);
    OwnedBytes body;
    if (!outside.empty() && !body.append(outside)) return false;
    ring.push({.exchange_slot = id,
               .exchange_generation = id + 1,
               .route = id + 2,
               .record_bytes = bytes,
               .body_bytes = static_cast<std::uint32_t>(outside.size())},
              std::move(body), since_ms);
    return true;
  }

  void expect(std::uint32_t index, std::uint32_t id, std::uint32_t bytes) {
    const RequestDescriptor request = claimer.read(index);
    EXPECT_EQ(request.exchange_slot, id);
    EXPECT_EQ(request.exchange_generation, id + 1);
    EXPECT_EQ(request.route, id + 2);
    EXPECT_EQ(request.record_bytes, bytes);
    EXPECT_TRUE(is_payload(claimer.record(index), bytes, id));
  }

  void pass(std::uint32_t id, std::uint32_t bytes) {
    ASSERT_TRUE(push(id, bytes));
    EXPECT_TRUE(ring.publish());
    const RequestClaimer::Run run = claimer.claim(1);
    ASSERT_EQ(run.count, 1u);
    expect(run.first, id, bytes);
    claimer.release(run);
  }

  RingMemory memory;
  BufferBudget budget{UINT64_MAX};
  RequestRing ring;
  RequestClaimer claimer;
};

TEST("has nothing to claim in the beginning") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    EXPECT_FALSE(r.claimer.has_work());
    EXPECT_EQ(r.claimer.claim(4).count, 0u);
    EXPECT_FALSE(r.ring.publish());
    EXPECT_EQ(r.ring.unclaimed(), 0u);
  }
}

TEST("shows requests when they are published, all at once") {
  Ring r;
  ASSERT_TRUE(r.push(1, 10) && r.push(2, 20));
  EXPECT_FALSE(r.claimer.has_work());
  EXPECT_EQ(r.claimer.claim(4).count, 0u);
  EXPECT_EQ(r.ring.unclaimed(), 2u);
  EXPECT_EQ(r.ring.unclaimed_seen_by_others(), 2u);  // for limits.queue they wait already
  EXPECT_TRUE(r.ring.publish());
  EXPECT_FALSE(r.ring.publish());  // nothing new
  EXPECT_TRUE(r.claimer.has_work());
  EXPECT_EQ(r.ring.unclaimed_seen_by_others(), 2u);
  const auto run = r.claimer.claim(4);
  ASSERT_EQ(run.count, 2u);
  r.expect(run.first, 1, 10);
  r.expect(run.first + 1, 2, 20);
  EXPECT_FALSE(r.claimer.has_work());
  EXPECT_EQ(r.ring.unclaimed(), 0u);
  EXPECT_EQ(r.ring.unclaimed_seen_by_others(), 0u);
}

TEST("gives a claimer as many as it asks for, oldest first") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, 16));
    EXPECT_TRUE(r.ring.publish());
    std::uint32_t next = 0;
    for (const std::uint32_t most : {1u, 3u, 2u, 9u}) {
      const auto run = r.claimer.claim(most);
      EXPECT_EQ(run.first, first + next);
      EXPECT_EQ(run.count, std::min(most, kSlots - next));
      for (std::uint32_t i = 0; i < run.count; ++i) r.expect(run.first + i, next + i, 16);
      next += run.count;
    }
    EXPECT_EQ(r.claimer.claim(1).count, 0u);
  }
}

TEST("is full with all slots in use, claimed or not, until they are released") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, 1));
    EXPECT_FALSE(r.push(99, 1));
    EXPECT_TRUE(r.ring.publish());
    const auto run = r.claimer.claim(2);
    EXPECT_FALSE(r.push(99, 1));  // claimed, but its bytes are still being read
    r.claimer.release(run);
    EXPECT_TRUE(r.push(kSlots, 1));
    EXPECT_TRUE(r.push(kSlots + 1, 1));
    EXPECT_FALSE(r.push(99, 1));
    EXPECT_TRUE(r.ring.publish());
    const auto rest = r.claimer.claim(99);
    ASSERT_EQ(rest.count, kSlots);
    for (std::uint32_t i = 0; i < rest.count; ++i) r.expect(rest.first + i, i + 2, 1);
  }
}

TEST("a run that comes back early waits for those before it") {
  Ring r;
  for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, 1));
  EXPECT_TRUE(r.ring.publish());
  const auto a = r.claimer.claim(3);
  const auto b = r.claimer.claim(1);
  const auto c = r.claimer.claim(2);
  r.claimer.release(c);
  r.claimer.release(b);
  EXPECT_FALSE(r.push(99, 1));
  r.expect(a.first, 0, 1);
  r.claimer.release(a);
  // a, b and c at once; the two that nobody has claimed stay.
  for (std::uint32_t id = 0; id < 6; ++id) EXPECT_TRUE(r.push(kSlots + id, 1));
  EXPECT_FALSE(r.push(99, 1));
}

TEST("requests that are not published yet are never taken for released ones") {
  Ring r;
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, 1));
    r.ring.reclaim();
    EXPECT_FALSE(r.push(99, 1));
    EXPECT_TRUE(r.ring.publish());
    r.ring.reclaim();
    EXPECT_FALSE(r.push(99, 1));
    r.claimer.release(r.claimer.claim(kSlots));
  }
}

/// Requests 0 to 5, of which number n waits since 10 * n, published but for the last.
void push_waiting(Ring& r) {
  for (std::uint32_t id = 0; id < 6; ++id) {
    if (id == 5) EXPECT_TRUE(r.ring.publish());
    ASSERT_TRUE(r.push(id, 16, {}, 10 * id));
  }
}

TEST("withdraws what has waited for too long, oldest first, and leaves the rest to claimers") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    push_waiting(r);
    EXPECT_EQ(r.ring.withdraw(20).count, 3u);
    EXPECT_EQ(r.ring.withdraw(20).count, 0u);
    EXPECT_EQ(r.ring.waiting_since().value_or(0), 30u);
    EXPECT_EQ(r.ring.unclaimed(), 3u);
    EXPECT_EQ(r.ring.unclaimed_seen_by_others(), 3u);
    EXPECT_TRUE(r.claimer.has_work());
    const auto run = r.claimer.claim(9);
    ASSERT_EQ(run.count, 2u);
    r.expect(run.first, 3, 16);
    r.expect(run.first + 1, 4, 16);
    EXPECT_EQ(r.ring.withdraw(1000).count, 0u);  // the last one is not published yet
    EXPECT_TRUE(r.ring.publish());
    EXPECT_EQ(r.ring.withdraw(1000).count, 1u);
    EXPECT_FALSE(r.claimer.has_work());
    EXPECT_FALSE(r.ring.waiting_since().has_value());
    EXPECT_EQ(r.ring.unclaimed(), 0u);
  }
}

TEST("says whose the withdrawn requests were") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    push_waiting(r);
    EXPECT_EQ(r.claimer.claim(2).count, 2u);
    const RequestRun run = r.ring.withdraw(40);
    ASSERT_EQ(run.count, 3u);
    EXPECT_EQ(run.first, first + 2);
    for (std::uint32_t n = 0; n < run.count; ++n) {
      const auto [slot, generation] = r.ring.exchange_of(run.first + n);
      EXPECT_EQ(slot, 2 + n);
      EXPECT_EQ(generation, 3 + n);
    }
  }
}

TEST("memory of withdrawn requests is free as soon as that of all before them is") {
  Ring r;
  for (std::uint32_t id = 0; id < kSlots; ++id) {
    ASSERT_TRUE(r.push(id, 16, id == 3 ? std::string(50'000, 'b') : std::string(), id));
  }
  EXPECT_TRUE(r.ring.publish());
  const auto held = r.claimer.claim(2);
  EXPECT_EQ(r.ring.withdraw(5).count, 4u);
  EXPECT_FALSE(r.push(99, 1));  // two are claimed and still being read
  EXPECT_LE(50'000u, r.budget.used());
  r.claimer.release(held);
  for (std::uint32_t id = 0; id < 6; ++id) EXPECT_TRUE(r.push(kSlots + id, 16));
  EXPECT_FALSE(r.push(99, 1));
  EXPECT_EQ(r.budget.used(), 0u);
  EXPECT_TRUE(r.ring.publish());
  const auto rest = r.claimer.claim(99);
  ASSERT_EQ(rest.count, kSlots);
  r.expect(rest.first, 6, 16);
  r.expect(rest.first + 2, kSlots, 16);
}

TEST("is full when the arena is, and has all of it back when nothing is in use") {
  Ring r;
  ASSERT_TRUE(r.push(0, 600));
  EXPECT_FALSE(r.push(1, 600));
  ASSERT_TRUE(r.push(1, 400));
  EXPECT_FALSE(r.push(2, 100));
  EXPECT_TRUE(r.ring.publish());
  r.claimer.release(r.claimer.claim(1));
  ASSERT_TRUE(r.push(2, 600));  // the 24 at the end are skipped
  EXPECT_TRUE(r.ring.publish());
  const auto run = r.claimer.claim(9);
  ASSERT_EQ(run.count, 2u);
  r.expect(run.first, 1, 400);
  r.expect(run.first + 1, 2, 600);
  r.claimer.release(run);
  EXPECT_TRUE(r.push(3, kArenaBytes));
  EXPECT_FALSE(r.push(4, 1));
}

TEST("a record that can never fit is refused without harm") {
  Ring r;
  EXPECT_FALSE(r.push(0, kArenaBytes + 1));
  r.pass(1, kArenaBytes);
  EXPECT_FALSE(r.push(0, kArenaBytes + 1));
  r.pass(2, kArenaBytes);
}

TEST("keeps records whole across the end of the arena and of the indices") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    ASSERT_TRUE(r.push(0, 10));  // something is always in use, so the arena never starts over
    EXPECT_TRUE(r.ring.publish());
    auto held = r.claimer.claim(1);
    for (std::uint32_t id = 1; id < 100; ++id) {
      const std::uint32_t bytes = 1 + id * 37 % 300;
      ASSERT_TRUE(r.push(id, bytes));
      EXPECT_TRUE(r.ring.publish());
      const auto run = r.claimer.claim(1);
      ASSERT_EQ(run.count, 1u);
      r.expect(run.first, id, bytes);
      r.claimer.release(held);
      held = run;
    }
  }
}

TEST("carries large bodies beside the arena") {
  const std::string body(50'000, 'b');
  Ring r;
  ASSERT_TRUE(r.push(0, 10, body) && r.push(1, 10));
  EXPECT_TRUE(r.ring.publish());
  EXPECT_LE(body.size(), r.budget.used());
  const auto run = r.claimer.claim(2);
  ASSERT_EQ(run.count, 2u);
  EXPECT_TRUE(r.claimer.body_is_outside(run.first));
  EXPECT_FALSE(r.claimer.body_is_outside(run.first + 1));
  EXPECT_EQ(r.claimer.read(run.first).body_bytes, 50'000u);
  EXPECT_EQ(r.ring.outside_body(run.first).view(), body);
  r.ring.reclaim();
  EXPECT_EQ(r.ring.outside_body(run.first).view(), body);  // not released yet
  r.claimer.release(run);
  r.ring.reclaim();
  EXPECT_EQ(r.ring.outside_body(run.first).capacity(), 0u);
  EXPECT_EQ(r.budget.used(), 0u);
}

TEST("a body outside stays with its request when others are released before it") {
  Ring r;
  for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, 1, std::string(20'000 + id, 'x')));
  EXPECT_TRUE(r.ring.publish());
  std::vector<RequestClaimer::Run> runs;
  for (std::uint32_t i = 0; i < kSlots; ++i) runs.push_back(r.claimer.claim(1));
  for (std::uint32_t i = kSlots; i-- > 1;) r.claimer.release(runs[i]);
  r.ring.reclaim();
  for (std::uint32_t i = 0; i < kSlots; ++i) EXPECT_EQ(r.ring.outside_body(runs[i].first).size(), 20'000 + i);
  r.claimer.release(runs[0]);
  r.ring.reclaim();
  for (std::uint32_t i = 0; i < kSlots; ++i) EXPECT_TRUE(r.ring.outside_body(runs[i].first).empty());
}

TEST("an empty body is none, also where one was before") {
  Ring r;
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    ASSERT_TRUE(r.push(i, 1, "a body"));
    EXPECT_TRUE(r.ring.publish());
    r.claimer.release(r.claimer.claim(1));
  }
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    ASSERT_TRUE(r.push(i, 1));
    EXPECT_TRUE(r.ring.publish());
    const auto run = r.claimer.claim(1);
    EXPECT_FALSE(r.claimer.body_is_outside(run.first));
    EXPECT_TRUE(r.ring.outside_body(run.first).empty());
    r.claimer.release(run);
  }
}

TEST("room that was reserved and not used is no request") {
  Ring r;
  EXPECT_TRUE(r.ring.try_reserve(100) != nullptr);
  EXPECT_FALSE(r.ring.publish());
  EXPECT_EQ(r.ring.unclaimed(), 0u);
  for (std::uint32_t id = 0; id < 3 * kSlots; ++id) r.pass(id, 200);
}

/// Two claimers that write their numbers.
struct NumberedClaimers {
  explicit NumberedClaimers(Ring& ring) {
    for (RingMemory& memory : claiming) {
      atomic_word(memory.shared().words, kResponseClaiming).store(no_claim(0));
    }
    for (std::uint8_t i = 0; i < 2; ++i) {
      claimers.emplace_back(ring.memory.shared(), kSlots, i, claiming[i].shared());
    }
  }
  /// What request_ring.h wants to know when number 0 has died.
  [[nodiscard]] bool other_is_claiming(std::uint32_t index) {
    return atomic_word(claiming[1].shared().words, kResponseClaiming).load() == index;
  }
  [[nodiscard]] bool give_up_first(Ring& r, bool has_ended = true) {
    return r.ring.give_up(
        0, [this](std::uint32_t index) { return other_is_claiming(index); }, has_ended);
  }

  std::vector<RingMemory> claiming{RingMemory(64), RingMemory(64)};
  std::vector<RequestClaimer> claimers;
};

/// Exchange slots of what the claimer with this number owns, as the ring has found by now.
std::vector<std::uint32_t> owned_by(std::uint8_t js_thread, Ring& r) {
  std::vector<std::uint32_t> slots;
  for (const RequestRing::Owned& owned : r.ring.owned()) {
    if (owned.js_thread == js_thread) slots.push_back(owned.exchange_slot);
  }
  r.ring.owned().clear();
  return slots;
}

using Slots = std::vector<std::uint32_t>;

TEST("tells who has claimed what, one by one, when it is released") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    NumberedClaimers numbered(r);
    for (std::uint32_t id = 10; id < 13; ++id) ASSERT_TRUE(r.push(id, 8));
    EXPECT_TRUE(r.ring.publish());
    for (const std::size_t i : {0U, 1U, 0U}) {
      const RequestRun run = numbered.claimers[i].claim(16);
      EXPECT_EQ(run.count, 1u);
      numbered.claimers[i].release(run);
    }
    EXPECT_EQ(numbered.claimers[0].claim(16).count, 0u);
    r.ring.reclaim();
    EXPECT_TRUE(r.ring.owned().size() == 3);
    EXPECT_TRUE(owned_by(0, r) == (Slots{10, 12}));
  }
}

TEST("gives up what a dead claimer had and not copied, and nothing of the other's") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    NumberedClaimers numbered(r);
    for (std::uint32_t id = 10; id < 14; ++id) ASSERT_TRUE(r.push(id, 8));
    EXPECT_TRUE(r.ring.publish());
    EXPECT_EQ(numbered.claimers[0].claim(1).count, 1u);  // dies with this one
    const RequestRun other = numbered.claimers[1].claim(1);
    EXPECT_EQ(numbered.claimers[0].claim(1).count, 1u);  // and this one
    EXPECT_TRUE(numbered.give_up_first(r));
    EXPECT_TRUE(owned_by(0, r) == (Slots{10, 12}));
    // What nobody has claimed is still there, and the other's memory is still its own.
    EXPECT_EQ(r.ring.unclaimed(), 1u);
    r.expect(other.first, 11, 8);
    numbered.claimers[1].release(other);
    numbered.claimers[1].release(numbered.claimers[1].claim(1));
    r.ring.reclaim();
    EXPECT_TRUE(owned_by(1, r) == (Slots{11, 13}));
    for (std::uint32_t id = 20; id < 20 + kSlots; ++id) EXPECT_TRUE(r.push(id, 8));  // all slots are free
  }
}

TEST("a request without a number is a dead claimer's, unless one that lives is after it") {
  for (const bool lives : {false, true}) {
    Ring r;
    NumberedClaimers numbered(r);
    ASSERT_TRUE(r.push(10, 8));
    EXPECT_TRUE(r.ring.publish());
    // Claimed, and its claimer is between the exchange and the number.
    const RequestRun run = r.claimer.claim(1);
    if (lives) atomic_word(numbered.claiming[1].shared().words, kResponseClaiming).store(run.first);
    EXPECT_EQ(numbered.give_up_first(r), !lives);
    EXPECT_TRUE(owned_by(0, r) == (lives ? Slots{} : Slots{10}));
    if (!lives) continue;
    // It goes on: it claims something else by now, so the number is there.
    auto flags = atomic_word(r.memory.shared().words + kRequestDescriptors, request::kFlags);
    flags.store(2U << request::kOwnerShift);
    atomic_word(numbered.claiming[1].shared().words, kResponseClaiming).store(no_claim(1));
    EXPECT_TRUE(numbered.give_up_first(r));
    EXPECT_TRUE(owned_by(0, r).empty());
    r.claimer.release(run);
    r.ring.reclaim();
    EXPECT_TRUE(owned_by(1, r) == Slots{10});
  }
}

TEST("what one has claimed that has not ended yet is known, and its memory stays its own") {
  Ring r;
  NumberedClaimers numbered(r);
  for (std::uint32_t id = 10; id < 12; ++id) ASSERT_TRUE(r.push(id, 8));
  EXPECT_TRUE(r.ring.publish());
  const RequestRun run = numbered.claimers[0].claim(1);
  EXPECT_TRUE(numbered.give_up_first(r, false));
  EXPECT_TRUE(owned_by(0, r) == Slots{10});
  for (std::uint32_t id = 20; id < 20 + kSlots - 2; ++id) EXPECT_TRUE(r.push(id, 8));
  EXPECT_FALSE(r.push(99, 8));  // its slot is not free
  r.expect(run.first, 10, 8);
  numbered.claimers[0].release(run);
  EXPECT_TRUE(r.push(99, 8));
  // Once it has ended nothing is left to give back.
  r.ring.owned().clear();
  EXPECT_TRUE(numbered.give_up_first(r));
  EXPECT_TRUE(owned_by(0, r).empty());
}

TEST("tells who has claimed what also behind a claimer that takes its time") {
  Ring r;
  NumberedClaimers numbered(r);
  for (std::uint32_t id = 10; id < 13; ++id) ASSERT_TRUE(r.push(id, 8));
  EXPECT_TRUE(r.ring.publish());
  const RequestRun slow = numbered.claimers[1].claim(1);
  for (int i = 0; i < 2; ++i) numbered.claimers[0].release(numbered.claimers[0].claim(1));
  r.ring.reclaim();
  EXPECT_TRUE(r.ring.owned().empty());
  r.ring.attribute_released();
  EXPECT_TRUE(owned_by(0, r) == (Slots{11, 12}));
  r.expect(slow.first, 10, 8);
}

TEST("what has been withdrawn is nobody's, whoever dies") {
  Ring r;
  NumberedClaimers numbered(r);
  ASSERT_TRUE(r.push(10, 8, {}, 1));
  EXPECT_TRUE(r.ring.publish());
  EXPECT_EQ(numbered.claimers[0].claim(1).count, 1u);
  for (std::uint32_t id = 11; id < 14; ++id) ASSERT_TRUE(r.push(id, 8, {}, 1));
  EXPECT_TRUE(r.ring.publish());
  EXPECT_EQ(r.ring.withdraw(1).count, 3u);
  EXPECT_TRUE(numbered.give_up_first(r));
  EXPECT_TRUE(owned_by(0, r) == Slots{10});
}

TEST("shares nothing with another ring in the same process") {
  Ring a;
  Ring b;
  ASSERT_TRUE(a.push(1, 5));
  EXPECT_TRUE(a.ring.publish());
  EXPECT_FALSE(b.claimer.has_work());
  b.pass(7, 9);
  EXPECT_TRUE(a.claimer.has_work());
}

TEST("begins with the words that JavaScript expects") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    const std::uint32_t* const words = r.memory.shared().words;
    EXPECT_EQ(words[kRequestHead], first);
    EXPECT_EQ(words[kRequestClaim], first);
    EXPECT_EQ(words[kReactorSleep], static_cast<std::uint32_t>(ReactorSleep::awake));
    ASSERT_TRUE(r.push(1, 24));
    EXPECT_TRUE(r.ring.publish());
    EXPECT_EQ(words[kRequestHead], first + 1);
    const auto run = r.claimer.claim(1);
    EXPECT_EQ(words[kRequestClaim], first + 1);
    const std::uint32_t* const slot = words + kRequestDescriptors + (first & (kSlots - 1)) * request::kWords;
    EXPECT_EQ(slot[request::kReleased], first);
    EXPECT_EQ(slot[request::kRecordBytes], 24u);
    EXPECT_EQ(slot[request::kFlags], 0u);
    r.claimer.release(run);
    EXPECT_EQ(slot[request::kReleased], first + 1);
  }
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
