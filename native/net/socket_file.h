// socket_file.h: owns the file that a Unix socket is bound to. One thread at a time.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.h"

namespace millrace {

/// Remove it before the socket is closed: a bound socket holds on to its inode, so as long as it is open no
/// other file can have the same number.
class SocketFile {
 public:
  SocketFile() noexcept = default;  // owns nothing
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile() { remove(); }

  /// Binds `fd`, a Unix stream socket, to `path` and makes it listen. What a dead server left at the path is
  /// replaced; EADDRINUSE when the server lives or the file is no socket, ENAMETOOLONG, EINVAL for a path
  /// with a NUL, else what bind or listen says.
  [[nodiscard]] static Result<SocketFile> listen_at(int fd, const std::string& path, int backlog);

  /// Removes the file unless somebody else has put another one there. Idempotent.
  void remove() noexcept;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
  };
  static bool identify(const std::string& path, Identity& identity) noexcept;

  std::string path_;  // absolute, so that chdir does not make us miss it; empty: owns nothing
  Identity identity_;
};

}  // namespace millrace
