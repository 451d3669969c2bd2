// worker_pool.h: a fixed number of threads that run what a bounded channel brings.

#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "bounded_channel.h"
#include "give_up.h"
#include "thread.h"

namespace designs {

class WorkerPool {
 public:
  using Job = std::function<void()>;

  WorkerPool(int workers, int queue) : jobs_(static_cast<std::size_t>(queue)) {
    for (int i = 0; i < workers; ++i) {
      auto thread = Thread::start("worker", [this] {
        while (const auto job = jobs_.pop()) (*job)();
      });
      if (!thread) give_up("pthread_create");
      threads_.push_back(std::move(thread));
    }
  }
  ~WorkerPool() { finish(); }

  /// Never waits. False: all workers are busy, and as many jobs wait as may.
  [[nodiscard]] bool try_run(Job job) { return jobs_.try_push(std::move(job)); }

  /// Runs what waits, and joins.
  void finish() {
    jobs_.close();
    threads_.clear();
  }

 private:
  BoundedChannel<Job> jobs_;
  std::vector<Thread> threads_;
};

}  // namespace designs
