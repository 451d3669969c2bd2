#include "net/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace millrace {

Result<Wakeup> Wakeup::make() noexcept {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return SysError{"eventfd", errno};
  return Wakeup{UniqueFd{fd}};
}

void Wakeup::signal() const noexcept {
  const std::uint64_t one = 1;
  // The only failure an open eventfd knows is EAGAIN, a counter at its end: it is signalled already.
  while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool Wakeup::clear() noexcept {
  std::uint64_t count = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd_.get(), &count, sizeof count);
  } while (got < 0 && errno == EINTR);
  return got == sizeof count;
}

}  // namespace millrace
