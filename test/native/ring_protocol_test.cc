// The rings and the wake-ups between real threads: run it under ThreadSanitizer, and on arm64.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/patience.h"
#include "native/ring_memory.h"
#include "native/scale.h"
#include "ring/request_ring.h"
#include "ring/response_ring.h"

namespace millrace::ring {
namespace {

using check::Patience;
using check::scaled;

// --- the request ring: one producer, many claimers
// --------------------------------------------------------------------

// Small, so that it is always full or nearly: that is where the mistakes are.
constexpr std::uint32_t kRequestSlots = 16;
constexpr std::uint32_t kRequestArena = 8192;

struct Requests {
  explicit Requests(std::uint32_t first, int count)
      : memory(RequestRing::memory_bytes(kRequestSlots, kRequestArena)),
        ring(memory.shared(), kRequestSlots, kRequestArena, budget, first),
        first_index(first),
        total(static_cast<std::uint32_t>(count)),
        times_claimed(total) {}

  RingMemory memory;
  BufferBudget budget{UINT64_MAX};
  RequestRing ring;
  const std::uint32_t first_index;
  const std::uint32_t total;
  std::vector<std::atomic<int>> times_claimed;  // by number of the request
  std::atomic<std::uint32_t> claimed{0};
  std::atomic<bool> given_up{false};
  Patience patience;

