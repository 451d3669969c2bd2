// epoll_poller.h: readiness by epoll: the kernel keeps the list, and tells only of those that are ready.

#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "give_up.h"
#include "interest.h"
#include "unique_fd.h"

namespace designs {

class EpollPoller {
 public:
  EpollPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_.get() < 0) give_up("epoll_create1");
  }

  void set(int fd, Interest interest) {
    const auto index = static_cast<std::size_t>(fd);
    if (interests_.size() <= index) interests_.resize(index + 1, Interest::none);
    Interest& before = interests_[index];
    if (before == interest) return;
    epoll_event event{};
    event.events = interest == Interest::read ? EPOLLIN : EPOLLOUT;
    event.data.fd = fd;
    // Not watched for nothing: hang-ups are always told, again and again.
    const int operation = interest == Interest::none ? EPOLL_CTL_DEL
                          : before == Interest::none ? EPOLL_CTL_ADD
                                                     : EPOLL_CTL_MOD;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) == 0) before = interest;
  }

  /// Calls `ready` for each descriptor that can go on.
  template <class Ready>
  void wait(int timeout_ms, Ready ready) {
    const int count = ::epoll_wait(epoll_.get(), events_.data(), kEventsAWake, timeout_ms);
    for (int i = 0; i < count; ++i) ready(events_[static_cast<std::size_t>(i)].data.fd);
  }

 private:
  static constexpr int kEventsAWake = 256;

  UniqueFd epoll_;
  std::vector<Interest> interests_;  // by descriptor
  std::array<epoll_event, kEventsAWake> events_{};
};

}  // namespace designs
