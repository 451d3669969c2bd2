// sleeper.h: blocks a thread for a time, as a slow call would, but lets the end of the server cut that short.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace designs {

class Sleeper {
 public:
  void sleep(std::chrono::milliseconds time) {
    if (time.count() == 0) return;
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, time, [this] { return is_cut_; });
  }

  /// Ends all sleeps, those to come as well.
  void cut() {
    const std::lock_guard lock(mutex_);
    is_cut_ = true;
    woken_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_cut_ = false;
};

}  // namespace designs
