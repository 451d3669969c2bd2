// unique_fd.h: owns one file descriptor and closes it. Any thread; one owner at a time.
#pragma once

#include <unistd.h>

#include <utility>

namespace millrace {

class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  // By value: the old descriptor leaves with the parameter, and self-assignment is harmless.
  UniqueFd& operator=(UniqueFd other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ != kClosed) ::close(fd_);  // no EINTR retry: Linux has freed the number already
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ != kClosed; }

  /// Gives the descriptor up without closing it; the caller owns it now.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, kClosed); }

 private:
  static constexpr int kClosed = -1;
  int fd_ = kClosed;
};

}  // namespace millrace
