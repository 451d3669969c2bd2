#include "ring/response_ring.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "native/check.h"
#include "native/ring_memory.h"

namespace millrace::ring {
namespace {

constexpr std::uint32_t kSlots = 4;
constexpr std::uint32_t kArenaBytes = 1024;

/// Both ends in one thread: what each call does. Threads come in ring_protocol_test.cc.
struct Ring {
  explicit Ring(std::uint32_t first_index = 0)
      : memory(ResponseRing::memory_bytes(kSlots, kArenaBytes)),
        ring(memory.shared(), kSlots, kArenaBytes, first_index),
        producer(memory.shared(), kSlots, kArenaBytes, first_index) {}

  bool push(std::uint32_t id, std::string_view body, bool wait = false) {
    return producer.try_push({.exchange_slot = id,
                              .exchange_generation = id + 1,
                              .status = 201,
                              .content_type = 3,
                              .flags = response::kOwnDate,
                              .reason = "Fine",
                              .fields = "A: b\r\n",
                              .body = body},
                             false, wait);
  }
  bool push_outside(std::uint32_t id, std::string_view body) {
    OwnedBytes bytes;
    if (!bytes.append(body)) return false;
    ring.put_outside(producer.next_index(), std::move(bytes));
    const ResponseMessage message{.exchange_slot = id,
                                  .exchange_generation = id + 1,
                                  .status = 200,
                                  .content_type = 0,
                                  .flags = response::kBodyOutside,
                                  .reason = {},
                                  .fields = "C: d\r\n",
                                  .body = body};
    return producer.try_push(message, true, false);
  }
  void expect_front(std::uint32_t id, std::string_view body) {
    ASSERT_TRUE(!ring.empty());
    const ResponseMessage message = ring.front();
    EXPECT_EQ(message.exchange_slot, id);
    EXPECT_EQ(message.exchange_generation, id + 1);
    EXPECT_EQ(message.status, 201);
    EXPECT_EQ(message.content_type, 3);
    EXPECT_EQ(message.flags, response::kOwnDate);
    EXPECT_EQ(message.reason, "Fine");
    EXPECT_EQ(message.fields, "A: b\r\n");
    EXPECT_EQ(message.body, body);
  }

  RingMemory memory;
  ResponseRing ring;
  ResponseProducer producer;
};

TEST("is empty in the beginning") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    EXPECT_TRUE(r.ring.empty());
    EXPECT_FALSE(r.ring.refresh());
    EXPECT_FALSE(r.ring.has_published());
    EXPECT_FALSE(r.ring.give_back());
    EXPECT_EQ(r.producer.next_index(), first);
  }
}

TEST("delivers answers in the order in which they were given") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    for (std::uint32_t id = 0; id < 40; id += 2) {
      ASSERT_TRUE(r.push(id, "first") && r.push(id + 1, ""));
      EXPECT_TRUE(r.ring.empty());  // seen only after refresh()
      EXPECT_TRUE(r.ring.has_published());
      ASSERT_TRUE(r.ring.refresh());
      r.expect_front(id, "first");
      r.ring.pop();
      r.expect_front(id + 1, "");
      r.ring.pop();
      EXPECT_TRUE(r.ring.empty());
      EXPECT_FALSE(r.ring.has_published());
      EXPECT_FALSE(r.ring.give_back());
    }
  }
}

TEST("is full with all slots in use until they are given back") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, "x"));
    EXPECT_FALSE(r.push(9, "x"));
    ASSERT_TRUE(r.ring.refresh());
    r.ring.pop();
    r.ring.pop();
    EXPECT_FALSE(r.push(9, "x"));  // popped, but not given back
    EXPECT_FALSE(r.ring.give_back());
    EXPECT_TRUE(r.push(kSlots, "x") && r.push(kSlots + 1, "y"));
    EXPECT_FALSE(r.push(9, "x"));
    r.expect_front(2, "x");
    r.ring.pop();
    r.expect_front(3, "x");
    r.ring.pop();
    EXPECT_TRUE(r.ring.empty());  // of the last refresh()
    ASSERT_TRUE(r.ring.refresh());
    r.expect_front(4, "x");
    r.ring.pop();
    r.expect_front(5, "y");
  }
}

TEST("says who waits for room, once") {
  Ring r;
  for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, "x"));
  EXPECT_FALSE(r.push(9, "x"));  // asks for nothing
  ASSERT_TRUE(r.ring.refresh());
  r.ring.pop();
  EXPECT_FALSE(r.ring.give_back());
  ASSERT_TRUE(r.push(4, "x"));
  EXPECT_FALSE(r.push(9, "x", true));
  r.ring.pop();
  EXPECT_TRUE(r.ring.give_back());
  EXPECT_FALSE(r.ring.give_back());  // nothing new to give back
  r.ring.pop();
  EXPECT_FALSE(r.ring.give_back());  // nobody asked again
}

