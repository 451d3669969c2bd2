// connection_threads.h: as many threads as there is work for, each joined.

#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "thread.h"

namespace designs {

class ConnectionThreads {
 public:
  /// Joins those that have ended, then starts one more. The acceptor's thread only. False: there is no thread
  /// to be had.
  /// @param at_end Called last on the new thread: whoever is woken by it finds it ready to be joined.
  [[nodiscard]] bool start(
      std::function<void()> run, std::function<void()> at_end = [] {}) {
    join_ended();
    const std::uint64_t id = next_++;
    auto thread = Thread::start("connection", [this, id, run = std::move(run), at_end = std::move(at_end)] {
      run();
      {
        const std::lock_guard lock(mutex_);
        ended_.push_back(id);
      }
      at_end();
    });
    if (!thread) return false;
    threads_.emplace(id, std::move(thread));
    return true;
  }

  /// Waits for all of them. Not beside start().
  void join_all() { threads_.clear(); }

 private:
  void join_ended() {
    std::vector<std::uint64_t> ended;
    {
      const std::lock_guard lock(mutex_);
      ended.swap(ended_);
    }
    for (const std::uint64_t id : ended) threads_.erase(id);
  }

  std::mutex mutex_;
  std::vector<std::uint64_t> ended_;                   // under the lock
  std::unordered_map<std::uint64_t, Thread> threads_;  // whoever calls start() and join_all()
  std::uint64_t next_ = 0;
};

}  // namespace designs
