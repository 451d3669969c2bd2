// Who wakes whom, between real threads: reactors that sleep until they are woken, JavaScript that waits for
// its doorbell. A lost wake-up leaves somebody asleep for ever, so every wait here is bounded, and a wait
// that ends is a failure.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/js_thread.h"
#include "native/patience.h"
#include "native/ring_memory.h"
#include "native/scale.h"
#include "net/wakeup.h"
#include "ring/doorbell.h"

namespace millrace::ring {
namespace {

constexpr std::uint32_t kRequestSlots = 32;
constexpr std::uint32_t kRequestArena = 32 * 64;
// Few, so that answers also find their ring full, and JavaScript waits for room.
constexpr std::uint32_t kResponseSlots = 4;
constexpr std::uint32_t kResponseArena = 2048;
constexpr std::uint32_t kArenaBodyBytes = 400;
constexpr std::uint32_t kMostOutstanding = 24;

/// When a reactor says that it only naps: JavaScript then tells it of answers at the end of a slice, not of
/// each.
enum class Sleep { always_deep, naps_while_js_works };

/// What Reactor does with its rings, and nothing else.
class MiniReactor {
 public:
  MiniReactor(std::uint32_t first_index, std::size_t js_threads, Wakeup wakeup)
      : first_index_(first_index),
        request_memory_(RequestRing::memory_bytes(kRequestSlots, kRequestArena)),
        requests_(request_memory_.shared(), kRequestSlots, kRequestArena, budget_, first_index),
        wakeup_(std::move(wakeup)) {
    for (std::size_t js = 0; js < js_threads; ++js) {
      response_memory_.push_back(
          std::make_unique<RingMemory>(ResponseRing::memory_bytes(kResponseSlots, kResponseArena)));
      responses_.push_back(std::make_unique<ResponseRing>(response_memory_.back()->shared(), kResponseSlots,
                                                          kResponseArena, first_index));
    }
  }

  [[nodiscard]] SharedMemory request_memory() { return request_memory_.shared(); }
  [[nodiscard]] SharedMemory response_memory(std::size_t js) { return response_memory_[js]->shared(); }
  [[nodiscard]] ResponseRing& responses(std::size_t js) { return *responses_[js]; }
  [[nodiscard]] RequestRing& requests() { return requests_; }
  void wake() const { wakeup_.signal(); }

  /// Has `total` requests answered. False: it slept and nobody woke it.
  bool run(std::uint32_t total, const std::vector<Doorbell*>& doorbells, Sleep sleep) {
    std::mt19937 random(first_index_);
    answered_.assign(total, 0);
    while (done_ < total) {
      wait_a_moment(random() % 4000);
      const std::uint32_t burst = random() % 3 == 0 ? 1 + random() % kMostOutstanding : 1;
      while (sent_ < total && sent_ - done_ < burst && push(sent_)) ++sent_;
      if (requests_.publish()) ring(doorbells);
      collect(doorbells);
      requests_.reclaim();
      // Awake or asleep: an answer that is seen without a sleep leaves JavaScript on its way to one.
      for (std::uint32_t looks = random() % 2000; looks > 0 && !has_answers(); --looks) {
      }
      if (sent_ > done_ && !has_answers() && !sleep_until_woken(doorbells, sleep)) return false;
    }
    return true;
  }

  [[nodiscard]] bool all_answered_once() const {
    return std::all_of(answered_.begin(), answered_.end(), [](int times) { return times == 1; });
  }
  [[nodiscard]] std::uint32_t slept() const { return slept_; }

 private:
  bool push(std::uint32_t n) {
    constexpr std::uint32_t kRecordBytes = 32;
    char* const room = requests_.try_reserve(kRecordBytes);
    if (room == nullptr) return false;
    write_payload(room, kRecordBytes, n);
    requests_.push({.exchange_slot = n,
                    .exchange_generation = ~n,
                    .route = 0,
                    .record_bytes = kRecordBytes,
                    .body_bytes = 0},
                   OwnedBytes());
    return true;
  }

  void ring(const std::vector<Doorbell*>& doorbells) {
    std::uint32_t work = requests_.unclaimed();
    for (std::size_t i = 0; i < doorbells.size() && work > 0; ++i) {
      next_js_ = (next_js_ + 1) % doorbells.size();
      if (doorbells[next_js_]->ring()) --work;
    }
  }

  void collect(const std::vector<Doorbell*>& doorbells) {
    for (std::size_t js = 0; js < responses_.size(); ++js) {
      ResponseRing& ring = *responses_[js];
      if (!ring.refresh()) continue;
      for (; !ring.empty(); ring.pop()) {
        const ResponseMessage message = ring.front();
        const std::uint32_t n = message.exchange_slot;
        OwnedBytes outside;
        if ((message.flags & response::kBodyOutside) != 0) outside = ring.take_outside();
        const std::string_view body = outside.empty() ? message.body : outside.view();
        EXPECT_TRUE(is_payload(body.data(), body.size(), n));
        EXPECT_EQ(message.exchange_generation, ~n);
        if (EXPECT_LT(n, answered_.size())) ++answered_[n];
        ++done_;
      }
      if (ring.give_back()) doorbells[js]->ring_always();
    }
  }

  [[nodiscard]] bool has_answers() const {
    return std::any_of(responses_.begin(), responses_.end(),
                       [](const auto& ring) { return ring->has_published(); });
  }

  /// Never the same, so that the next request meets JavaScript at every step of its way to sleep.
  static void wait_a_moment(std::uint32_t steps) {
    for (; steps > 0; --steps) std::atomic_signal_fence(std::memory_order_seq_cst);
  }

