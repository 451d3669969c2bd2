// epoll_pool_direct.cc: one thread waits for all sockets with epoll and reads requests; a pool answers, and
// each worker writes to the socket itself. No way back through the loop, but a client that does not read its
// answer holds up a worker.

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "blocking_io.h"
#include "give_up.h"
#include "listener.h"
#include "options.h"
#include "request_parser.h"
#include "response.h"
#include "routes.h"
#include "sleeper.h"
#include "stop_signal.h"
#include "worker_pool.h"

namespace {

using namespace designs;

/// Has one owner at a time: the loop, or the worker that answers; EPOLLONESHOT keeps the loop away from what
/// a worker has. Only the loop makes and destroys it.
struct Connection {
  explicit Connection(UniqueFd socket) : fd(std::move(socket)) {}

  const UniqueFd fd;
  std::string received;
  std::size_t needed = 1;     // bytes without which looking for a request makes no sense
  bool is_lingering = false;  // the last answer has been given: what comes is thrown away
  std::size_t discarded = 0;
};

class Reactor {
 public:
  explicit Reactor(const Options& options)
      : grace_(options.grace_ms),
        listener_(options.port, SOCK_NONBLOCK),
        stop_(stop_signal_.descriptor()),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        pool_(options.workers, options.queue) {
    if (epoll_.get() < 0) give_up("epoll_create1");
    watch(listener_.fd(), nullptr);
    watch(stop_.get(), this);
  }

