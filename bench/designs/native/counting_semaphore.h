// counting_semaphore.h: so many permits. Any thread. Not std::counting_semaphore: that of GCC 11 and 12 can
// miss a wake-up.

#pragma once

#include <condition_variable>
#include <mutex>

namespace designs {

class CountingSemaphore {
 public:
  explicit CountingSemaphore(int permits) : permits_(permits) {}

  void acquire() {
    std::unique_lock lock(mutex_);
    has_permit_.wait(lock, [this] { return permits_ > 0; });
    --permits_;
  }

  void release() {
    const std::lock_guard lock(mutex_);
    ++permits_;
    has_permit_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_permit_;
  int permits_;
};

}  // namespace designs
