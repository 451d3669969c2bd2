#include "pool/worker_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string>
#include <utility>

namespace millrace {

namespace {

std::uint64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

void count_time(Counter& sum, Counter& longest, std::uint64_t ns) noexcept {
  sum.add(ns);
  if (ns > longest.get()) longest.set(ns);
}

/// Above the process's own: a tenth of the weight of R and J. They run briefly and often, and without it each
/// waits for as long as a job may keep a core, some 3 ms.
constexpr int kNice = 10;
constexpr int kLargestNice = 19;

/// On Linux it is the thread's, not the process's. A failure costs time, and nothing else.
void let_others_go_first() noexcept {
  const auto thread = static_cast<id_t>(::gettid());
  const int nice = ::getpriority(PRIO_PROCESS, thread);
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, std::min(nice + kNice, kLargestNice)));
}

}  // namespace

WorkerPool::WorkerPool(std::uint32_t workers, std::uint32_t queue_limit)
    : workers_(workers), queue_limit_(queue_limit), tallies_(std::make_unique<Tally[]>(workers)) {
  ::sem_init(&calls_, 0, 0);  // fails only for values out of range
}

WorkerPool::~WorkerPool() {
  stop();
  ::sem_destroy(&calls_);
}

Result<std::unique_ptr<WorkerPool>> WorkerPool::start(std::uint32_t workers, std::uint32_t queue_limit) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(workers, queue_limit));
  pool->threads_.reserve(workers);
  for (std::uint32_t i = 0; i < workers; ++i) {
    // The kernel keeps one digit of it; top shows those of a larger pool by their first.
    Result<Thread> thread =
        Thread::start("millrace-work-" + std::to_string(i),
                      [pool = pool.get(), &tally = pool->tallies_[i]] { pool->work(tally); });
    if (!thread) return thread.error();  // the destructor joins those that have started
    pool->threads_.push_back(std::move(thread).value());
  }
  return pool;
}

bool WorkerPool::try_submit(std::unique_ptr<Job>& job, JobReturns& home) {
  const std::uint64_t since_ns = now_ns();
  bool call = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || queue_.size() == queue_limit_) {
      ++rejected_;
      return false;
    }
    queue_.push_back({std::move(job), &home, since_ns});
    call = asleep_ > 0;
    if (call) --asleep_;
  }
  if (call) ::sem_post(&calls_);  // a system call: not under the lock
  return true;
}

bool WorkerPool::has_room() const {
  const std::lock_guard lock(mutex_);
  return !stopped_ && queue_.size() < queue_limit_;
}

void WorkerPool::work(Tally& tally) {
  let_others_go_first();
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (queue_.empty()) {
      ++asleep_;
      lock.unlock();
      wait_for_call();
      lock.lock();
      continue;  // another thread may have been faster
    }
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    const bool more_follow = !queue_.empty();
    tally.active.set(1);
    lock.unlock();
    execute(std::move(next), more_follow, tally);
    lock.lock();
  }
}

void WorkerPool::wait_for_call() noexcept {
  while (::sem_wait(&calls_) != 0 && errno == EINTR) {
  }
}

void WorkerPool::execute(Queued next, bool more_follow, Tally& tally) {
  const std::uint64_t begun_ns = now_ns();
  count_time(tally.wait_ns, tally.longest_wait_ns, begun_ns - next.since_ns);
  if (next.job->is_wanted()) {
    next.job->run();
    count_time(tally.run_ns, tally.longest_run_ns, now_ns() - begun_ns);
    tally.completed.add();
  } else {
    tally.cancelled.add();
  }
  // Before it is put, whose lock makes it visible: what has come back has been counted.
  tally.active.set(0);
  next.home->put(std::move(next.job), more_follow);
}

void WorkerPool::stop() noexcept {
  std::deque<Queued> left;
  std::uint32_t calls = 0;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(queue_);
    calls = std::exchange(asleep_, 0);
  }
  for (; calls > 0; --calls) ::sem_post(&calls_);
  // Before the threads are joined: those that run may be long, and what these hold is of no use any more.
  // Not under the lock: destructors are not ours.
  left.clear();
  threads_.clear();
}

WorkerPool::Stats WorkerPool::stats() const {
  Stats all;
  {
    const std::lock_guard lock(mutex_);
    all.threads = stopped_ ? 0 : workers_;
    all.queued = static_cast<std::uint32_t>(queue_.size());
    all.rejected = rejected_;
  }
  for (std::uint32_t i = 0; i < workers_; ++i) {
    const Tally& one = tallies_[i];
    all.active += static_cast<std::uint32_t>(one.active.get());
    all.completed += one.completed.get();
    all.cancelled += one.cancelled.get();
    all.wait_us += one.wait_ns.get();
    all.run_us += one.run_ns.get();
    all.longest_wait_us = std::max(all.longest_wait_us, one.longest_wait_ns.get());
    all.longest_run_us = std::max(all.longest_run_us, one.longest_run_ns.get());
  }
  // Only now: most jobs take less than one microsecond of something.
  for (std::uint64_t* sum : {&all.wait_us, &all.run_us, &all.longest_wait_us, &all.longest_run_us}) {
    *sum /= 1000;
  }
  return all;
}

}  // namespace millrace
