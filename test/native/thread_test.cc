#include "net/thread.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/check.h"

namespace millrace {
namespace {

std::string own_name() {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return name.data();
}

TEST("runs its body elsewhere and has joined at the end of its scope") {
  bool ran = false;  // plain: the join is what makes it visible
  pthread_t where{};
  {
    const Result<Thread> thread = Thread::start("body", [&] {
      where = ::pthread_self();
      ran = true;
    });
    ASSERT_TRUE(thread.ok());
    EXPECT_TRUE(thread.value().joinable());
  }
  EXPECT_TRUE(ran);
  EXPECT_FALSE(::pthread_equal(where, ::pthread_self()));
}

TEST("joins once, however often it is asked") {
  Result<Thread> thread = Thread::start("once", [] {});
  ASSERT_TRUE(thread.ok());
  thread.value().join();
  EXPECT_FALSE(thread.value().joinable());
  thread.value().join();
}

TEST("joins the old thread before it takes another over") {
  std::atomic<bool> release{false};
  std::atomic<bool> first_done{false};
  Result<Thread> first = Thread::start("first", [&] {
    while (!release) ::sched_yield();
    first_done = true;
  });
  Result<Thread> second = Thread::start("second", [] {});
  ASSERT_TRUE(first.ok() && second.ok());
  Thread thread = std::move(first).value();
  release = true;
  thread = std::move(second).value();
  EXPECT_TRUE(first_done.load());
  EXPECT_TRUE(thread.joinable());
  EXPECT_FALSE(second.value().joinable());  // NOLINT(bugprone-use-after-move): that is the question
}

TEST("carries a name, cut to what the kernel keeps") {
  std::string short_name;
  std::string long_name;
  {
    const Result<Thread> a = Thread::start("mill-r0", [&] { short_name = own_name(); });
    const Result<Thread> b = Thread::start("millrace-reactor-12", [&] { long_name = own_name(); });
    ASSERT_TRUE(a.ok() && b.ok());
  }
  EXPECT_EQ(short_name, "mill-r0");
  EXPECT_EQ(long_name, "millrace-reacto");
}

TEST("blocks every signal in the new thread and leaves the creator's mask alone") {
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  sigset_t inside;
  ::sigemptyset(&inside);
  {
    const Result<Thread> thread =
        Thread::start("mask", [&] { ::pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
    ASSERT_TRUE(thread.ok());
  }
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  // qemu-user, which the arm64 build runs under, keeps the last two to itself.
  for (int number = 1; number <= SIGRTMAX - 2; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;  // cannot be blocked
    if (number > SIGSYS && number < SIGRTMIN) continue;    // the C library's own
    SCOPE("signal " + std::to_string(number));
    EXPECT_EQ(::sigismember(&inside, number), 1);
    EXPECT_EQ(::sigismember(&before, number), ::sigismember(&after, number));
  }
}

std::atomic<int> handled{0};
pthread_t handled_in;

void note_signal(int) {
  handled_in = ::pthread_self();
  ++handled;
}

TEST("a process-wide signal goes to another thread") {
  std::atomic<bool> stop{false};
  Result<Thread> thread = Thread::start("deaf", [&] {
    while (!stop) ::sched_yield();
  });
  ASSERT_TRUE(thread.ok());
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = note_signal;
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &old), 0);
  ::kill(::getpid(), SIGUSR2);
  for (int i = 0; i < 10'000 && handled == 0; ++i) ::usleep(100);
  EXPECT_EQ(handled.load(), 1);
  EXPECT_TRUE(::pthread_equal(handled_in, ::pthread_self()));
  ::sigaction(SIGUSR2, &old, nullptr);
  stop = true;
}

TEST("takes a body that can only be moved, and destroys it when it has returned") {
  const auto watched = std::make_shared<int>(7);
  auto owner = std::make_unique<std::shared_ptr<int>>(watched);
  Result<Thread> thread = Thread::start("moved", [owner = std::move(owner)] { ++**owner; });
  ASSERT_TRUE(thread.ok());
  thread.value().join();
  EXPECT_EQ(*watched, 8);
  EXPECT_EQ(watched.use_count(), 1);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr int kCannotTell = 77;

/// Ends this process, with 0 if all was as promised.
[[noreturn]] void be_refused_a_thread() {
  constexpr int kMany = 64;  // the first ones get the stacks of joined threads, which the C library has kept
  constexpr std::size_t kMuch = std::size_t{1} << 30;
  const auto watched = std::make_shared<int>(0);
  std::vector<Thread> threads;
  threads.reserve(kMany);
  const rlimit nothing{.rlim_cur = 1, .rlim_max = 1};
  ::setrlimit(RLIMIT_AS, &nothing);
  void* const mapped = ::mmap(nullptr, kMuch, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped != MAP_FAILED) ::_exit(kCannotTell);
  for (int i = 0; i < kMany; ++i) {
    Result<Thread> thread = Thread::start("none", [watched] {
      for (;;) ::pause();
    });
    if (thread.ok()) {
      threads.push_back(std::move(thread).value());
      continue;
    }
    if (thread.error().error != EAGAIN) ::_exit(2);
    if (std::string_view(thread.error().syscall) != "pthread_create") ::_exit(3);
    if (watched.use_count() != 1 + static_cast<long>(threads.size())) ::_exit(4);
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    ::_exit(::sigismember(&mask, SIGTERM) == 0 ? 0 : 5);
  }
  ::_exit(1);  // never refused
}

TEST("returns the error of a thread that cannot be made, and destroys the body unrun") {
  if (kSanitized) SKIP("a sanitizer needs the address space that this test takes away");
  const pid_t child = ::fork();
  if (child == 0) be_refused_a_thread();
  int status = -1;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotTell) SKIP("RLIMIT_AS limits nothing here");
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
