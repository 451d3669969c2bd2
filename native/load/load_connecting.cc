// How one connection of a LoadThread is opened, and what becomes of it, and of the run, when it cannot be.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "load/load_thread.h"

namespace millrace::load {

namespace {

/// After an attempt to connect has failed, so that a server that is down is not asked 100,000 times a second.
constexpr std::uint32_t kConnectPauseMs = 100;

}  // namespace

void LoadThread::open(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  set_deadline(slot, plan_.timeout_ms);
  const int error = connection.connect(plan_, epoll_.get(), slot);
  if (error != 0) connect_failed(slot, error);
}

void LoadThread::on_connected(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  connection.state = State::open;
  ++counts_.connections;
  failing_since_ = 0;
  if (plan_.mode == LoadPlan::Mode::connections) {
    counts_.latency.record(now_ - connection.start_ns);
    ++counts_.answers;
    set_pending(connection, 0);
    connection.reset();
    go_on(slot);
  } else if (connection.pending > 0) {
    send_pending(slot);
  } else {
    note_prepared(slot);
  }
}

void LoadThread::note_prepared(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  if (schedule_.begun()) {
    if (connection.state == State::open) go_on(slot);
    return;
  }
  if (connection.prepared) return;
  connection.prepared = true;
  if (++prepared_ == connections_.size()) begin_clock();
}

void LoadThread::connect_failed(std::uint32_t slot, int error) noexcept {
  LoadConnection& connection = connections_[slot];
  connection.close();
  count_error(LoadError::connect, 1, ::strerror(error));
  // Requests wait for the next attempt. Of a storm the attempt was all there was.
  if (plan_.mode == LoadPlan::Mode::connections) {
    if (error == ETIMEDOUT) count_wait(connection);
    set_pending(connection, 0);
  }
  if (++attempts_failed_ >= connections_.size() && counts_.connections == 0) counts_.unreachable = true;
  note_failing();
  connection.state = State::pausing;
  set_deadline(slot, kConnectPauseMs);
  note_prepared(slot);
}

void LoadThread::note_failing() noexcept {
  if (failing_since_ == 0) failing_since_ = now_;
  if (plan_.duration_ns != RequestSchedule::kNoDuration || now_ - failing_since_ < plan_.give_up_ns) return;
  // One that is open has its own time-out, and may be answered yet.
  const auto is_open = [](const LoadConnection& connection) { return connection.state == State::open; };
  if (std::ranges::any_of(connections_, is_open)) {
    failing_since_ = now_;
  } else {
    counts_.server_gone = true;
  }
}

void LoadThread::give_back(LoadConnection& connection) noexcept {
  if (schedule_.is_open_loop()) {
    counts_.unsent += connection.pending;
    count_wait(connection);
  }
  set_pending(connection, 0);
}

}  // namespace millrace::load
