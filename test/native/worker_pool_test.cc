#include "pool/worker_pool.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "native/check.h"
#include "native/on_reactor.h"
#include "native/patience.h"
#include "native/proc_entries.h"
#include "native/scale.h"
#include "pool/job_desk.h"

namespace millrace {
namespace {

using check::entries_of;
using check::kPatience;
using check::kSanitized;
using check::Patience;
using check::scaled;
using check::wait_until;

bool readable(int fd, std::chrono::milliseconds at_most) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(at_most.count())) == 1;
}

/// Once open it stays open.
class Gate {
 public:
  void open() noexcept { open_ = true; }
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  /// False: for too long.
  [[nodiscard]] bool wait() const {
    return wait_until([this] { return is_open(); });
  }

 private:
  std::atomic<bool> open_{false};
};

/// What has become of the jobs of one test.
struct Fates {
  std::atomic<int> run{0};
  std::atomic<int> destroyed{0};
  // The reactor's side only: their numbers, and what the last one brought.
  std::vector<int> finished;
  int last_result = 0;
};

struct TestJob final : Job {
  explicit TestJob(Fates& its_fates, int its_number = 0, std::function<void()> its_body = {})
      : fates(its_fates), number(its_number), body(std::move(its_body)) {}
  ~TestJob() override { ++fates.destroyed; }

  [[nodiscard]] bool is_wanted() const noexcept override { return wanted; }
  void run() noexcept override {
    ++fates.run;
    if (body) body();
    result = number * 2;
  }
  void finish(const OnReactor& here) override {
    fates.finished.push_back(number);
    fates.last_result = result;
  }

  Fates& fates;
  int number;
  std::function<void()> body;
  bool wanted = true;
  int result = -1;  // plain: the way back is what makes it visible
};

/// The reactor's side: what it does in each turn, and nothing else.
class Home {
 public:
  [[nodiscard]] JobReturns& box() noexcept { return box_; }
  [[nodiscard]] Wakeup& wakeup() noexcept { return wakeup_; }

  /// Sleeps, on the eventfd alone, and finishes what comes until `count` more have been finished, or a few
  /// beyond. False: it does not come.
  [[nodiscard]] bool finish(int count) {
    const int wanted = finished_ + count;
    const Patience patience;
    while (finished_ < wanted && !patience.over()) {
      if (!readable(wakeup_.fd(), kPatience)) return false;
      wakeup_.clear();
      finish_all();
    }
    return finished_ >= wanted;
  }

  /// As a reactor that is awake.
  void finish_all() {
    if (!box_.has_any()) return;
    box_.take(taken_);
    for (const std::unique_ptr<Job>& job : taken_) job->finish(check::on_reactor());
    finished_ += static_cast<int>(taken_.size());
    taken_.clear();
  }

  [[nodiscard]] int finished() const noexcept { return finished_; }

 private:
  Wakeup wakeup_ = std::move(Wakeup::make()).value();
  JobReturns box_{wakeup_};
  std::vector<std::unique_ptr<Job>> taken_;
  int finished_ = 0;
};

std::unique_ptr<WorkerPool> pool_of(std::uint32_t workers, std::uint32_t queue_limit) {
  return std::move(WorkerPool::start(workers, queue_limit)).value();
}

[[nodiscard]] bool submit(WorkerPool& pool, Home& home, std::unique_ptr<Job> job) {
  return pool.try_submit(job, home.box());
}

/// Submits a job that keeps its worker until the gate opens, and waits until it runs.
void occupy_one(WorkerPool& pool, Home& home, Fates& fates, Gate& gate) {
  Gate runs;
  ASSERT_TRUE(submit(pool, home, std::make_unique<TestJob>(fates, 0, [&] {
                       runs.open();
                       EXPECT_TRUE(gate.wait());
                     })));
  ASSERT_TRUE(runs.wait());
}

TEST("runs a job on a thread of its own, named, and brings it back") {
  Fates fates;
  Home home;
  const auto pool = pool_of(1, 8);
  pthread_t where = ::pthread_self();
  std::string name(16, '\0');
  ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, 21, [&] {
    where = ::pthread_self();
    ::pthread_getname_np(where, name.data(), name.size());
  })));
  ASSERT_TRUE(home.finish(1));
  EXPECT_EQ(fates.last_result, 42);
  EXPECT_FALSE(::pthread_equal(where, ::pthread_self()));
  EXPECT_EQ(name.c_str(), "millrace-work-0");
  EXPECT_EQ(fates.destroyed.load(), 1);
}

