#include "net/connection_io.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "base/progress.h"
#include "log/access_log.h"
#include "net/epoll_key.h"

namespace millrace {

namespace {

constexpr std::uint32_t kInputEvents = EPOLLIN | EPOLLRDHUP;

struct OldestSent {
  ssize_t sent;         // as send() returns it
  std::size_t offered;  // less than that was taken: the socket is full
};

/// Bytes that the client has not acknowledged.
int in_kernel(int socket) noexcept {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/// Of the oldest bytes as many as one system call takes.
OldestSent send_oldest(int socket, const OutputQueue& queue) noexcept {
  if (const FileSlice* const slice = queue.front_file(); slice != nullptr) {
    auto offset = static_cast<off_t>(slice->offset);
    const std::size_t most = std::min<std::uint64_t>(slice->bytes, kFileBytesPerWake);
    const ssize_t sent = ::sendfile(socket, slice->file->get(), &offset, most);
    if (sent != 0) return {sent, most};
    errno = ENODATA;  // the file is shorter than it was when its length was sent
    return {-1, most};
  }
  std::array<iovec, kPiecesPerSend> pieces;
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = queue.peek(pieces.data(), pieces.size());
  std::size_t offered = 0;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) offered += pieces[i].iov_len;
  return {::sendmsg(socket, &message, MSG_NOSIGNAL), offered};
}

}  // namespace

ConnectionIo::ConnectionIo(const ServerConfig& config, int epoll_fd, ExchangeTable& exchanges,
                           BufferBudget& budget, QueueGauge& queue, Counters& counters, AccessLog* log)
    : config_(config),
      epoll_fd_(epoll_fd),
      exchanges_(exchanges),
      budget_(budget),
      queue_(queue),
      counters_(counters),
      log_(log),
      timers_(0),
      receive_buffer_(std::make_unique<char[]>(kReceiveBytes)),
      idle_ms_(config.timeouts.keep_alive_ms) {}

Connection* ConnectionIo::open(UniqueFd fd, const PeerAddress& peer, const OnReactor& here) {
  Connection& connection = table_.add(std::move(fd), peer, here);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = epoll_key(connection.id);
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, connection.fd.get(), &event) != 0) {
    table_.remove(connection, here);
    return nullptr;
  }
  connection.epoll_events = EPOLLIN;
  return &connection;
}

Connection* ConnectionIo::add(UniqueFd fd, const PeerAddress& peer, const OnReactor& here) {
  Connection* const connection = open(std::move(fd), peer, here);
  if (connection == nullptr) return nullptr;
  connection->read_deadline_ms = now_ms_ + config_.timeouts.header_ms;
  arm(*connection);
  counters_.connections_total.add();
  counters_.connections_open.set(table_.size() - refused_open_);
  return connection;
}

Connection* ConnectionIo::add_refused(UniqueFd fd, const PeerAddress& peer, const OnReactor& here) {
  Connection* const connection = open(std::move(fd), peer, here);
  if (connection == nullptr) return nullptr;
  connection->refused = true;
  ++refused_open_;
  return connection;
}

std::variant<std::size_t, ConnectionIo::Stop> ConnectionIo::read(const Connection& connection, char* to,
                                                                 std::size_t most) {
  for (;;) {
    const ssize_t got = ::recv(connection.fd.get(), to, most, 0);
    if (got > 0) {
      counters_.bytes_received.add(static_cast<std::uint64_t>(got));
      return static_cast<std::size_t>(got);
    }
    if (got == 0) return Stop::peer_finished;
    if (errno == EINTR) continue;
    return errno == EAGAIN ? Stop::would_block : Stop::failed;
  }
}

std::variant<std::string_view, ConnectionIo::Stop> ConnectionIo::receive(Connection& connection,
                                                                         const OnReactor&) {
  const auto got = read(connection, receive_buffer_.get(), kReceiveBytes);
  if (const auto* stop = std::get_if<Stop>(&got)) return *stop;
  return std::string_view(receive_buffer_.get(), std::get<std::size_t>(got));
}

std::variant<std::size_t, ConnectionIo::Stop> ConnectionIo::receive_into(Connection& connection,
                                                                         OwnedBytes& bytes, std::size_t most,
                                                                         const OnReactor&) {
  const std::size_t room = std::min(most, bytes.capacity() - bytes.size());
  const auto got = read(connection, bytes.data() + bytes.size(), room);
  if (const auto* count = std::get_if<std::size_t>(&got)) bytes.set_size(bytes.size() + *count);
  return got;
}

void ConnectionIo::stop_reading(Connection& connection, const OnReactor&) noexcept {
  const std::uint32_t others = connection.epoll_events & ~kInputEvents;
  const bool is_known = connection.half_closed || connection.peer_finished;
  watch(connection, is_known ? others : others | EPOLLRDHUP);
}

