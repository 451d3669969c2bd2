#include "load/load_run.h"

#include <sys/resource.h>

#include <utility>

namespace millrace::load {

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur == limit.rlim_max) return limit.rlim_cur;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

Result<std::unique_ptr<LoadRun>> LoadRun::start(LoadPlan plan, OnEnd on_end) {
  std::unique_ptr<LoadRun> run(new LoadRun(std::move(plan), on_end));
  const std::uint32_t count = run->plan_.threads;
  for (std::uint32_t i = 0; i < count; ++i) {
    Result<std::unique_ptr<LoadThread>> load = LoadThread::make(run->plan_, i);
    if (!load.ok()) return load.error();
    run->loads_.push_back(std::move(load).value());
  }
  // Relaxed: creating a thread shows it everything that was written before.
  run->running_.store(count, std::memory_order_relaxed);
  for (const std::unique_ptr<LoadThread>& load : run->loads_) {
    LoadRun* const self = run.get();
    LoadThread* const work = load.get();
    Result<Thread> thread = Thread::start("millrace load", [self, work] {
      work->run();
      self->on_thread_end();
    });
    if (!thread.ok()) {
      // `run` ends with this, and joins those that run already. The last thread is missing: nobody calls
      // `on_end`.
      return thread.error();
    }
    run->threads_.push_back(std::move(thread).value());
  }
  return run;
}

LoadRun::~LoadRun() {
  stop();
  threads_.clear();  // joins
}

void LoadRun::stop() noexcept {
  for (const std::unique_ptr<LoadThread>& load : loads_) load->stop();
}

void LoadRun::on_thread_end() noexcept {
  // Relaxed: what the threads have counted is read when they have been joined.
  if (running_.fetch_sub(1, std::memory_order_relaxed) == 1) on_end_.call(on_end_.context);
}

LoadProgress LoadRun::progress() const noexcept {
  LoadProgress sum{};
  for (const std::unique_ptr<LoadThread>& load : loads_) {
    const LoadProgress progress = load->progress();
    sum.answers += progress.answers;
    sum.errors += progress.errors;
    sum.bytes_received += progress.bytes_received;
  }
  return sum;
}

LoadCounts LoadRun::join() {
  for (Thread& thread : threads_) thread.join();
  LoadCounts counts;
  counts.unreachable = true;
  for (const std::unique_ptr<LoadThread>& load : loads_) counts.merge(load->counts());
  return counts;
}

}  // namespace millrace::load
