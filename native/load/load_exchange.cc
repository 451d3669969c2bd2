// What happens to one connection of a LoadThread: it sends, reads, fails, is replaced.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "load/load_clock.h"
#include "load/load_thread.h"

namespace millrace::load {

void LoadThread::set_deadline(std::uint32_t slot, std::uint32_t ms) noexcept {
  wheel_.arm(slot, now_ / kNsPerMs + ms);
}

void LoadThread::set_pending(LoadConnection& connection, std::uint32_t pending) noexcept {
  busy_ += (pending > 0 ? 1 : 0) - (connection.pending > 0 ? 1 : 0);
  connection.pending = pending;
}

void LoadThread::count_error(LoadError error, std::uint64_t count, const std::string& why) {
  LoadErrors& errors = counts_.of(error);
  if (errors.count == 0) errors.first = why;
  errors.count += count;
  errors_ += count;
}

void LoadThread::count_wait(const LoadConnection& connection) noexcept {
  if (!schedule_.is_open_loop() || connection.pending == 0) return;
  counts_.latency.record_falling(now_ - connection.start_ns, 0, 1, connection.pending);
  counts_.lower_bounds += connection.pending;
}

void LoadThread::on_event(std::uint32_t slot, std::uint32_t events) noexcept {
  LoadConnection& connection = connections_[slot];
  const std::uint64_t key = connection.key(slot);
  const auto is_still_open = [&] { return connection.key(slot) == key && connection.state == State::open; };
  if (connection.state == State::connecting) {
    now_ = monotonic_ns();
    const int error = (events & (EPOLLERR | EPOLLHUP)) != 0 ? connection.connect_error() : 0;
    if (error != 0) {
      connect_failed(slot, error);
    } else {
      on_connected(slot);
    }
  }
  // What has come with the connection is told by this event only.
  if (is_still_open() && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    receive(slot, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
  }
  if (is_still_open() && (events & EPOLLOUT) != 0 && !connection.all_sent()) send(slot);
}

void LoadThread::on_due(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  switch (connection.state) {
    case State::pausing:
      connection.state = State::closed;
      if (connection.pending > 0 && schedule_.past_grace(now_)) give_back(connection);
      replace(slot);
      return;
    case State::connecting:
      connect_failed(slot, ETIMEDOUT);
      return;
    case State::open:
      if (connection.pending == 0) return;
      count_wait(connection);
      fail(slot, LoadError::timeout, "no answer in time");
      return;
    case State::closed:
      return;
  }
}

void LoadThread::go_on(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  if (schedule_.over(now_)) {
    if (free_at_ == 0) free_at_ = now_;
    return;
  }
  if (schedule_.is_open_loop()) {
    if (connection.queued) return;
    connection.queued = true;
    const std::size_t tail = idle_head_ + idle_count_;
    idle_[tail < idle_.size() ? tail : tail - idle_.size()] = slot;
    ++idle_count_;
  } else if (plan_.mode == LoadPlan::Mode::keep_alive && connection.state == State::closed) {
    open(slot);
  } else {
    const RequestSchedule::Batch batch = schedule_.take(now_);
    if (batch.requests > 0) begin(slot, batch);
  }
}

void LoadThread::begin(std::uint32_t slot, RequestSchedule::Batch batch) noexcept {
  LoadConnection& connection = connections_[slot];
  set_pending(connection, batch.requests);
  connection.is_sent = false;
  connection.start_ns = batch.due;
  switch (connection.state) {
    case State::open:
      send_pending(slot);
      return;
    case State::closed:
    case State::pausing:
      open(slot);
      return;
    case State::connecting:
      return;  // sent when it is there
  }
}

void LoadThread::send_pending(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  counts_.sent += connection.pending;
  connection.is_sent = true;
  connection.begin_sending(requests_);
  set_deadline(slot, plan_.timeout_ms);
  send(slot);
}

void LoadThread::send(std::uint32_t slot) noexcept {
  const LoadConnection::Sent sent = connections_[slot].send(requests_);
  counts_.bytes_sent += sent.bytes;
  if (sent.error != 0) fail(slot, LoadError::write, ::strerror(sent.error));
}

void LoadThread::receive(std::uint32_t slot, bool to_the_end) noexcept {
  LoadConnection& connection = connections_[slot];
  for (;;) {
    const ssize_t got = ::recv(connection.fd(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      if (errno == EAGAIN) return;
      if (connection.pending > 0) {
        fail(slot, LoadError::read, ::strerror(errno));
      } else {
        connection.close();
      }
      return;
    }
    now_ = monotonic_ns();
    if (got == 0) {
      on_end_of_input(slot);
      return;
    }
    const auto bytes = static_cast<std::size_t>(got);
    counts_.bytes_received += bytes;
    if (!read_answers(slot, bytes)) return;
    // A short read has emptied the socket, and what comes now is another edge.
    if (bytes < buffer_.size() && !to_the_end) return;
  }
}

bool LoadThread::read_answers(std::uint32_t slot, std::size_t bytes) noexcept {
  LoadConnection& connection = connections_[slot];
  const std::uint64_t key = connection.key(slot);
  const char* from = buffer_.data();
  while (bytes > 0) {
    if (connection.pending == 0) {
      refuse_surplus(slot);
      return false;
    }
    const ResponseReader::Step step = connection.reader.next(from, bytes);
    if (step.status == ResponseReader::Status::failed) {
      fail(slot, LoadError::bad_response, describe(connection.reader.error()));
      return false;
    }
    from += step.consumed;
    bytes -= step.consumed;
    if (!step.data.empty()) connection.note_body(plan_, step.data);
    if (step.status != ResponseReader::Status::done) continue;
    on_answer(connection);
    if (plan_.mode == LoadPlan::Mode::one_request || connection.reader.head().closes) {
      if (bytes > 0) {
        refuse_surplus(slot);
      } else {
        replace(slot);
      }
      return false;
    }
  }
  if (connection.pending > 0) return true;
  // It has answered what it has not got yet: whatever it makes of the rest, it is not the next request.
  if (!connection.all_sent()) {
    replace(slot);
    return false;
  }
  go_on(slot);
  return connection.key(slot) == key && connection.state == State::open;
}

void LoadThread::on_answer(LoadConnection& connection) noexcept {
  const std::uint16_t status = connection.reader.head().status;
  failing_since_ = 0;
  counts_.latency.record(now_ - connection.start_ns);
  ++counts_.answers;
  ++counts_.statuses[status];
  const std::optional<LoadError> error = connection.judge(plan_);
  connection.answer_was_good = !error;
  if (error) {
    std::string why;
    if (*error == LoadError::wrong_status) why = std::to_string(status);
    if (*error == LoadError::wrong_length) {
      why = std::to_string(connection.body_bytes()) + " bytes instead of " +
            std::to_string(plan_.expected_body->size());
    }
    count_error(*error, 1, why);
  }
  connection.begin_answer();
  set_pending(connection, connection.pending - 1);
}

void LoadThread::refuse_surplus(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  // One error an answer: where it had another already, that says more.
  if (std::exchange(connection.answer_was_good, false)) {
    count_error(LoadError::wrong_length, 1, "more bytes than the answers have by their heads");
  }
  replace(slot);
}

void LoadThread::on_end_of_input(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  if (connection.pending == 0) {
    // Servers may end what is idle. It is opened again when there is something to send.
    connection.close();
    return;
  }
  switch (connection.reader.end_of_input()) {
    case ResponseReader::End::complete:
      on_answer(connection);
      replace(slot);
      return;
    case ResponseReader::End::between:
      fail(slot, LoadError::closed_early, "closed without an answer");
      return;
    case ResponseReader::End::in_head:
      fail(slot, LoadError::closed_early, "closed within the head of an answer");
      return;
    case ResponseReader::End::in_length:
      fail(slot, LoadError::wrong_length, "closed before as many bytes had come as Content-Length says");
      return;
    case ResponseReader::End::in_chunks:
      fail(slot, LoadError::closed_early, "closed before the last chunk");
      return;
  }
}

void LoadThread::fail(std::uint32_t slot, LoadError error, const char* why) noexcept {
  LoadConnection& connection = connections_[slot];
  count_error(error, connection.pending, why);
  set_pending(connection, 0);
  replace(slot);
}

void LoadThread::replace(std::uint32_t slot) noexcept {
  LoadConnection& connection = connections_[slot];
  connection.close();
  if (connection.pending > 0) {
    // The server has said that it will not answer them (RFC 9112 §9.6): they are sent again, and still wait.
    if (std::exchange(connection.is_sent, false)) counts_.sent -= connection.pending;
    open(slot);
  } else if (!schedule_.over(now_) && plan_.mode == LoadPlan::Mode::keep_alive) {
    open(slot);
  } else {
    go_on(slot);
  }
}

}  // namespace millrace::load