TEST("others go first: its threads have a higher nice value than the one that started them") {
  Fates fates;
  Home home;
  const auto pool = pool_of(1, 8);
  int nice = 0;
  ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, 0, [&] {
    nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  })));
  ASSERT_TRUE(home.finish(1));
  const int own = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  EXPECT_EQ(nice, std::min(own + 10, 19));
}

TEST("one thread begins jobs in the order in which they were submitted, around the end of the queue too") {
  Fates fates;
  Home home;
  const auto pool = pool_of(1, 7);
  std::vector<int> begun;
  std::vector<int> wanted;
  for (int round = 0, number = 0; round < 10; ++round) {
    Gate gate;
    occupy_one(*pool, home, fates, gate);
    for (int i = 0; i < 5; ++i, ++number) {
      wanted.push_back(number);
      ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, number, [&begun, number] {
        begun.push_back(number);
      })));
    }
    gate.open();
    ASSERT_TRUE(home.finish(6));
  }
  EXPECT_TRUE(begun == wanted);
}

TEST("all jobs of several submitting threads come back, each once, to the one who asked") {
  constexpr int kSubmitters = 3;
  const int each = scaled(20'000);
  const auto pool = pool_of(4, 64);
  std::vector<std::thread> submitters;
  std::atomic<int> refused{0};
  for (int i = 0; i < kSubmitters; ++i) {
    submitters.emplace_back([&pool, &refused, each] {
      Fates fates;
      Home home;
      for (int number = 0; number < each; ++number) {
        std::unique_ptr<Job> job = std::make_unique<TestJob>(fates, number);
        while (!pool->try_submit(job, home.box())) {
          ++refused;
          if (home.finished() < number) {
            EXPECT_TRUE(home.finish(1));
          } else {
            ::sched_yield();  // the queue is full of those of others
          }
        }
        if (number % 3 == 0) home.finish_all();
      }
      EXPECT_TRUE(home.finish(each - home.finished()));
      EXPECT_EQ(fates.run.load(), each);
      EXPECT_EQ(fates.destroyed.load(), each);
      std::vector<bool> seen(static_cast<std::size_t>(each));
      for (const int number : fates.finished) {
        EXPECT_FALSE(seen[static_cast<std::size_t>(number)]);
        seen[static_cast<std::size_t>(number)] = true;
      }
      EXPECT_EQ(fates.finished.size(), each);
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  const WorkerPool::Stats stats = pool->stats();
  EXPECT_EQ(stats.completed, kSubmitters * each);
  EXPECT_EQ(stats.rejected, refused.load());
  EXPECT_EQ(stats.active + stats.queued, 0);
}

TEST("every job that finds all threads asleep wakes one") {
  Fates fates;
  Home home;
  const auto pool = pool_of(4, 8);
  for (int round = 0; round < scaled(5'000); ++round) {
    // So many as there are threads, each kept until all run: a call that is lost, or goes to the same thread
    // twice, keeps them there.
    std::atomic<int> running{0};
    const auto meet = [&running] {
      ++running;
      const Patience patience;
      while (running < 4 && !patience.over()) ::sched_yield();
    };
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, i, meet)));
    }
    ASSERT_TRUE(home.finish(4));
    ASSERT_EQ(running.load(), 4);
  }
}

TEST("a full queue refuses and leaves the job where it was; there is room again when one has begun") {
  Fates fates;
  Home home;
  const auto pool = pool_of(1, 2);
  Gate gate;
  occupy_one(*pool, home, fates, gate);
  ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, 1)));
  ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, 2)));
  std::unique_ptr<Job> job = std::make_unique<TestJob>(fates, 3);
  const Job* const before = job.get();
  EXPECT_FALSE(pool->try_submit(job, home.box()));
  EXPECT_TRUE(job.get() == before);
  EXPECT_EQ(fates.destroyed.load(), 0);
  EXPECT_EQ(pool->stats().rejected, 1);
  EXPECT_EQ(pool->stats().queued, 2);
  gate.open();
  ASSERT_TRUE(home.finish(3));
  EXPECT_TRUE(pool->try_submit(job, home.box()));
  EXPECT_TRUE(job == nullptr);
  ASSERT_TRUE(home.finish(1));
  EXPECT_TRUE((fates.finished == std::vector{0, 1, 2, 3}));
}

TEST("a job that is not wanted any more comes back without having run") {
  Fates fates;
  Home home;
  const auto pool = pool_of(1, 8);
  auto job = std::make_unique<TestJob>(fates, 5);
  job->wanted = false;
  ASSERT_TRUE(submit(*pool, home, std::move(job)));
  ASSERT_TRUE(home.finish(1));
  EXPECT_EQ(fates.run.load(), 0);
  EXPECT_EQ(fates.last_result, -1);
  EXPECT_TRUE((fates.finished == std::vector{5}));
  EXPECT_EQ(pool->stats().cancelled, 1);
  EXPECT_EQ(pool->stats().completed, 0);
}

