// blocking_server.h: what the designs with blocking sockets share: accepting, serving, and an orderly end.
// Which thread a connection gets is what they differ in.

#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "blocking_connection.h"
#include "give_up.h"
#include "grace_timer.h"
#include "listener.h"
#include "open_connections.h"
#include "options.h"
#include "routes.h"
#include "sleeper.h"
#include "stop_signal.h"
#include "thread.h"

namespace designs {

class BlockingServer {
 public:
  using Routes = std::function<Outcome(Request&&)>;

  explicit BlockingServer(const Options& options, Deadlines deadlines = {}, Routes routes = outcome_of)
      : grace_(options.grace_ms),
        deadlines_(deadlines),
        routes_(std::move(routes)),
        listener_(options.port) {}

  /// Serves a connection to its end, on this thread.
  /// @param may_stay Whether it may stay after an answer, and hold the thread until it sends its next
  /// request.
  void serve(
      int fd, const std::function<bool()>& may_stay = [] { return true; }) {
    const Conduct conduct{
        .deadlines = deadlines_,
        .answer =
            [this](Request&& request) {
              Outcome outcome = routes_(std::move(request));
              sleeper_.sleep(outcome.after);
              return std::move(outcome.response);
            },
        .may_stay = [&] { return !connections_.is_stopping() && may_stay(); },
    };
    serve_connection(fd, conduct);
    close(fd);
  }

  /// Instead of serving it.
  void close(int fd) { connections_.close(fd); }

  /// Serves until SIGTERM.
  /// @param take Gets each connection, on the acceptor's thread: it may wait, then nobody else is accepted
  /// meanwhile.
  /// @param no_more There will be no further connection. May be called while `take` waits.
  /// @param join Returns when all threads have ended.
  void run(const std::function<void(int)>& take, const std::function<void()>& no_more,
           const std::function<void()>& join) {
    auto acceptor = Thread::start("acceptor", [&] { accept_all(take); });
    if (!acceptor) give_up("pthread_create");
    listener_.announce();
    stop_signal_.wait();

    connections_.stop();
    listener_.stop();
    const GraceTimer timer(grace_, [this] {
      connections_.cut();
      sleeper_.cut();
    });
    no_more();
    acceptor.join();
    join();
  }

 private:
  void accept_all(const std::function<void(int)>& take) {
    for (;;) {
      UniqueFd fd = listener_.accept();
      const int error = errno;
      if (fd.get() >= 0) {
        connections_.add(fd.get());
        take(fd.release());
      } else if (connections_.is_stopping() || !may_accept_again(error)) {
        return;
      }
    }
  }

  const std::chrono::milliseconds grace_;
  const Deadlines deadlines_;
  const Routes routes_;
  const StopSignal stop_signal_;  // before every thread
  const Listener listener_;
  OpenConnections connections_;
  Sleeper sleeper_;
};

}  // namespace designs
