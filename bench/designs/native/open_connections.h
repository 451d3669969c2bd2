// open_connections.h: the connections that threads are waiting for, so that the end of the server can reach
// them.

#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <unordered_set>

namespace designs {

/// Any thread. Descriptors are closed under the lock: without it one could be reused between being looked up
/// and being shut down, and a stranger be cut off.
class OpenConnections {
 public:
  void add(int fd) {
    const std::lock_guard lock(mutex_);
    fds_.insert(fd);
    if (is_stopping_) ::shutdown(fd, SHUT_RD);
  }

  void close(int fd) {
    const std::lock_guard lock(mutex_);
    fds_.erase(fd);
    ::close(fd);
  }

  [[nodiscard]] bool is_stopping() {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
  }

  /// Threads that wait for a request find the end of the connection instead; what has arrived is still read,
  /// and what is being answered still gets its answer.
  void stop() { shut_down_all(SHUT_RD); }

  /// Those that still wait for a client to take its answer wait no longer.
  void cut() { shut_down_all(SHUT_RDWR); }

 private:
  void shut_down_all(int how) {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (const int fd : fds_) ::shutdown(fd, how);
  }

  std::mutex mutex_;
  std::unordered_set<int> fds_;
  bool is_stopping_ = false;
};

}  // namespace designs
