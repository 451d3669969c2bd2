#include "files/open_beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "files/path_walk.h"

// Headers of Linux before 5.6 have neither.
#if defined(SYS_openat2) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define MILLRACE_HAS_OPENAT2
#endif

namespace millrace {

namespace {

// What a path leads to is looked at before it is opened: opening a fifo lets go whoever waits to write into
// it, and opening a device may do anything.
constexpr int kLookFlags = O_PATH | O_CLOEXEC;
// Nonblocking: it may have become a fifo in between.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

UniqueFd open_anywhere(int root_fd, const char* path, int flags) noexcept {
  int fd = -1;
  do {
    fd = ::openat(root_fd, path, flags);
  } while (fd < 0 && errno == EINTR);
  return UniqueFd{fd};
}

#ifdef MILLRACE_HAS_OPENAT2
/// With others renaming beneath the root all the time the kernel cannot tell whether `..` has left it, and
/// says EAGAIN. After so many times in a row we walk, which knows no such case.
constexpr int kMostTries = 4;

int openat2(int root_fd, const char* path, int flags, bool refuse_links) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (refuse_links) how.resolve |= RESOLVE_NO_SYMLINKS;
  long fd = -1;
  int tries = 0;
  do {
    fd = ::syscall(SYS_openat2, root_fd, path, &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < kMostTries)));
  return static_cast<int>(fd);
}
#else
int openat2(int, const char*, int, bool) noexcept {
  errno = ENOSYS;
  return -1;
}
#endif

bool has_dot_dot(std::string_view path) noexcept {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

Result<UniqueFd> by_hand(int root_fd, const char* path, int flags, bool refuse_links) {
  return PathWalk(root_fd, refuse_links ? PathWalk::Links::refuse : PathWalk::Links::follow)
      .open(path, flags);
}

Result<UniqueFd> by_kernel(int root_fd, const char* path, int flags, bool refuse_links) {
  const int fd = openat2(root_fd, path, flags, refuse_links);
  if (fd >= 0) return UniqueFd{fd};
  // ENOSYS: an old kernel, or a sandbox; EPERM: a sandbox that says it so. Asked each time: next to the walk
  // it costs nothing.
  if (errno == ENOSYS || errno == EPERM || errno == EAGAIN)
    return by_hand(root_fd, path, flags, refuse_links);
  return SysError{"openat2", errno};
}

OpenFailure failure_of(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EACCES:
    case EPERM:
    case ENAMETOOLONG:
    case EXDEV:   // it leaves the root
    case EINVAL:  // these two: no name that this file system could have
    case EILSEQ:
      return OpenFailure::not_found;
    case ENXIO:  // a socket, or a device without a driver
    case ENODEV:
      return OpenFailure::not_regular;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return OpenFailure::out_of_descriptors;
    default:
      return OpenFailure::broken;
  }
}

OpenOutcome look_at(UniqueFd fd) {
  struct stat file {};
  if (::fstat(fd.get(), &file) != 0) return failure_of(errno);
  const bool is_directory = S_ISDIR(file.st_mode);
  if (!is_directory && !S_ISREG(file.st_mode)) return OpenFailure::not_regular;
  return OpenedFile{.fd = std::move(fd), .status = status_of(file), .is_directory = is_directory};
}

/// Finds without leaving the root.
using Way = Result<UniqueFd> (*)(int root_fd, const char* path, int flags, bool refuse_links);

OpenOutcome open_with(int flags, Way way, int root_fd, const char* path, SymlinkPolicy policy) {
  if (policy == SymlinkPolicy::follow) {
    UniqueFd fd = open_anywhere(root_fd, path, flags);
    return fd ? look_at(std::move(fd)) : failure_of(errno);
  }
  Result<UniqueFd> fd = way(root_fd, path, flags, policy == SymlinkPolicy::refuse);
  if (!fd) return failure_of(fd.error().error);
  return look_at(std::move(fd).value());
}

OpenOutcome open_by(Way way, int root_fd, const char* path, SymlinkPolicy policy) {
  if (*path == '\0') path = ".";
  // The kernel looks at these only with RESOLVE_BENEATH.
  if (policy == SymlinkPolicy::follow && (*path == '/' || has_dot_dot(path))) return OpenFailure::not_found;
  {
    const OpenOutcome there = open_with(kLookFlags, way, root_fd, path, policy);
    if (std::holds_alternative<OpenFailure>(there)) return std::get<OpenFailure>(there);
  }
  return open_with(kReadFlags, way, root_fd, path, policy);
}

}  // namespace

OpenOutcome open_beneath(int root_fd, const char* relative_path, SymlinkPolicy policy) {
  return open_by(by_kernel, root_fd, relative_path, policy);
}

OpenOutcome open_beneath_by_hand(int root_fd, const char* relative_path, SymlinkPolicy policy) {
  return open_by(by_hand, root_fd, relative_path, policy);
}

}  // namespace millrace
