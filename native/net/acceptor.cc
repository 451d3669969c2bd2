#include "net/acceptor.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "net/epoll_key.h"
#include "net/reactor.h"

namespace millrace {

namespace {

UniqueFd open_reserve() noexcept { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Status Acceptor::start(int epoll_fd, std::vector<Reactor*> reactors) {
  epoll_fd_ = epoll_fd;
  reactors_ = std::move(reactors);
  reserve_ = open_reserve();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kListenerKey;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, listener_.fd(), &event) != 0) return SysError{"epoll_ctl", errno};
  return {};
}

void Acceptor::on_readable(std::uint64_t now_ms, const OnReactor& here) {
  static_cast<void>(accept_some(kAcceptsPerWake, now_ms, here));  // epoll tells when there are more
}

bool Acceptor::accept_some(int most, std::uint64_t now_ms, const OnReactor& here) {
  for (int i = 0; i < most; ++i) {
    if (must_wait()) return false;
    Mailbox::Client client;
    Accepted accepted = listener_.accept(client.peer);
    if (const AcceptStop* stop = std::get_if<AcceptStop>(&accepted)) {
      if (*stop == AcceptStop::out_of_descriptors) out_of_descriptors(now_ms);
      if (*stop == AcceptStop::broken) close(here);
      return false;
    }
    client.fd = std::move(std::get<UniqueFd>(accepted));
    has_paused_ = false;
    deal_out(std::move(client), here);
  }
  return true;
}

std::uint64_t Acceptor::connections() const noexcept {
  std::uint64_t total = 0;
  for (const Reactor* reactor : reactors_) total += reactor->load();
  return total;
}

bool Acceptor::must_wait() noexcept {
  if (policy_ == ServerConfig::ConnectionPolicy::refuse || connections() < max_connections_) return false;
  // Sequentially consistent: first we say that we wait, then we look once more, see Reactor::tell_load().
  // An exchange like publish_word().
  wants_room_.exchange(true, std::memory_order_seq_cst);
  if (connections() < max_connections_) {
    wants_room_.store(false, std::memory_order_seq_cst);
    return false;
  }
  watch();
  return true;
}

void Acceptor::look_for_room(const OnReactor&) noexcept {
  // Relaxed: only this thread writes it.
  if (!wants_room_.load(std::memory_order_relaxed) || connections() >= max_connections_) return;
  wants_room_.store(false, std::memory_order_seq_cst);
  watch();
}

void Acceptor::deal_out(Mailbox::Client client, const OnReactor& here) {
  std::uint64_t total = 0;
  std::size_t chosen = next_;
  for (std::size_t i = 0; i < reactors_.size(); ++i) {
    const std::size_t candidate = (next_ + i) % reactors_.size();
    const std::uint32_t load = reactors_[candidate]->load();
    total += load;
    if (load < reactors_[chosen]->load()) chosen = candidate;
  }
  Reactor& own = *reactors_.front();
  if (total >= max_connections_) {
    own.refuse(std::move(client), here);
    return;
  }
  next_ = (chosen + 1) % reactors_.size();
  if (chosen == 0) {
    own.adopt(std::move(client), here);
  } else {
    reactors_[chosen]->give(std::move(client));
  }
}

void Acceptor::out_of_descriptors(std::uint64_t now_ms) noexcept {
  // epoll would report those who wait again at once, so accepting pauses. Where that has not helped, one
  // client is taken off the backlog, with the reserve given up, and told by the close not to wait. Not
  // before: many that leave at once give their descriptors back within the pause.
  if (has_paused_ && reserve_) {
    reserve_ = UniqueFd();
    PeerAddress peer;
    static_cast<void>(listener_.accept(peer));  // closed at once
    reserve_ = open_reserve();
  }
  paused_until_ms_ = now_ms + kAcceptPauseMs;
  watch();
}

void Acceptor::end_pause(const OnReactor&) noexcept {
  paused_until_ms_ = 0;
  has_paused_ = true;
  if (!reserve_) reserve_ = open_reserve();
  watch();
}

void Acceptor::watch() noexcept {
  epoll_event event{};
  if (paused_until_ms_ == 0 && !wants_room()) event.events = EPOLLIN;
  event.data.u64 = kListenerKey;
  // Cannot fail for a descriptor that is registered; after close() there is none.
  if (listener_.fd() >= 0) static_cast<void>(::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, listener_.fd(), &event));
}

void Acceptor::finish(std::uint64_t now_ms, const OnReactor& here) {
  // Who has connected already gets an answer; closing the listener would reset them. But those who wait for a
  // connection to end stay where they are if somebody else holds the socket too, and may take them.
  if (!listener_.inherited()) policy_ = ServerConfig::ConnectionPolicy::refuse;
  for (int round = 0; round < kLastAcceptRounds && listener_.fd() >= 0; ++round) {
    if (!accept_some(kAcceptsPerWake, now_ms, here)) break;
  }
  close(here);
}

void Acceptor::close(const OnReactor&) noexcept {
  paused_until_ms_ = 0;
  // An inherited socket stays open elsewhere, so closing our descriptor does not take it out of epoll.
  if (listener_.fd() >= 0) static_cast<void>(::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, listener_.fd(), nullptr));
  listener_.close();
  reserve_ = UniqueFd();
}

}  // namespace millrace
