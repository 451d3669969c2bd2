#include "net/wakeup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "native/check.h"
#include "net/thread.h"

namespace millrace {
namespace {

bool readable(int fd, int timeout_ms) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, timeout_ms) == 1 && (entry.revents & POLLIN) != 0;
}

TEST("is quiet until signalled and after it was cleared") {
  Result<Wakeup> made = Wakeup::make();
  ASSERT_TRUE(made.ok());
  Wakeup wakeup = std::move(made).value();
  EXPECT_FALSE(readable(wakeup.fd(), 0));
  EXPECT_FALSE(wakeup.clear());
  wakeup.signal();
  EXPECT_TRUE(readable(wakeup.fd(), 0));
  EXPECT_TRUE(wakeup.clear());
  EXPECT_FALSE(readable(wakeup.fd(), 0));
  EXPECT_FALSE(wakeup.clear());
}

TEST("takes many signals for one") {
  Result<Wakeup> made = Wakeup::make();
  ASSERT_TRUE(made.ok());
  for (int i = 0; i < 1000; ++i) made.value().signal();
  EXPECT_TRUE(made.value().clear());
  EXPECT_FALSE(made.value().clear());
}

TEST("neither waits nor loses the signal when the counter is at its end") {
  Result<Wakeup> made = Wakeup::make();
  ASSERT_TRUE(made.ok());
  const std::uint64_t last = UINT64_MAX - 1;  // eventfd(2): one more would block or give EAGAIN
  ASSERT_EQ(::write(made.value().fd(), &last, sizeof last), static_cast<ssize_t>(sizeof last));
  made.value().signal();
  EXPECT_TRUE(readable(made.value().fd(), 0));
  EXPECT_TRUE(made.value().clear());
  EXPECT_FALSE(made.value().clear());
}

TEST("is not inherited by child processes and never blocks") {
  const Result<Wakeup> made = Wakeup::make();
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(::fcntl(made.value().fd(), F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(::fcntl(made.value().fd(), F_GETFL) & O_NONBLOCK);
}

TEST("says so when there is no descriptor left") {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Result<Wakeup> made = Wakeup::make();
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(!made.ok());
  EXPECT_EQ(made.error().syscall, "eventfd");
  EXPECT_EQ(made.error().error, EMFILE);
}

// The reactor's protocol in small: a producer publishes, then signals; the sleeper clears, then looks.
// Whatever the interleaving, the sleeper sees all of it and what was written before the signal (plain memory:
// TSan looks).
TEST("a sleeper that clears before it looks misses nothing of four signalling threads") {
  constexpr int kThreads = 4;
  constexpr std::uint32_t kRounds = 20'000;
  struct Producer {
    std::uint32_t payload = 0;  // guarded by `published`
    std::atomic<std::uint32_t> published{0};
    std::atomic<std::uint32_t> taken{0};
  };
  Result<Wakeup> made = Wakeup::make();
  ASSERT_TRUE(made.ok());
  Wakeup wakeup = std::move(made).value();
  std::vector<Producer> producers(kThreads);
  std::vector<Thread> threads;
  for (Producer& producer : producers) {
    Result<Thread> thread = Thread::start("producer", [&producer, &wakeup] {
      for (std::uint32_t round = 1; round <= kRounds; ++round) {
        producer.payload = round * 3;
        producer.published.store(round, std::memory_order_release);  // publishes payload
        wakeup.signal();
        while (producer.taken.load(std::memory_order_acquire) != round) {  // payload may be overwritten then
          ::sched_yield();
        }
      }
    });
    ASSERT_TRUE(thread.ok());
    threads.push_back(std::move(thread).value());
  }
  std::uint64_t taken = 0;
  std::uint64_t wrong = 0;
  while (taken < std::uint64_t{kThreads} * kRounds) {
    if (!readable(wakeup.fd(), 10'000)) break;  // a lost wake-up
    wakeup.clear();
    for (Producer& producer : producers) {
      const std::uint32_t published = producer.published.load(std::memory_order_acquire);
      if (published == producer.taken.load(std::memory_order_relaxed)) continue;
      if (producer.payload != published * 3) ++wrong;
      producer.taken.store(published, std::memory_order_release);  // gives payload back
      ++taken;
    }
  }
  EXPECT_EQ(taken, std::uint64_t{kThreads} * kRounds);
  EXPECT_EQ(wrong, 0);
  for (Producer& producer : producers) producer.taken.store(kRounds);  // lets them go after a failure
}

TEST("what was written before a signal is visible after the clear that saw it") {
  // No atomics at all between the two: only the eventfd orders them, which is what signal() promises.
  for (int round = 0; round < 200; ++round) {
    Result<Wakeup> made = Wakeup::make();
    ASSERT_TRUE(made.ok());
    int plain = 0;
    Result<Thread> thread = Thread::start("writer", [&plain, &made] {
      plain = 42;
      made.value().signal();
    });
    ASSERT_TRUE(thread.ok());
    while (!made.value().clear()) ::sched_yield();
    EXPECT_EQ(plain, 42);
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
