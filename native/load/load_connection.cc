#include "load/load_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace::load {

namespace {

/// Below the keys of what is no connection. An event is handled in the wake that it came with, in which a
/// slot gets two connections at most.
constexpr std::uint32_t kGenerations = 0x7fff'ffff;

}  // namespace

RequestBytes::RequestBytes(const LoadPlan& plan) : one_(plan.request.size()), bytes_(plan.request) {
  if (one_ == 0 || plan.pipeline == 1) return;
  const std::size_t count = std::min<std::size_t>(plan.pipeline, std::max<std::size_t>(1, kMaxBytes / one_));
  copies_.reserve(count * one_);
  for (std::size_t i = 0; i < count; ++i) copies_ += plan.request;
  bytes_ = copies_;
}

std::string_view RequestBytes::at(std::uint64_t offset, std::uint64_t most) const noexcept {
  // Copies follow each other without a seam, so the bytes repeat.
  const auto from = static_cast<std::size_t>(offset % bytes_.size());
  return std::string_view(bytes_).substr(
      from, static_cast<std::size_t>(std::min<std::uint64_t>(most, bytes_.size() - from)));
}

int LoadConnection::connect(const LoadPlan& plan, int epoll, std::uint32_t slot) noexcept {
  const int family = plan.address.ss_family;
  fd_ = UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd_) return errno;
  if (family != AF_UNIX) {
    const int one = 1;  // what is sent is always all that there is to send
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  reader.reset();
  reader.set_to_head(plan.to_head);
  begin_answer();
  // EINPROGRESS is the rule; EAGAIN is what a Unix socket says whose backlog is full.
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&plan.address), plan.address_bytes) != 0 &&
      errno != EINPROGRESS) {
    return errno;
  }
  // Once for everything that may come: an edge is told whenever there is more to read or room to write again,
  // and no call is needed to change what is asked for.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  generation_ = (generation_ + 1) & kGenerations;
  event.data.u64 = key(slot);
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_.get(), &event) != 0) return errno;
  state = State::connecting;
  return 0;
}

int LoadConnection::connect_error() const noexcept {
  int error = 0;
  socklen_t bytes = sizeof error;
  return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

LoadConnection::Sent LoadConnection::send(const RequestBytes& requests) noexcept {
  Sent result{0, 0};
  while (unsent_ > 0) {
    const std::string_view piece = requests.at(sent_, unsent_);
    const ssize_t sent = ::send(fd_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      if (errno != EAGAIN) result.error = errno;
      break;
    }
    const auto bytes = static_cast<std::uint64_t>(sent);
    sent_ += bytes;
    unsent_ -= bytes;
    result.bytes += bytes;
    if (bytes < piece.size()) break;  // full: an edge tells when it is not any more
  }
  return result;
}

void LoadConnection::note_body(const LoadPlan& plan, std::string_view data) noexcept {
  if (plan.expected_body && !body_differs_) {
    const std::string_view expected = *plan.expected_body;
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(body_bytes_, expected.size()));
    const std::string_view here = expected.substr(from, data.size());
    body_differs_ = here != data;
  }
  body_bytes_ += data.size();
}

std::optional<LoadError> LoadConnection::judge(const LoadPlan& plan) const noexcept {
  if (!plan.expected_statuses[reader.head().status]) return LoadError::wrong_status;
  if (plan.expected_body) {
    if (body_bytes_ != plan.expected_body->size()) return LoadError::wrong_length;
    if (body_differs_) return LoadError::wrong_body;
  }
  return std::nullopt;
}

void LoadConnection::close() noexcept {
  fd_ = UniqueFd();
  state = State::closed;
  unsent_ = 0;
}

void LoadConnection::reset() noexcept {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

}  // namespace millrace::load
