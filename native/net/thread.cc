#include "net/thread.h"

#include <signal.h>

#include <algorithm>

namespace millrace {

Thread::Name Thread::cut(std::string_view name) noexcept {
  Name out{};
  std::copy_n(name.data(), std::min(name.size(), kMaxNameBytes), out.data());
  return out;
}

void Thread::set_own_name(const Name& name) noexcept {
  // Only for people who look at top or gdb, so a failure is none.
  static_cast<void>(::pthread_setname_np(::pthread_self(), name.data()));
}

Result<Thread> Thread::create(void* (*entry)(void*), void* argument) noexcept {
  // A thread inherits the mask of its creator. Blocking here and not in the new thread leaves no moment in
  // which a signal could reach it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  if (const int error = ::pthread_sigmask(SIG_SETMASK, &all, &before); error != 0) {
    return SysError{"pthread_sigmask", error};
  }
  pthread_t id;
  const int error = ::pthread_create(&id, nullptr, entry, argument);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return SysError{"pthread_create", error};
  return Thread{id};
}

void Thread::join() noexcept {
  if (!std::exchange(running_, false)) return;
  ::pthread_join(id_, nullptr);
}

}  // namespace millrace