TEST("stop destroys what is queued, once each, waits for the job that runs, and takes nothing more") {
  Fates fates;
  Fates queued;
  Home home;
  const auto pool = pool_of(1, 8);
  Gate runs;
  bool ended = false;  // plain: stop() is what makes it visible
  ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, 7, [&] {
    runs.open();
    // Before it waits for us, stop() destroys the others.
    ended = wait_until([&] { return queued.destroyed == 3; });
  })));
  ASSERT_TRUE(runs.wait());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(queued, i)));
  pool->stop();
  EXPECT_TRUE(ended);
  EXPECT_EQ(queued.run.load(), 0);
  EXPECT_EQ(queued.destroyed.load(), 3);
  std::unique_ptr<Job> late = std::make_unique<TestJob>(fates, 8);
  EXPECT_FALSE(pool->try_submit(late, home.box()));
  EXPECT_TRUE(late != nullptr);
  pool->stop();
  const WorkerPool::Stats stats = pool->stats();
  EXPECT_EQ(stats.threads + stats.active + stats.queued, 0);
  EXPECT_EQ(stats.completed, 1);
  EXPECT_TRUE(home.finish(1));
  EXPECT_TRUE((fates.finished == std::vector{7}));
}

TEST("what nobody takes any more is destroyed with the box") {
  Fates fates;
  {
    Home home;
    const auto pool = pool_of(2, 8);
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, i)));
  }
  EXPECT_EQ(fates.destroyed.load(), 8);
  EXPECT_EQ(fates.finished.size(), 0);
}

TEST("a stop that meets submitting threads loses no job and runs none after") {
  for (int round = 0; round < scaled(300); ++round) {
    Fates fates;
    std::atomic<int> made{0};
    std::atomic<int> accepted{0};
    {
      Home home;
      const auto pool = pool_of(2, 4);
      std::vector<std::thread> submitters;
      for (int i = 0; i < 2; ++i) {
        submitters.emplace_back([&] {
          const Patience patience;
          while (!patience.over()) {
            ++made;
            std::unique_ptr<Job> job = std::make_unique<TestJob>(fates);
            if (pool->try_submit(job, home.box())) {
              ++accepted;
            } else if (pool->stats().threads == 0) {
              return;
            }
          }
        });
      }
      EXPECT_TRUE(wait_until([&] { return accepted >= 4; }));
      pool->stop();
      const int run = fates.run;
      for (std::thread& submitter : submitters) submitter.join();
      EXPECT_EQ(fates.run.load(), run);
      EXPECT_EQ(pool->stats().completed, run);
    }
    EXPECT_EQ(fates.destroyed.load(), made.load());
    EXPECT_LE(fates.run.load(), accepted.load());
  }
}

struct FailingJob final : Job {
  explicit FailingJob(int& where_to) : to(where_to) {}
  [[nodiscard]] bool is_wanted() const noexcept override { return true; }
  void run() noexcept override { result = SysError{"open", EIO}; }
  void finish(const OnReactor& here) override { to = result.ok() ? 0 : result.error().error; }

  int& to;
  Status result;
};

TEST("the error of a job that fails arrives with it") {
  Home home;
  const auto pool = pool_of(1, 8);
  int error = 0;
  ASSERT_TRUE(submit(*pool, home, std::make_unique<FailingJob>(error)));
  ASSERT_TRUE(home.finish(1));
  EXPECT_EQ(error, EIO);
  EXPECT_EQ(pool->stats().completed, 1);
}

TEST("a job that blocks leaves the other threads at work") {
  Fates fates;
  Home home;
  const auto pool = pool_of(2, 4);
  Gate gate;
  occupy_one(*pool, home, fates, gate);
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, i)));
    ASSERT_TRUE(home.finish(1));
    EXPECT_EQ(fates.finished.back(), i);
  }
  EXPECT_EQ(pool->stats().active, 1);
  gate.open();
  ASSERT_TRUE(home.finish(1));
}

