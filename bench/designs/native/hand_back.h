// hand_back.h: the way of answers from workers to the event loop: a list under a mutex, and an eventfd that
// wakes the loop.

#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "give_up.h"
#include "response.h"
#include "unique_fd.h"

namespace designs {

/// No longer than there are requests in the pool and its queue, so bounded by those.
class HandBack {
 public:
  using Answer = std::pair<int, Response>;

  HandBack() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_.get() < 0) give_up("eventfd");
  }

  /// Any worker.
  void give(int connection, Response response) {
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      was_empty = answers_.empty();
      answers_.emplace_back(connection, std::move(response));
    }
    // The loop takes all at once, so the first one wakes it for those behind it.
    const std::uint64_t one = 1;
    if (was_empty) static_cast<void>(::write(event_.get(), &one, sizeof one));
  }

  /// The loop.
  [[nodiscard]] std::vector<Answer> take() {
    std::uint64_t count = 0;
    // Before the list: an answer that comes in between wakes the loop once more.
    static_cast<void>(::read(event_.get(), &count, sizeof count));
    const std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }

  /// Readable while there are answers.
  [[nodiscard]] int fd() const noexcept { return event_.get(); }

 private:
  UniqueFd event_;
  std::mutex mutex_;
  std::vector<Answer> answers_;
};

}  // namespace designs
