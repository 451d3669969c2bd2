// log_file.h: the descriptor that the access log goes to, of all reactors of a server. Pool threads.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace millrace {

class LogFile {
 public:
  /// Of `fd`, which stays its owner's. The error is that of a number that is no open descriptor.
  [[nodiscard]] static Result<std::unique_ptr<LogFile>> open(int fd);

  enum class Outcome : unsigned char {
    done,
    blocked,  // its reader takes nothing now, or another writer has half a line in it
    failed,   // and the rest will not be written either
  };
  /// Writes what is behind the first `written` bytes, which are counted further. `writer` tells those apart
  /// who share the file: after `blocked` in the middle of a line nobody else writes until it has been here
  /// again. Waits for kLogPatienceMs at most, but for a disk.
  [[nodiscard]] Outcome write(const void* writer, std::string_view bytes, std::size_t& written);

  /// This writer does not come again.
  void leave(const void* writer) noexcept;

 private:
  enum class Kind : unsigned char {
    disk,  // takes everything at once
    pipe,
    other,  // terminals, sockets
  };

  LogFile(UniqueFd fd, Kind kind) noexcept : fd_(std::move(fd)), kind_(kind) {}
  [[nodiscard]] Outcome write_some(std::string_view bytes, std::size_t& written);

  const UniqueFd fd_;
  const Kind kind_;
  std::mutex mutex_;
  const void* within_line_ = nullptr;  // who has written half a line
};

}  // namespace millrace
