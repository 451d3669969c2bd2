// grace_timer.h: does something if it is not told in time that there is no need to.

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "thread.h"

namespace designs {

class GraceTimer {
 public:
  GraceTimer(std::chrono::milliseconds grace, std::function<void()> when_over) {
    thread_ = Thread::start("grace", [this, grace, over = std::move(when_over)] {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, grace, [this] { return is_done_; })) over();
    });
  }

  /// There is no need any more.
  ~GraceTimer() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

  GraceTimer(const GraceTimer&) = delete;
  GraceTimer& operator=(const GraceTimer&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_done_ = false;
  Thread thread_;
};

}  // namespace designs