  bool sleep_until_woken(const std::vector<Doorbell*>& doorbells, Sleep sleep) {
    const bool nap =
        sleep == Sleep::naps_while_js_works &&
        std::any_of(doorbells.begin(), doorbells.end(), [](Doorbell* bell) { return bell->at_work(); });
    const ReactorSleep word = nap ? ReactorSleep::nap : ReactorSleep::deep;
    requests_.sleep_word().exchange(static_cast<std::uint32_t>(word));
    bool woken = true;
    if (!has_answers()) {
      ++slept_;
      // A nap is as long as a deep sleep here: the end of the slice has to end it.
      pollfd wait{.fd = wakeup_.fd(), .events = POLLIN, .revents = 0};
      woken = ::poll(&wait, 1, static_cast<int>(check::kPatience.count()) * 1000) == 1;
    }
    requests_.sleep_word().store(static_cast<std::uint32_t>(ReactorSleep::awake), std::memory_order_relaxed);
    static_cast<void>(wakeup_.clear());
    return woken;
  }

  const std::uint32_t first_index_;
  BufferBudget budget_{UINT64_MAX};
  RingMemory request_memory_;
  RequestRing requests_;
  std::vector<std::unique_ptr<RingMemory>> response_memory_;
  std::vector<std::unique_ptr<ResponseRing>> responses_;
  Wakeup wakeup_;
  std::vector<int> answered_;
  std::uint32_t sent_ = 0;
  std::uint32_t done_ = 0;
  std::uint32_t slept_ = 0;
  std::size_t next_js_ = 0;
};

/// Answers at once, in the next turn of the loop, or in a task of its own: what handlers do.
void handle(js::JsThread& thread, js::Claimed request) {
  const std::uint32_t n = request.id.slot;
  EXPECT_TRUE(is_payload(request.record.data(), request.record.size(), n));
  std::string body(n % 37 == 0 ? 1500 : n % 300, '\0');
  write_payload(body.data(), body.size(), n);
  const auto answer = [&thread, id = request.id, body = std::move(body)] {
    thread.answer({.id = id, .body = body});
  };
  switch (n % 5) {
    case 0:
      thread.set_immediate(answer);
      break;
    case 1:
      thread.post(answer);
      break;
    default:
      answer();
  }
}

struct Setup {
  std::size_t reactors;
  std::size_t js_threads;
};

/// Adds to `slept` how often a reactor has slept.
void run(Setup setup, std::uint32_t first_index, Sleep sleep, std::atomic<std::uint32_t>& slept) {
  std::vector<std::unique_ptr<MiniReactor>> reactors;
  for (std::size_t r = 0; r < setup.reactors; ++r) {
    Result<Wakeup> wakeup = Wakeup::make();
    ASSERT_TRUE(wakeup.ok());
    reactors.push_back(
        std::make_unique<MiniReactor>(first_index, setup.js_threads, std::move(wakeup).value()));
  }
  std::vector<std::unique_ptr<js::JsThread>> js_threads;
  std::vector<std::unique_ptr<Doorbell>> bells;
  std::vector<Doorbell*> doorbells;
  for (std::size_t i = 0; i < setup.js_threads; ++i) {
    js_threads.push_back(std::make_unique<js::JsThread>());
    js::ChannelRings rings{.requests = {},
                           .responses = {},
                           .request_slots = kRequestSlots,
                           .response_slots = kResponseSlots,
                           .response_arena_bytes = kResponseArena,
                           .first_index = first_index,
                           .arena_body_bytes = kArenaBodyBytes};
    for (const auto& reactor : reactors) {
      rings.requests.push_back(reactor->request_memory());
      rings.responses.push_back(reactor->response_memory(i));
    }
    js::Native native{.wake = [&](std::uint32_t r) { reactors[r]->wake(); },
                      .take_body = [](std::uint32_t, std::uint32_t) { return std::string(); },
                      .put_body =
                          [&reactors, i](std::uint32_t r, std::uint32_t index, OwnedBytes body) {
                            reactors[r]->responses(i).put_outside(index, std::move(body));
                          }};
    bells.push_back(
        std::make_unique<Doorbell>(js_threads[i]->doorbell_word(), &js::JsThread::wake, js_threads[i].get()));
    doorbells.push_back(bells.back().get());
    js_threads[i]->start(std::move(native), rings, handle);
  }
  const auto total = static_cast<std::uint32_t>(check::scaled(3'000));
  std::vector<std::thread> threads;
  for (const auto& reactor : reactors) {
    threads.emplace_back([&, r = reactor.get()] {
      EXPECT_TRUE(r->run(total, doorbells, sleep));
      EXPECT_TRUE(r->all_answered_once());
      slept += r->slept();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& js : js_threads) js->stop();
}

constexpr int kMostRuns = 100;
constexpr Setup kSetups[] = {{1, 1}, {1, 3}, {3, 1}, {2, 3}};

void run_all_setups(Sleep sleep) {
  for (const Setup& setup : kSetups) {
    for (const std::uint32_t first : kFirstIndices) {
      SCOPE(std::to_string(setup.reactors) + " reactors, " + std::to_string(setup.js_threads) +
            " JS threads, indices from " + std::to_string(first));
      // A run may be so quick that nobody had to be woken, and then it proves nothing: each setup goes on
      // until somebody had.
      std::atomic<std::uint32_t> slept{0};
      for (int runs = 0; slept == 0 && runs < kMostRuns; ++runs) run(setup, first, sleep, slept);
      EXPECT_LT(0u, slept.load());
    }
  }
}

TEST("no wake-up is lost between reactors that sleep deep and JavaScript") {
  run_all_setups(Sleep::always_deep);
}

TEST("answers of a slice wake a reactor that naps, at the latest when the slice ends") {
  run_all_setups(Sleep::naps_while_js_works);
}

}  // namespace
}  // namespace millrace::ring

MILLRACE_TEST_MAIN
