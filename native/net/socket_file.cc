#include "net/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/unique_fd.h"

namespace millrace {

namespace {

/// Holds other servers off while we look at a path and change it: between bind and listen a socket looks as
/// dead as one whose server crashed, so two servers that start together could remove each other's file. The
/// lock is on the directory and leaves nothing behind.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& path) noexcept {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    directory_ = UniqueFd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory_) return;
    for (int tries = 0; tries < kTries && ::flock(directory_.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
      if (errno != EWOULDBLOCK && errno != EINTR) return;
      const timespec pause{.tv_sec = 0, .tv_nsec = kPauseNs};
      ::nanosleep(&pause, nullptr);
    }
  }

 private:
  // 100 ms at most. Others of our kind need it for less than one; a cleaner of /tmp may hold it for minutes,
  // and an unreadable directory cannot be locked at all. The lock only narrows a race, so we go on without it
  // then.
  static constexpr int kTries = 50;
  static constexpr long kPauseNs = 2'000'000;

  UniqueFd directory_;
};

/// Whether nobody accepts connections at a path that exists.
Result<bool> is_stale(const sockaddr_un& address) noexcept {
  // bind also refuses the path of a plain file, and connect calls that "refused", too. It must not be
  // removed.
  struct stat file {};
  if (::lstat(address.sun_path, &file) != 0) return errno == ENOENT;
  if (!S_ISSOCK(file.st_mode)) return false;

  const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!probe) return SysError{"socket", errno};
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return false;
  // Anything else (EAGAIN: its backlog is full; EPROTOTYPE: another socket type; EACCES) says that it may
  // live.
  return errno == ECONNREFUSED || errno == ENOENT;
}

Status bind_replacing_stale(int fd, const sockaddr_un& address) noexcept {
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd, generic, sizeof address) == 0) return {};
  if (errno != EADDRINUSE) return SysError{"bind", errno};
  const Result<bool> stale = is_stale(address);
  if (!stale) return stale.error();
  if (!stale.value()) return SysError{"bind", EADDRINUSE};
  if (::unlink(address.sun_path) != 0 && errno != ENOENT) return SysError{"unlink", errno};
  if (::bind(fd, generic, sizeof address) != 0) return SysError{"bind", errno};
  return {};
}

std::string absolute(const std::string& path) {
  if (path.front() == '/') return path;
  std::array<char, PATH_MAX> directory;
  if (::getcwd(directory.data(), directory.size()) == nullptr) return path;
  return std::string(directory.data()) + '/' + path;
}

}  // namespace

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), identity_(other.identity_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  identity_ = other.identity_;
  return *this;
}

Result<SocketFile> SocketFile::listen_at(int fd, const std::string& path, int backlog) {
  sockaddr_un address{};
  if (path.empty() || path.find('\0') != std::string::npos) return SysError{"bind", EINVAL};
  if (path.size() >= sizeof address.sun_path) return SysError{"bind", ENAMETOOLONG};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());

  SocketFile file;
  {
    const DirectoryLock lock(path);
    if (const Status bound = bind_replacing_stale(fd, address); !bound) return bound.error();
    if (::listen(fd, backlog) == 0) {
      file.path_ = absolute(path);
      if (!identify(file.path_, file.identity_)) file.path_.clear();  // removed already: nothing to own
      return file;
    }
    const int error = errno;
    ::unlink(address.sun_path);
    return SysError{"listen", error};
  }
}

bool SocketFile::identify(const std::string& path, Identity& identity) noexcept {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return false;
  identity = {.device = file.st_dev, .inode = file.st_ino};
  return true;
}

void SocketFile::remove() noexcept {
  if (path_.empty()) return;
  const DirectoryLock lock(path_);
  Identity now;
  if (identify(path_, now) && now.device == identity_.device && now.inode == identity_.inode) {
    ::unlink(path_.c_str());
  }
  path_.clear();
}

}  // namespace millrace
