// unique_fd.h: a descriptor and its owner.

#pragma once

#include <unistd.h>

#include <utility>

namespace designs {

class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, kClosed)) {}
  UniqueFd& operator=(UniqueFd other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ != kClosed) ::close(fd_);
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, kClosed); }

 private:
  static constexpr int kClosed = -1;
  int fd_ = kClosed;
};

}  // namespace designs
