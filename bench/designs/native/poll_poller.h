// poll_poller.h: readiness by poll(): the kernel gets the whole list each time, and looks at each descriptor
// in it.

#pragma once

#include <poll.h>

#include <cstddef>
#include <vector>

#include "interest.h"

namespace designs {

class PollPoller {
 public:
  void set(int fd, Interest interest) {
    const auto index = static_cast<std::size_t>(fd);
    if (places_.size() <= index) places_.resize(index + 1, kNowhere);
    std::size_t& place = places_[index];
    if (interest == Interest::none) {
      if (place != kNowhere) remove(place);
      return;
    }
    if (place == kNowhere) {
      place = watched_.size();
      watched_.push_back({.fd = fd, .events = 0, .revents = 0});
    }
    watched_[place].events = interest == Interest::read ? POLLIN : POLLOUT;
  }

  /// Calls `ready` for each descriptor that can go on.
  template <class Ready>
  void wait(int timeout_ms, Ready ready) {
    int left = ::poll(watched_.data(), watched_.size(), timeout_ms);
    ready_.clear();
    for (std::size_t i = 0; left > 0; ++i) {
      if (watched_[i].revents == 0) continue;
      ready_.push_back(watched_[i].fd);
      --left;
    }
    // Only now: what is called changes the list.
    for (const int fd : ready_) ready(fd);
  }

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  /// The last one takes the place.
  void remove(std::size_t place) {
    places_[static_cast<std::size_t>(watched_[place].fd)] = kNowhere;
    const pollfd last = watched_.back();
    watched_.pop_back();
    if (place == watched_.size()) return;
    watched_[place] = last;
    places_[static_cast<std::size_t>(last.fd)] = place;
  }

  std::vector<pollfd> watched_;
  std::vector<std::size_t> places_;  // in watched_, by descriptor
  std::vector<int> ready_;
};

}  // namespace designs
