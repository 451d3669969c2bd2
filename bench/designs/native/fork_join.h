// fork_join.h: splits a sum over a fixed number of threads, and waits for all of them.

#pragma once

#include <bit>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "bounded_channel.h"
#include "give_up.h"
#include "thread.h"

namespace designs {

class ForkJoin {
 public:
  explicit ForkJoin(int workers) {
    for (int i = 0; i < workers; ++i) {
      parts_.push_back(std::make_unique<BoundedChannel<Part>>(kQueue));
      auto thread = Thread::start("sum", [parts = parts_.back().get()] {
        while (const auto part = parts->pop()) part->join->add(ones_in(part->from, part->to));
      });
      if (!thread) give_up("pthread_create");
      threads_.push_back(std::move(thread));
    }
  }
  ~ForkJoin() {
    for (const auto& parts : parts_) parts->close();
    threads_.clear();
  }

  /// How many bits are set in all numbers below `n` together. Any thread; waits for every worker, so it is as
  /// slow as the one that has most to do.
  std::uint64_t ones_below(std::uint64_t n) {
    // Shared: the worker that is last still holds the lock when the one that has waited goes on.
    const auto join = std::make_shared<Join>(parts_.size());
    std::uint64_t from = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::uint64_t to = n * (i + 1) / parts_.size();
      // Closed only by the destructor, when nobody asks any more.
      static_cast<void>(parts_[i]->push({from, to, join}));
      from = to;
    }
    return join->wait();
  }

 private:
  class Join {
   public:
    explicit Join(std::size_t parts) : parts_left_(parts) {}

    void add(std::uint64_t part) {
      const std::lock_guard lock(mutex_);
      sum_ += part;
      if (--parts_left_ == 0) complete_.notify_one();
    }
    std::uint64_t wait() {
      std::unique_lock lock(mutex_);
      complete_.wait(lock, [this] { return parts_left_ == 0; });
      return sum_;
    }

   private:
    std::mutex mutex_;
    std::condition_variable complete_;
    std::size_t parts_left_;
    std::uint64_t sum_ = 0;
  };

  struct Part {
    std::uint64_t from;
    std::uint64_t to;
    std::shared_ptr<Join> join;
  };

  static std::uint64_t ones_in(std::uint64_t from, std::uint64_t to) {
    std::uint64_t sum = 0;
    for (std::uint64_t n = from; n < to; ++n) sum += static_cast<std::uint64_t>(std::popcount(n));
    return sum;
  }

  /// Requests that wait for one worker; those who ask wait beyond that.
  static constexpr std::size_t kQueue = 256;

  // One channel for each worker, not one for all: each request uses all of them.
  std::vector<std::unique_ptr<BoundedChannel<Part>>> parts_;
  std::vector<Thread> threads_;
};

}  // namespace designs