void ConnectionIo::resume_reading(Connection& connection, const OnReactor&) noexcept {
  watch(connection, (connection.epoll_events & ~kInputEvents) | EPOLLIN);  // its end shows when it is read
}

void ConnectionIo::watch(Connection& connection, std::uint32_t events) noexcept {
  if (connection.epoll_events == events) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = epoll_key(connection.id);
  // Changing what is registered needs no memory, so for a descriptor that is registered it cannot fail.
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, connection.fd.get(), &event) == 0)
    connection.epoll_events = events;
}

char* ConnectionIo::reserve_output(std::size_t bytes, const OnReactor& here) {
  char* room = batch_.try_reserve(bytes);
  if (room != nullptr) return room;
  flush(here);
  return batch_.try_reserve(bytes);
}

void ConnectionIo::flush(const OnReactor& here) {
  std::uint64_t bytes_sent = 0;
  for (const ConnectionId id : batch_.connections()) {
    Connection* connection = table_.find(id, here);
    if (connection == nullptr) continue;  // it ended after its answer had been written
    if (connection->files_put_out() == 0) set_reads_quickly(*connection, false);
    switch (batch_.send(*connection, budget_, bytes_sent)) {
      case OutputBatch::Sent::everything:
        if (log_ != nullptr) log_->all_sent(*connection);
        after_send(*connection, here);
        break;
      case OutputBatch::Sent::partly:
        // Bytes that only joined those which are stuck are no progress.
        if (connection->write_deadline_ms == 0) set_write_deadline(*connection);
        watch(*connection, connection->epoll_events | EPOLLOUT);
        break;
      case OutputBatch::Sent::up_to_file:
        send_queued(*connection, here);
        break;
      case OutputBatch::Sent::failed:
        if (log_ != nullptr) log_->ended(*connection, AccessLog::kAll);
        close(*connection, here);
        break;
    }
  }
  counters_.bytes_sent.add(bytes_sent);
  batch_.clear();
  for (const ConnectionId id : ending_) {
    Connection* connection = table_.find(id, here);
    if (connection != nullptr && connection->output == nullptr) after_send(*connection, here);
  }
  ending_.clear();
}

void ConnectionIo::on_writable(Connection& connection, const OnReactor& here) {
  if (connection.output == nullptr) {
    watch(connection, connection.epoll_events & ~static_cast<std::uint32_t>(EPOLLOUT));
    return;
  }
  send_queued(connection, here);
}

void ConnectionIo::send_queued(Connection& connection, const OnReactor& here) {
  OutputQueue& output = *connection.output;
  std::size_t taken = 0;
  for (bool is_full = false; !is_full && output.bytes() > 0 && taken < kFileBytesPerWake;) {
    const auto [sent, offered] = send_oldest(connection.fd.get(), output);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) break;
      close(connection, here);
      return;
    }
    const auto count = static_cast<std::size_t>(sent);
    is_full = count < offered;
    taken += count;
    output.consume(count);
  }
  counters_.bytes_sent.add(taken);
  if (connection.stream_waits) drained_.push_back(connection.id);
  if (output.bytes() > 0) {
    // Where nothing was taken the deadline stays, but for a queue that is new.
    if (taken > 0 || connection.write_deadline_ms == 0) set_write_deadline(connection);
    const std::uint64_t due = std::max(kQuickReaderBytes, (now_ms_ - output.started_ms) * kQuickReaderRate);
    if (output.front_file() != nullptr && output.sent >= due && !connection.reads_quickly) {
      set_reads_quickly(connection, true);
      set_write_deadline(connection);
    }
    watch(connection, connection.epoll_events | EPOLLOUT);
    return;
  }
  connection.output.reset();
  if (log_ != nullptr) log_->all_sent(connection);
  connection.write_deadline_ms = 0;
  watch(connection, connection.epoll_events & ~static_cast<std::uint32_t>(EPOLLOUT));
  if (connection.input_blocked || connection.lookups_wait) unblocked_.push_back(connection.id);
  if (connection.idle()) start_idle_time(connection);
  after_send(connection, here);
}

void ConnectionIo::set_reads_quickly(Connection& connection, bool quickly) noexcept {
  if (connection.reads_quickly == quickly) return;
  connection.reads_quickly = quickly;
  const int bytes = quickly ? kKernelUnsentFileBytes : kKernelUnsentBytes;
  // A Unix socket has no such option, and needs none.
  static_cast<void>(::setsockopt(connection.fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes));
}

void ConnectionIo::set_write_deadline(Connection& connection) noexcept {
  OutputQueue& output = *connection.output;
  if (output.started_ms == 0) output.started_ms = now_ms_;
  if (connection.reads_quickly) output.in_kernel = in_kernel(connection.fd.get());
  connection.write_deadline_ms =
      transfer_deadline(now_ms_, output.started_ms, output.sent, config_.timeouts.write_ms,
                        config_.limits.min_bytes_per_second);
  arm(connection);
}