TEST("the figures add up, and what has come back has been counted") {
  Fates fates;
  Home home;
  const auto pool = pool_of(2, 3);
  Gate gate;
  occupy_one(*pool, home, fates, gate);
  occupy_one(*pool, home, fates, gate);
  for (int i = 1; i <= 4; ++i) {
    auto job = std::make_unique<TestJob>(fates, i);
    job->wanted = i != 2;
    EXPECT_EQ(submit(*pool, home, std::move(job)), i <= 3);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // what is measured, not waited for
  WorkerPool::Stats stats = pool->stats();
  EXPECT_EQ(stats.threads, 2);
  EXPECT_EQ(stats.active, 2);
  EXPECT_EQ(stats.queued, 3);
  EXPECT_EQ(stats.completed + stats.cancelled, 0);
  EXPECT_EQ(stats.rejected, 1);
  EXPECT_EQ(stats.run_us, 0);
  gate.open();
  ASSERT_TRUE(home.finish(5));
  stats = pool->stats();
  EXPECT_EQ(stats.active + stats.queued, 0);
  EXPECT_EQ(stats.completed, 4);
  EXPECT_EQ(stats.cancelled, 1);
  // Two have run and three have waited for at least as long as we have slept.
  EXPECT_LE(2 * 2'000, stats.run_us);
  EXPECT_LE(2'000, stats.longest_run_us);
  EXPECT_LE(3 * 2'000, stats.wait_us);
  EXPECT_LE(2'000, stats.longest_wait_us);
  EXPECT_LE(stats.longest_run_us, stats.run_us);
  EXPECT_LE(stats.longest_wait_us, stats.wait_us);
}

TEST("jobs that come back while nobody takes signal once, and once more after they were taken") {
  Fates fates;
  Home home;
  const auto pool = pool_of(1, 8);
  const auto signals = [&home] {
    std::uint64_t count = 0;
    if (!readable(home.wakeup().fd(), kPatience)) return count;
    EXPECT_EQ(::read(home.wakeup().fd(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    return count;
  };
  for (int batch = 0; batch < 3; ++batch) {
    const int before = home.finished();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, i)));
    Gate gate;
    occupy_one(*pool, home, fates, gate);  // the others have been put when its thread is here
    EXPECT_EQ(signals(), 1);
    home.finish_all();
    EXPECT_EQ(home.finished(), before + 5);
    EXPECT_FALSE(home.box().has_any());
    gate.open();
    EXPECT_EQ(signals(), 1);
    home.finish_all();
    EXPECT_EQ(home.finished(), before + 6);
  }
}

TEST("one who is patient is told of the last of several jobs, and finds the others without") {
  Fates fates;
  Home home;
  Gate first;
  Gate fourth;
  const auto pool = pool_of(1, 8);
  home.box().set_patient(true);
  occupy_one(*pool, home, fates, first);
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates, i, [&fourth, i] {
      if (i == 4) EXPECT_TRUE(fourth.wait());
    })));
  }
  first.open();
  EXPECT_TRUE(home.finish(1));  // none was behind it when it began
  EXPECT_TRUE(wait_until([&] { return fates.run == 5; }));
  EXPECT_FALSE(readable(home.wakeup().fd(), std::chrono::milliseconds(20)));
  home.finish_all();
  EXPECT_EQ(home.finished(), 4);
  fourth.open();
  EXPECT_TRUE(home.finish(2));
  EXPECT_TRUE(fates.finished == std::vector<int>({0, 1, 2, 3, 4, 5}));
}

TEST("a desk naps while it has more jobs under way than there are threads") {
  Fates fates;
  Wakeup wakeup = std::move(Wakeup::make()).value();
  const auto pool = pool_of(2, 8);
  JobDesk desk(*pool, wakeup);
  Gate gate;
  const auto submit_one = [&] {
    std::unique_ptr<Job> job = std::make_unique<TestJob>(fates, 0, [&] { EXPECT_TRUE(gate.wait()); });
    return desk.try_submit(job);
  };
  EXPECT_TRUE(desk.prepare_to_sleep() == JobDesk::Sleep::deep);
  EXPECT_TRUE(submit_one() && submit_one());
  EXPECT_TRUE(desk.prepare_to_sleep() == JobDesk::Sleep::deep);
  EXPECT_TRUE(submit_one());
  EXPECT_TRUE(desk.prepare_to_sleep() == JobDesk::Sleep::nap);
  // Not for ever: jobs may be as long as these.
  int naps = 1;
  while (desk.prepare_to_sleep() == JobDesk::Sleep::nap && naps < 1'000) ++naps;
  EXPECT_LT(naps, 1'000);
  EXPECT_TRUE(desk.prepare_to_sleep() == JobDesk::Sleep::deep);
  gate.open();
  EXPECT_TRUE(wait_until([&] { return fates.run == 3; }));
  EXPECT_TRUE(wait_until([&] { return desk.prepare_to_sleep() == JobDesk::Sleep::none; }));
  EXPECT_TRUE(wait_until([&] {
    desk.finish_done(check::on_reactor());
    return fates.finished.size() == 3;
  }));
  EXPECT_TRUE(desk.prepare_to_sleep() == JobDesk::Sleep::deep);
  EXPECT_TRUE(submit_one() && submit_one() && submit_one());
  EXPECT_TRUE(desk.prepare_to_sleep() != JobDesk::Sleep::deep);
  EXPECT_TRUE(wait_until([&] {
    desk.finish_done(check::on_reactor());
    return fates.finished.size() == 6;
  }));
  pool->stop();  // whose threads the desk has to outlive
}

TEST("no job is left lying, whether its reactor sleeps deep or naps") {
  const auto pool = pool_of(3, 64);
  constexpr int kNapMilliseconds = 1;
  const int jobs = scaled(20'000);
  struct Reactor {
    explicit Reactor(WorkerPool& pool) : desk(pool, wakeup) {}
    Fates fates;
    Wakeup wakeup = std::move(Wakeup::make()).value();
    JobDesk desk;
  };
  Reactor reactors[] = {Reactor(*pool), Reactor(*pool)};
  const auto run = [&](Reactor& reactor, unsigned seed) {
    auto& [fates, wakeup, desk] = reactor;
    std::minstd_rand random(seed);
    int submitted = 0;
    while (static_cast<int>(fates.finished.size()) < jobs) {
      for (auto burst = random() % 12; burst > 0 && submitted < jobs; --burst, ++submitted) {
        std::unique_ptr<Job> job = std::make_unique<TestJob>(fates, submitted);
        if (!desk.try_submit(job)) break;
      }
      const bool waits = submitted > static_cast<int>(fates.finished.size());
      const JobDesk::Sleep sleep = desk.prepare_to_sleep();
      if (waits && sleep != JobDesk::Sleep::none) {
        const bool naps = sleep == JobDesk::Sleep::nap;
        const bool woken =
            readable(wakeup.fd(), naps ? std::chrono::milliseconds(kNapMilliseconds) : kPatience);
        if (!EXPECT_TRUE(woken || naps)) return;
      }
      wakeup.clear();
      desk.finish_done(check::on_reactor());
    }
    EXPECT_EQ(fates.run.load(), jobs);
  };
  std::thread other([&] { run(reactors[1], 2); });
  run(reactors[0], 1);
  other.join();
  pool->stop();  // whose threads the desks have to outlive
}

TEST("is started and stopped many times and leaves neither thread nor descriptor") {
  std::thread([] {}).join();  // a sanitizer that has a thread of its own has it from here on
  const int threads = entries_of("/proc/self/task");
  const int descriptors = entries_of("/proc/self/fd");
  for (int round = 0; round < scaled(200); ++round) {
    Fates fates;
    Home home;
    const auto pool = pool_of(3, 4);
    if (round % 2 == 0) continue;  // stopped before its threads have begun, perhaps
    ASSERT_TRUE(submit(*pool, home, std::make_unique<TestJob>(fates)));
    if (round % 4 == 1) ASSERT_TRUE(home.finish(1));
  }
  EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
  EXPECT_TRUE(wait_until([&] { return entries_of("/proc/self/task") <= threads; }));
}

constexpr int kCannotTell = 77;

/// Ends this process, with 0 if all was as promised.
[[noreturn]] void be_refused_the_nth_thread() {
  unsigned long pages = 0;
  std::FILE* const statm = std::fopen("/proc/self/statm", "re");
  if (statm == nullptr || std::fscanf(statm, "%lu", &pages) != 1) ::_exit(kCannotTell);
  std::fclose(statm);
  // Room for a few stacks of 8 MiB and not for a hundred.
  const rlim_t room = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20);
  const rlimit little{.rlim_cur = room, .rlim_max = room};
  ::setrlimit(RLIMIT_AS, &little);
  void* const mapped = ::mmap(nullptr, std::size_t{1} << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped != MAP_FAILED) ::_exit(kCannotTell);
  const int threads = entries_of("/proc/self/task");
  const auto pool = WorkerPool::start(100, 1);
  if (pool.ok()) ::_exit(2);
  if (pool.error().error != EAGAIN) ::_exit(3);
  if (std::string_view(pool.error().syscall) != "pthread_create") ::_exit(4);
  ::_exit(wait_until([&] { return entries_of("/proc/self/task") <= threads; }) ? 0 : 5);
}

TEST("a thread that cannot be made is an error, and those before it are joined") {
  if (kSanitized) SKIP("a sanitizer needs the address space that this test takes away");
  const pid_t child = ::fork();
  if (child == 0) be_refused_the_nth_thread();
  int status = -1;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotTell) SKIP("RLIMIT_AS limits nothing here");
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