TEST("an answer that asks for room and finds it after all is published") {
  Ring r;
  for (std::uint32_t id = 0; id < kSlots; ++id) ASSERT_TRUE(r.push(id, "x"));
  ASSERT_TRUE(r.ring.refresh());
  r.ring.pop();
  EXPECT_FALSE(r.ring.give_back());
  EXPECT_TRUE(r.push(4, "x", true));
}

TEST("is full when the arena is, and has all of it back when all is read") {
  Ring r;
  const std::string large(600, 'l');
  ASSERT_TRUE(r.push(0, large));
  EXPECT_FALSE(r.push(1, large));
  ASSERT_TRUE(r.push(1, std::string(380, 's')));
  EXPECT_FALSE(r.push(2, std::string(100, 's')));
  ASSERT_TRUE(r.ring.refresh());
  r.expect_front(0, large);
  r.ring.pop();
  EXPECT_FALSE(r.ring.give_back());
  const std::string again(500, 'a');
  ASSERT_TRUE(r.push(2, again));  // from the beginning
  r.expect_front(1, std::string(380, 's'));
  r.ring.pop();
  ASSERT_TRUE(r.ring.refresh());
  r.expect_front(2, again);
  r.ring.pop();
  EXPECT_FALSE(r.ring.give_back());
  EXPECT_TRUE(r.push(3, std::string(kArenaBytes - 10, 'x')));  // 10 for the reason and the fields
}

TEST("keeps payloads whole across the end of the arena and of the indices") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Ring r(first);
    ASSERT_TRUE(r.push(0, "start"));
    for (std::uint32_t id = 1; id < 200; ++id) {
      // One is always unread, so that the arena never starts over.
      ASSERT_TRUE(r.push(id, std::string(id * 41 % 300, static_cast<char>('a' + id % 26))));
      static_cast<void>(r.ring.refresh());
      if (id > 1)
        r.expect_front(id - 1, std::string((id - 1) * 41 % 300, static_cast<char>('a' + (id - 1) % 26)));
      r.ring.pop();
      EXPECT_FALSE(r.ring.give_back());
    }
  }
}

TEST("carries large bodies beside the arena") {
  Ring r;
  const std::string body(100'000, 'b');
  for (std::uint32_t id = 0; id < 3 * kSlots; ++id) {
    ASSERT_TRUE(r.push_outside(id, body));
    ASSERT_TRUE(r.ring.refresh());
    const ResponseMessage message = r.ring.front();
    EXPECT_EQ(message.flags, response::kBodyOutside);
    EXPECT_EQ(message.body, "");
    EXPECT_EQ(message.fields, "C: d\r\n");
    const OwnedBytes taken = r.ring.take_outside();
    EXPECT_EQ(taken.view(), body);
    r.ring.pop();
    EXPECT_FALSE(r.ring.give_back());
  }
}

TEST("a body that is never fetched goes with the ring") {
  Ring r;  // AddressSanitizer tells if it does not
  ASSERT_TRUE(r.push_outside(1, "a body") && r.push_outside(2, "another"));
}

TEST("begins with the words that JavaScript expects") {
  for (const std::uint32_t first : kFirstIndices) {
    Ring r(first);
    const std::uint32_t* const words = r.memory.shared().words;
    EXPECT_EQ(words[kResponseHead], first);
    EXPECT_EQ(words[kResponseTail], first);
    EXPECT_EQ(words[kResponseWanted], 0u);
    ASSERT_TRUE(r.push(5, "body"));
    EXPECT_EQ(words[kResponseHead], first + 1);
    const std::uint32_t* const slot =
        words + kResponseDescriptors + (first & (kSlots - 1)) * response::kWords;
    EXPECT_EQ(slot[response::kExchangeSlot], 5u);
    EXPECT_EQ(slot[response::kExchangeGeneration], 6u);
    EXPECT_EQ(slot[response::kStatusAndFlags], 201u | 3u << 16 | response::kOwnDate << 24);
    EXPECT_EQ(slot[response::kReasonBytes], 4u);
    EXPECT_EQ(slot[response::kFieldsBytes], 6u);
    EXPECT_EQ(slot[response::kBodyBytes], 4u);
    ASSERT_TRUE(r.ring.refresh());
    r.ring.pop();
    EXPECT_FALSE(r.ring.give_back());
    EXPECT_EQ(words[kResponseTail], first + 1);
  }
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