std::uint32_t ConnectionIo::events_of(const Connection& connection) noexcept {
  static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLRDHUP == POLLRDHUP && EPOLLERR == POLLERR &&
                EPOLLHUP == POLLHUP);
  pollfd socket{
      .fd = connection.fd.get(), .events = static_cast<short>(connection.epoll_events), .revents = 0};
  return ::poll(&socket, 1, 0) == 1 ? static_cast<std::uint32_t>(socket.revents) : 0;
}

bool ConnectionIo::has_read_on(Connection& connection) {
  // Otherwise so little is in the kernel that it takes more as soon as the client does.
  if (!connection.reads_quickly || connection.output == nullptr) return false;
  if (in_kernel(connection.fd.get()) >= connection.output->in_kernel) return false;
  set_write_deadline(connection);
  return true;
}

void ConnectionIo::after_send(Connection& connection, const OnReactor& here) {
  if (connection.phase != Connection::Phase::finishing) return;
  // Closing a socket whose client still sends, or has just sent, resets the connection, and the reset may
  // overtake our answer. Nobody can know that a client will send no more before it says FIN.
  if (connection.peer_finished || ::shutdown(connection.fd.get(), SHUT_WR) != 0) {
    close(connection, here);
    return;
  }
  connection.phase = Connection::Phase::lingering;
  connection.read_deadline_ms = now_ms_ + kLingerMs;
  arm(connection);
  resume_reading(connection, here);
}

void ConnectionIo::finish(Connection& connection) noexcept {
  connection.phase = Connection::Phase::finishing;
  if (connection.waits_for_ring) {
    connection.waits_for_ring = false;
    queue_.unpark();
  }
  connection.input.reset();
  connection.read_deadline_ms = 0;
  if (log_ != nullptr) log_->unanswered(connection, exchanges_, AccessLog::Oldest::was_behind_the_end);
  exchanges_.close_all(connection);
  // All has been sent before, and no further send will tell.
  if (connection.first_piece == kNone && connection.output == nullptr) ending_.push_back(connection.id);
}

bool ConnectionIo::answer_is_leaving(const Connection& connection) const noexcept {
  if (connection.refused || connection.output == nullptr) return false;
  return connection.first_exchange == kNone || !exchanges_.at(connection.first_exchange).begun;
}

void ConnectionIo::close(Connection& connection, const OnReactor& here) noexcept {
  if (answer_is_leaving(connection)) ++never_left_;
  if (connection.waits_for_ring) queue_.unpark();
  if (log_ != nullptr) {
    log_->unanswered(connection, exchanges_, AccessLog::Oldest::may_have_begun);
    log_->ended(connection, unsent(connection) + batch_.gathered_for(connection));
  }
  exchanges_.close_all(connection);
  if (connection.refused) --refused_open_;
  timers_.cancel(connection.id.slot);
  table_.remove(connection, here);
  counters_.connections_open.set(table_.size() - refused_open_);
}

void ConnectionIo::reset(Connection& connection, const OnReactor& here) noexcept {
  const linger now{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now));
  close(connection, here);
}

void ConnectionIo::discard_input(Connection& connection, const OnReactor& here) {
  if (connection.phase == Connection::Phase::finishing) {
    // The answer has to leave first; until then the input stays where it is.
    stop_reading(connection, here);
    return;
  }
  const auto received = receive(connection, here);
  if (!std::holds_alternative<std::string_view>(received)) {
    if (std::get<Stop>(received) != Stop::would_block) close(connection, here);
    return;
  }
  connection.lingered_bytes += std::get<std::string_view>(received).size();
  if (connection.lingered_bytes > kLingerBytes) close(connection, here);
}

void ConnectionIo::start_idle_time(Connection& connection) {
  connection.read_deadline_ms = now_ms_ + idle_ms_;
  arm(connection);
}

void ConnectionIo::expect_answer(Connection& connection, Exchange& exchange, std::uint64_t deadline_ms) {
  exchange.deadline_ms = deadline_ms;
  std::uint64_t& nearest = connection.answer_deadline_ms;
  if (nearest == 0 || deadline_ms < nearest) nearest = deadline_ms;
  arm(connection);
}

void ConnectionIo::arm(const Connection& connection) {
  std::uint64_t nearest = connection.read_deadline_ms;
  if (connection.write_deadline_ms != 0 && (nearest == 0 || connection.write_deadline_ms < nearest)) {
    nearest = connection.write_deadline_ms;
  }
  if (connection.answer_deadline_ms != 0 && (nearest == 0 || connection.answer_deadline_ms < nearest)) {
    nearest = connection.answer_deadline_ms;
  }
  if (nearest != 0) timers_.arm(connection.id.slot, static_cast<std::int64_t>(nearest));
}

}  // namespace millrace
