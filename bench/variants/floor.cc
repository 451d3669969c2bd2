// floor.cc: the least that answering an HTTP request can cost: one epoll loop, one canned answer, no parser,
// no JavaScript.
//
// What a server spends above this is its own doing; what it spends below is the kernel's. The loop counts the
// ends of heads in what it receives and sends that many answers. It trusts its client: heads are taken to
// arrive whole, as wrk sends them, and bodies are not understood.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

// As long as what a real server sends: a status line, a Date, a length.
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Length: 13\r\n"
    "\r\n"
    "Hello, World!";
constexpr std::string_view kEndOfHead = "\r\n\r\n";

constexpr int kBacklog = 4096;
constexpr int kEventsAWake = 1024;
// One read takes everything that 64 connections with 16 pipelined requests each can have sent on one of them.
constexpr std::size_t kReceiveBytes = 64 * 1024;

[[noreturn]] void give_up(const char* syscall) {
  std::perror(syscall);
  std::exit(EXIT_FAILURE);
}

int listen_on_any_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) give_up("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("bind");
  if (::listen(listener, kBacklog) != 0) give_up("listen");
  return listener;
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) give_up("getsockname");
  return ntohs(address.sin_port);
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
}

void accept_all(int epoll, int listener) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(epoll, fd);
  }
}

std::size_t count_heads(const char* data, std::size_t length) {
  std::size_t heads = 0;
  const char* const end = data + length;
  while (const void* found =
             ::memmem(data, static_cast<std::size_t>(end - data), kEndOfHead.data(), kEndOfHead.size())) {
    ++heads;
    data = static_cast<const char*>(found) + kEndOfHead.size();
  }
  return heads;
}

/// One recv and at most one send, which is what the fastest possible server would do.
void answer(int fd) {
  static std::array<char, kReceiveBytes> received;
  static std::string answers;
  const ssize_t length = ::recv(fd, received.data(), received.size(), 0);
  if (length <= 0) {
    ::close(fd);
    return;
  }
  const std::size_t heads = count_heads(received.data(), static_cast<std::size_t>(length));
  while (answers.size() < heads * kAnswer.size()) answers.append(kAnswer);
  ::send(fd, answers.data(), heads * kAnswer.size(), MSG_NOSIGNAL);
}

}  // namespace

int main() {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a bench that is killed leaves no server behind
  const int listener = listen_on_any_port();
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) give_up("epoll_create1");
  watch(epoll, listener);

  std::printf("%d\n", port_of(listener));
  std::fflush(stdout);

  std::array<epoll_event, kEventsAWake> events;
  for (;;) {
    const int ready = ::epoll_wait(epoll, events.data(), kEventsAWake, -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      fd == listener ? accept_all(epoll, listener) : answer(fd);
    }
  }
}
