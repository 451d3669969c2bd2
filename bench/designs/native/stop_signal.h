// stop_signal.h: SIGTERM and SIGINT as something to wait for, instead of something that interrupts.

#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "give_up.h"
#include "unique_fd.h"

namespace designs {

class StopSignal {
 public:
  /// Before any thread is started: they inherit that the signals are blocked.
  StopSignal() {
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a runner that is killed leaves no server behind
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGTERM);
    ::sigaddset(&set_, SIGINT);
    if (::pthread_sigmask(SIG_BLOCK, &set_, nullptr) != 0) give_up("pthread_sigmask");
  }

  void wait() const {
    int signal = 0;
    ::sigwait(&set_, &signal);
  }

  /// Readable once one has come.
  [[nodiscard]] UniqueFd descriptor() const {
    UniqueFd fd(::signalfd(-1, &set_, SFD_NONBLOCK | SFD_CLOEXEC));
    if (fd.get() < 0) give_up("signalfd");
    return fd;
  }

 private:
  sigset_t set_{};
};

}  // namespace designs