  void run() {
    listener_.announce();
    Deadline deadline = Deadline::never();
    std::array<epoll_event, kEventsAWake> events;
    while (!is_stopping() || (!connections_.empty() && deadline.left_ms() > 0)) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAWake, deadline.left_ms());
      for (int i = 0; i < count; ++i) {
        void* const whose = events[static_cast<std::size_t>(i)].data.ptr;
        if (whose == nullptr) {
          accept_all();
        } else if (whose == this) {
          deadline = Deadline::in(grace_);
          begin_to_stop();
        } else {
          on_readable(static_cast<Connection*>(whose));
        }
      }
    }
    // Workers may still wait for a client to read, or sleep; an answer that is cut short must not leave.
    for (const auto& [connection, owned] : connections_) ::shutdown(connection->fd.get(), SHUT_RDWR);
    sleeper_.cut();
    pool_.finish();
  }

 private:
  static constexpr int kEventsAWake = 256;

  void watch(int fd, void* whose) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = whose;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
  }

  /// The next event of the connection, and no other: whoever gets it owns the connection.
  void arm(int operation, int fd, Connection* connection) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.ptr = connection;
    ::epoll_ctl(epoll_.get(), operation, fd, &event);
  }

  [[nodiscard]] bool is_stopping() const {
    // Relaxed: it tells nothing but itself; a worker that sees it late keeps a connection that the loop then
    // ends.
    return is_stopping_.load(std::memory_order_relaxed);
  }

  void accept_all() {
    for (;;) {
      UniqueFd fd = listener_.accept(SOCK_NONBLOCK);
      if (fd.get() < 0) {
        // Without descriptors the loop makes a short pause at each turn: it cannot make the client go away.
        if (errno != EAGAIN) may_accept_again(errno);
        return;
      }
      auto owned = std::make_unique<Connection>(std::move(fd));
      Connection* const connection = owned.get();
      connections_.emplace(connection, std::move(owned));
      arm(EPOLL_CTL_ADD, connection->fd.get(), connection);
    }
  }

  void on_readable(Connection* connection) {
    // The worker that had it has given it back, and has returned from epoll_ctl(); see give_back().
    { const std::lock_guard lock(giving_back_); }
    const int fd = connection->fd.get();
    const ssize_t length = ::recv(fd, buffer_.data(), buffer_.size(), 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return arm(EPOLL_CTL_MOD, fd, connection);
    if (length <= 0) return close(connection);
    if (connection->is_lingering) {
      connection->discarded += static_cast<std::size_t>(length);
      if (connection->discarded > kMaxDiscardedBytes) return close(connection);
      return arm(EPOLL_CTL_MOD, fd, connection);
    }
    connection->received.append(buffer_.data(), static_cast<std::size_t>(length));
    if (connection->received.size() < connection->needed) return arm(EPOLL_CTL_MOD, fd, connection);
    Parsed parsed = parse_request(connection->received);
    if (parsed.state == Parsed::State::incomplete) {
      connection->needed = parsed.bytes;
      return arm(EPOLL_CTL_MOD, fd, connection);
    }
    // Shared only because std::function wants to be copied.
    auto request = std::make_shared<Parsed>(std::move(parsed));
    if (pool_.try_run([this, connection, request] { work(connection, std::move(*request)); })) return;
    // The loop cannot wait for room, nor for the client to read: it says no, once.
    const std::string refusal = bytes_of(problem(503), {.keep_alive = false});
    static_cast<void>(::send(fd, refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    end_sending(connection);
    arm(EPOLL_CTL_MOD, fd, connection);
  }

  void close(Connection* connection) { connections_.erase(connection); }

  static void end_sending(Connection* connection) {
    ::shutdown(connection->fd.get(), SHUT_WR);
    connection->is_lingering = true;
    connection->received.clear();
  }

  /// A worker: answers this request and those that have arrived behind it, then gives the connection back.
  void work(Connection* connection, Parsed parsed) {
    const int fd = connection->fd.get();
    while (parsed.state == Parsed::State::complete && !connection->is_lingering) {
      connection->received.erase(0, parsed.bytes);
      const bool is_head = parsed.request.method == "HEAD";
      const bool wants_to_stay = parsed.request.keep_alive;
      const Outcome outcome = outcome_of(std::move(parsed.request));
      sleeper_.sleep(outcome.after);
      const bool stays = wants_to_stay && !is_stopping();
      const bool is_sent = send_all(fd, bytes_of(outcome.response, {.keep_alive = stays, .is_head = is_head}),
                                    Deadline::never());
      if (!stays || !is_sent) {
        end_sending(connection);
      } else {
        parsed = parse_request(connection->received);
      }
    }
    if (parsed.state == Parsed::State::refused && !connection->is_lingering) {
      send_all(fd, bytes_of(problem(parsed.status), {.keep_alive = false}), Deadline::never());
      end_sending(connection);
    }
    connection->needed = connection->is_lingering ? 1 : parsed.bytes;
    give_back(fd, connection);
  }

  /// A worker, for the last time. What it did to the connection is visible to the loop only because of the
  /// lock: that the kernel comes in between promises nothing. And the descriptor cannot be closed, and its
  /// number be a stranger's, while epoll_ctl() names it.
  void give_back(int fd, Connection* connection) {
    const std::lock_guard lock(giving_back_);
    arm(EPOLL_CTL_MOD, fd, connection);
  }

  /// Those who are idle find the end of their connection; what has arrived is still read.
  void begin_to_stop() {
    is_stopping_.store(true, std::memory_order_relaxed);
    for (const int fd : {listener_.fd(), stop_.get()}) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    listener_.stop();
    // Of a connection that a worker has only the descriptor is looked at, and that never changes.
    for (const auto& [connection, owned] : connections_) ::shutdown(connection->fd.get(), SHUT_RD);
  }

  const std::chrono::milliseconds grace_;
  const StopSignal stop_signal_;  // before every thread
  const Listener listener_;
  const UniqueFd stop_;
  const UniqueFd epoll_;
  Sleeper sleeper_;
  std::mutex giving_back_;
  std::atomic<bool> is_stopping_{false};
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::array<char, kReceiveBytes> buffer_{};
  WorkerPool pool_;  // goes first: its threads use all of the above
};

}  // namespace

int main(int count, char** arguments) {
  Reactor reactor(parse_options(count, arguments));
  reactor.run();
}
