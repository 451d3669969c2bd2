#include "log/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/limits.h"

namespace millrace {

namespace {

/// Terminals and pipes are opened anew, so that writing never blocks: O_NONBLOCK on the descriptor itself
/// would also be that of every process that shares it. Nothing: it cannot be opened, as where its owner is
/// another user.
UniqueFd reopen_without_blocking(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return UniqueFd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

/// Up to the end of the last line that fits: a pipe takes such a piece whole or not at all.
std::string_view whole_lines(std::string_view bytes, std::size_t most) noexcept {
  if (bytes.size() <= most) return bytes;
  const std::string_view piece = bytes.substr(0, most);
  const std::size_t end = piece.rfind('\n');
  return end == std::string_view::npos ? piece : piece.substr(0, end + 1);
}

}  // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return SysError{"fstat", errno};
  const Kind kind = S_ISREG(status.st_mode)    ? Kind::disk
                    : S_ISFIFO(status.st_mode) ? Kind::pipe
                                               : Kind::other;
  // One that cannot be written to says so now, and not with every line.
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return SysError{"fcntl", errno};
  if ((flags & O_ACCMODE) == O_RDONLY) return SysError{"write", EBADF};
  UniqueFd own;
  if (kind == Kind::pipe || S_ISCHR(status.st_mode)) own = reopen_without_blocking(fd);
  if (!own) own = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!own) return SysError{"fcntl", errno};
  return std::unique_ptr<LogFile>(new LogFile(std::move(own), kind));
}

LogFile::Outcome LogFile::write(const void* writer, std::string_view bytes, std::size_t& written) {
  // Where nobody reads, one of several writers waits, and the others try again later: each that waited would
  // take a thread of the pool.
  std::unique_lock lock(mutex_, std::defer_lock);
  if (kind_ == Kind::disk) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return Outcome::blocked;
  }
  if (within_line_ != nullptr && within_line_ != writer) return Outcome::blocked;
  const Outcome outcome = write_some(bytes, written);
  const bool is_within = outcome == Outcome::blocked && written > 0 && bytes[written - 1] != '\n';
  within_line_ = is_within ? writer : nullptr;
  return outcome;
}

LogFile::Outcome LogFile::write_some(std::string_view bytes, std::size_t& written) {
  while (written < bytes.size()) {
    const std::string_view rest = bytes.substr(written);
    const std::string_view piece = kind_ == Kind::disk ? rest : whole_lines(rest, kLogPipeBytes);
    if (kind_ != Kind::disk) {
      // Also where the descriptor may block: with room in it, a piece of this size does not.
      pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
      const int ready = ::poll(&room, 1, kLogPatienceMs);
      if (ready == 0) return Outcome::blocked;
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return Outcome::failed;
    }
    // A pool thread blocks SIGPIPE, and Node ignores it.
    const ssize_t sent = ::write(fd_.get(), piece.data(), piece.size());
    if (sent >= 0) {
      written += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      return Outcome::blocked;
    } else if (errno != EINTR) {
      return Outcome::failed;
    }
  }
  return Outcome::done;
}

void LogFile::leave(const void* writer) noexcept {
  const std::lock_guard lock(mutex_);
  if (within_line_ == writer) within_line_ = nullptr;
}

}  // namespace millrace