  [[nodiscard]] bool over() {
    if (patience.over()) given_up = true;
    return given_up;
  }
};

/// Everything about request `n` follows from its number, so that a claimer can check it.
[[nodiscard]] std::uint32_t record_bytes_of(std::uint32_t n) noexcept {
  const std::uint32_t mixed = n * 2246822519U;
  return mixed % 50 == 0 ? kRequestArena / 4 : 8 + (mixed >> 8) % 700;
}
[[nodiscard]] std::uint32_t outside_bytes_of(std::uint32_t n) noexcept {
  return n % 13 == 0 ? 1000 + n % 5000 : 0;
}

/// `between` is called behind every request, and while there is no room for one.
void produce(
    Requests& requests, const std::function<void()>& between = [] {}) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same run each time
  for (std::uint32_t n = 0; n < requests.total;) {
    const std::uint32_t bytes = record_bytes_of(n);
    char* const room = requests.ring.try_reserve(bytes);
    if (room == nullptr) {
      static_cast<void>(requests.ring.publish());
      between();
      if (requests.over()) return;
      std::this_thread::yield();
      continue;
    }
    write_payload(room, bytes, n);
    OwnedBytes outside;
    if (const std::uint32_t more = outside_bytes_of(n); more > 0) {
      if (!EXPECT_TRUE(outside.reserve(more))) return;
      outside.set_size(more);
      write_payload(outside.data(), more, n + 1);
    }
    requests.ring.push({.exchange_slot = n,
                        .exchange_generation = ~n,
                        .route = n / 2,
                        .record_bytes = bytes,
                        .body_bytes = outside_bytes_of(n)},
                       std::move(outside), n);
    ++n;
    between();
    if (random() % 4 == 0) static_cast<void>(requests.ring.publish());
    if (random() % 8 == 0) requests.ring.reclaim();
    const std::uint32_t waiting = requests.ring.unclaimed();
    if (waiting > kRequestSlots) EXPECT_LE(waiting, kRequestSlots);
  }
  static_cast<void>(requests.ring.publish());
}

void check_run(Requests& requests, const RequestClaimer& claimer, RequestClaimer::Run run) {
  for (std::uint32_t index = run.first; index != run.first + run.count; ++index) {
    const RequestDescriptor request = claimer.read(index);
    const std::uint32_t n = request.exchange_slot;
    if (!EXPECT_EQ(n, index - requests.first_index) || !EXPECT_LT(n, requests.total)) return;
    ++requests.times_claimed[n];
    EXPECT_EQ(request.exchange_generation, ~n);
    EXPECT_EQ(request.route, n / 2);
    EXPECT_EQ(request.record_bytes, record_bytes_of(n));
    EXPECT_TRUE(is_payload(claimer.record(index), request.record_bytes, n));
    EXPECT_EQ(claimer.body_is_outside(index), outside_bytes_of(n) > 0);
    const OwnedBytes& outside = requests.ring.outside_body(index);
    EXPECT_EQ(outside.size(), outside_bytes_of(n));
    EXPECT_TRUE(is_payload(outside.data(), outside.size(), n + 1));
  }
}

void claim_all(Requests& requests, std::uint32_t seed) {
  std::mt19937 random(seed);
  RequestClaimer claimer(requests.memory.shared(), kRequestSlots);
  std::vector<RequestClaimer::Run> held;  // claimed, not released: others overtake them
  const auto release_one = [&] {
    const std::size_t at = random() % held.size();
    claimer.release(held[at]);
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
  };
  while (requests.claimed < requests.total && !requests.over()) {
    const auto run = claimer.claim(1 + random() % 6);
    if (run.count == 0) {
      if (!held.empty()) release_one();
      std::this_thread::yield();
      continue;
    }
    check_run(requests, claimer, run);
    requests.claimed += run.count;
    held.push_back(run);
    if (held.size() > random() % 4) release_one();
  }
  while (!held.empty()) release_one();
}

TEST(
    "each request is claimed exactly once and arrives intact, whoever claims and in whatever order runs come "
    "back") {
  for (const std::uint32_t first : kFirstIndices) {
    for (std::uint32_t claimers = 1; claimers <= 4; ++claimers) {
      SCOPE(std::to_string(claimers) + " claimers, indices from " + std::to_string(first));
      Requests requests(first, scaled(10'000));
      std::vector<std::thread> threads;
      for (std::uint32_t c = 0; c < claimers; ++c)
        threads.emplace_back([&, c] { claim_all(requests, c + 1); });
      produce(requests);
      for (std::thread& thread : threads) thread.join();
      EXPECT_FALSE(requests.given_up.load());
      EXPECT_EQ(requests.claimed.load(), requests.total);
      std::uint32_t once = 0;
      for (const auto& times : requests.times_claimed) once += times.load() == 1 ? 1 : 0;
      EXPECT_EQ(once, requests.total);
      // All memory comes back: nothing outside is left, and the arena is one piece again.
      requests.ring.reclaim();
      for (std::uint32_t slot = 0; slot < kRequestSlots; ++slot) {
        EXPECT_EQ(requests.ring.outside_body(slot).capacity(), 0u);
      }
      EXPECT_EQ(requests.budget.used(), 0u);
      EXPECT_TRUE(requests.ring.try_reserve(kRequestArena) != nullptr);
    }
  }
}

TEST("a request that the reactor withdraws is never claimed, and one that is claimed never withdrawn") {
  for (const std::uint32_t first : kFirstIndices) {
    for (std::uint32_t claimers = 1; claimers <= 4; ++claimers) {
      SCOPE(std::to_string(claimers) + " claimers, indices from " + std::to_string(first));
      Requests requests(first, scaled(10'000));
      std::vector<std::thread> threads;
      for (std::uint32_t c = 0; c < claimers; ++c)
        threads.emplace_back([&, c] { claim_all(requests, c + 1); });
      std::mt19937 random(2);  // NOLINT(cert-msc51-cpp): the same run each time
      std::vector<int> times_withdrawn(requests.total);
      std::uint32_t withdrawn = 0;
      std::uint32_t pushed = 0;
      produce(requests, [&] {
        ++pushed;
        if (random() % 4 != 0) return;
        // Requests wait since their numbers: some of those in the ring are overdue, sometimes none.
        const std::uint32_t newest = std::min(pushed, requests.total);
        const std::uint32_t age = random() % (kRequestSlots + 2);
        if (newest < age) return;
        const RequestRun run = requests.ring.withdraw(newest - age);
        for (std::uint32_t i = 0; i < run.count; ++i) {
          const auto [n, generation] = requests.ring.exchange_of(run.first + i);
          if (!EXPECT_LT(n, requests.total)) return;
          EXPECT_EQ(generation, ~n);
          EXPECT_EQ(n, run.first + i - first);
          ++times_withdrawn[n];
        }
        withdrawn += run.count;
        requests.claimed += run.count;
      });
      for (std::thread& thread : threads) thread.join();
      EXPECT_FALSE(requests.given_up.load());
      std::uint32_t once = 0;
      for (std::uint32_t n = 0; n < requests.total; ++n) {
        once += requests.times_claimed[n].load() + times_withdrawn[n] == 1 ? 1 : 0;
      }
      EXPECT_EQ(once, requests.total);
      EXPECT_LT(0u, withdrawn);  // else nothing was tried
      EXPECT_LT(withdrawn, requests.total);
      requests.ring.reclaim();
      EXPECT_EQ(requests.budget.used(), 0u);
      EXPECT_TRUE(requests.ring.try_reserve(kRequestArena) != nullptr);
    }
  }
}

TEST("the number of waiting requests is never seen below zero by another thread") {
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Requests requests(first, scaled(10'000));
    std::atomic<bool> done{false};
    std::thread reader([&] {
      while (!done) EXPECT_LE(0, static_cast<std::int32_t>(requests.ring.unclaimed_seen_by_others()));
    });
    std::thread claimer([&] { claim_all(requests, 1); });
    std::uint32_t calls = 0;
    produce(requests, [&] {
      // Withdrawing moves the claim too.
      if (++calls % 16 == 0) requests.claimed += requests.ring.withdraw(requests.total).count;
    });
    claimer.join();
    done = true;
    reader.join();
    EXPECT_EQ(requests.ring.unclaimed_seen_by_others(), 0u);
  }
}

// --- the response ring: one producer, one consumer
// --------------------------------------------------------------------

constexpr std::uint32_t kResponseSlots = 8;
constexpr std::uint32_t kResponseArena = 4096;

/// Lets one thread wait until another has rung.
class Bell {
 public:
  void ring() { rung_.fetch_add(1); }
  /// False: nobody rings.
  [[nodiscard]] bool wait() {
    const Patience patience;
    while (rung_.load() == heard_) {
      if (patience.over()) return false;
      std::this_thread::yield();
    }
    heard_ = rung_.load();
    return true;
  }

 private:
  std::atomic<int> rung_{0};
  int heard_ = 0;
};

[[nodiscard]] std::uint32_t body_bytes_of(std::uint32_t n) noexcept { return n * 2654435761U >> 21; }
[[nodiscard]] bool is_outside(std::uint32_t n) noexcept { return n % 11 == 3; }

struct Responses {
  explicit Responses(std::uint32_t first)
      : memory(ResponseRing::memory_bytes(kResponseSlots, kResponseArena)),
        ring(memory.shared(), kResponseSlots, kResponseArena, first),
        producer(memory.shared(), kResponseSlots, kResponseArena, first) {}

  RingMemory memory;
  ResponseRing ring;
  ResponseProducer producer;
  Bell room;
};

constexpr std::string_view kReason = "reason";

bool push_answer(Responses& responses, std::uint32_t n, bool wait) {
  const std::uint32_t bytes = body_bytes_of(n);
  std::string body(bytes, '\0');
  write_payload(body.data(), bytes, n);
  const std::string fields(n % 300, static_cast<char>('a' + n % 26));
  if (is_outside(n)) {
    // As in lib/response-ring.ts: room first, then the body, then the answer.
    const auto head_bytes = static_cast<std::uint32_t>(kReason.size() + fields.size());
    if (wait) publish_word(responses.memory.shared().words, kResponseWanted, 1);
    if (!responses.producer.has_room(head_bytes)) return false;
    OwnedBytes outside;
    if (!outside.append(body)) return false;
    responses.ring.put_outside(responses.producer.next_index(), std::move(outside));
  }
  return responses.producer.try_push(
      {.exchange_slot = n,
       .exchange_generation = ~n,
       .status = static_cast<std::uint16_t>(200 + n % 300),
       .content_type = static_cast<std::uint8_t>(n % 4),
       .flags = is_outside(n) ? std::uint8_t{response::kBodyOutside} : std::uint8_t{0},
       .reason = kReason,
       .fields = fields,
       .body = body},
      is_outside(n), wait);
}

void check_answer(Responses& responses, std::uint32_t n) {
  const ResponseMessage message = responses.ring.front();
  EXPECT_EQ(message.exchange_slot, n);
  EXPECT_EQ(message.exchange_generation, ~n);
  EXPECT_EQ(message.status, 200 + n % 300);
  EXPECT_EQ(message.content_type, n % 4);
  EXPECT_EQ(message.reason, kReason);
  EXPECT_EQ(message.fields, std::string(n % 300, static_cast<char>('a' + n % 26)));
  OwnedBytes outside;
  if (is_outside(n)) outside = responses.ring.take_outside();
  const std::string_view body = is_outside(n) ? outside.view() : message.body;
  EXPECT_EQ(body.size(), body_bytes_of(n));
  EXPECT_TRUE(is_payload(body.data(), body.size(), n));
}

TEST("answers arrive once, in order and intact through a ring that is always full") {
  const auto total = static_cast<std::uint32_t>(scaled(20'000));
  for (const std::uint32_t first : kFirstIndices) {
    SCOPE("indices from " + std::to_string(first));
    Responses responses(first);
    std::atomic<bool> given_up{false};
    std::uint32_t waited = 0;
    std::thread js([&] {
      for (std::uint32_t n = 0; n < total;) {
        if (push_answer(responses, n, false) || push_answer(responses, n, true)) {
          ++n;
          continue;
        }
        // It has asked for the doorbell; without it, it would wait for ever.
        ++waited;
        if (!EXPECT_TRUE(responses.room.wait())) {
          given_up = true;
          return;
        }
      }
    });
    std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same run each time
    for (std::uint32_t n = 0; n < total && !given_up;) {
      if (!responses.ring.refresh()) {
        std::this_thread::yield();
        continue;
      }
      for (std::uint32_t most = 1 + random() % 12; most > 0 && !responses.ring.empty(); --most) {
        check_answer(responses, n++);
        responses.ring.pop();
      }
      if (responses.ring.give_back()) responses.room.ring();
    }
    js.join();
    EXPECT_FALSE(responses.ring.refresh());
    EXPECT_LT(0u, waited);  // else the ring was never full, and this proves little
  }
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
