#include "files/path_walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>
#include <utility>

namespace millrace {

namespace {

/// As many as the kernel follows in one path (MAXSYMLINKS); with the next it is a loop.
constexpr int kMostLinks = 40;

int open_again(int directory, const char* name, int flags) noexcept {
  int fd = -1;
  do {
    fd = ::openat(directory, name, flags);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/// With O_PATH a link itself is opened.
bool is_link(const UniqueFd& fd) noexcept {
  struct stat status;
  return ::fstat(fd.get(), &status) == 0 && S_ISLNK(status.st_mode);
}

}  // namespace

Result<UniqueFd> PathWalk::open(std::string path, int flags) {
  if (path.empty()) return SysError{"openat", ENOENT};
  if (path.front() == '/') return SysError{"openat", EXDEV};
  if (path.size() >= PATH_MAX) return SysError{"openat", ENAMETOOLONG};
  rest_ = std::move(path);
  while (!rest_.empty()) {
    const Segment segment = next_segment();
    if (segment.name.empty() || segment.name == ".") continue;
    Status moved;
    if (segment.name == "..") {
      moved = leave();
    } else if (!segment.is_last) {
      moved = enter(segment);
    } else {
      UniqueFd fd{open_again(here(), segment.name.c_str(), flags | O_NOFOLLOW)};
      if (fd && !is_link(fd)) return fd;
      if (!fd && errno != ELOOP) return SysError{"openat", errno};
      moved = follow(segment);
    }
    if (!moved) return moved.error();
  }
  // It has ended in a slash or in dots, so it is where we are.
  UniqueFd fd{open_again(here(), ".", flags)};
  if (!fd) return SysError{"openat", errno};
  return fd;
}

PathWalk::Segment PathWalk::next_segment() {
  const std::size_t slash = rest_.find('/');
  Segment segment{.name = rest_.substr(0, slash), .is_last = slash == std::string::npos};
  rest_.erase(0, segment.is_last ? slash : slash + 1);
  return segment;
}

Status PathWalk::leave() {
  if (below_.empty()) return SysError{"openat", EXDEV};
  below_.pop_back();
  return {};
}

Status PathWalk::enter(const Segment& segment) {
  UniqueFd fd{open_again(here(), segment.name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (fd) {
    below_.push_back(std::move(fd));
    return {};
  }
  // A link is no directory either.
  if (errno != ENOTDIR && errno != ELOOP) return SysError{"openat", errno};
  return follow(segment);
}

Status PathWalk::follow(const Segment& link) {
  std::array<char, PATH_MAX> text;
  const ssize_t got = ::readlinkat(here(), link.name.c_str(), text.data(), text.size());
  // EINVAL: no link. Or none any more, since somebody has exchanged it just now: not found, this time.
  if (got < 0) return SysError{"readlinkat", errno == EINVAL ? ENOTDIR : errno};
  if (links_ == Links::refuse || ++followed_ > kMostLinks) return SysError{"openat", ELOOP};
  const std::string_view target(text.data(), static_cast<std::size_t>(got));
  if (target.starts_with('/')) return SysError{"openat", EXDEV};
  std::string rest(target);
  // The slash after a link makes a directory of what it leads to.
  if (!link.is_last) (rest += '/') += rest_;
  rest_ = std::move(rest);
  return {};
}

}  // namespace millrace
