// floor.cc: the least that answering an HTTP request can cost: one epoll loop, one canned answer, no parser,
// no JavaScript.
//
// What a server spends above this is its own doing; what it spends below is the kernel's. The loop counts the
// ends of heads in what it receives and sends that many answers. It trusts its client: heads are taken to
// arrive whole, as wrk sends them. Bodies are received into one buffer and dropped, and only where the
// application is "uploads".

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

// As long as what a real server sends: a status line, a Date, a length.
std::string answer_with(std::string_view body) {
  std::string text =
      "HTTP/1.1 200 OK\r\n"
      "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
      "Content-Length: ";
  return text.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

// What the servers of these applications answer.
const std::string kHello = answer_with("Hello, World!");
const std::string kLarge = answer_with(std::string(64 * 1024, 'b'));
const std::string kUploaded = answer_with("1048576");

constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::string_view kLength = "Content-Length: ";

constexpr int kBacklog = 4096;
constexpr int kEventsAWake = 1024;
// One read takes everything that 64 connections with 16 pipelined requests each can have sent on one of them,
// and so much of an upload that larger reads would not make it cheaper.
constexpr std::size_t kReceiveBytes = 256 * 1024;

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

std::array<char, kReceiveBytes> received;

/// Empty: the client has gone.
std::string_view receive(int fd) {
  const ssize_t length = ::recv(fd, received.data(), received.size(), 0);
  if (length <= 0) {
    ::close(fd);
    return {};
  }
  return {received.data(), static_cast<std::size_t>(length)};
}

/// In one send, but for an answer that the socket does not take as a whole.
void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, -1);
    } else {
      return;
    }
  }
}

/// One recv and at most one send, which is what the fastest possible server would do.
void answer(int fd, const std::string& one) {
  static std::string answers;
  const std::string_view data = receive(fd);
  const std::size_t heads = count_heads(data.data(), data.size());
  while (answers.size() < heads * one.size()) answers.append(one);
  send_all(fd, std::string_view(answers).substr(0, heads * one.size()));
}

/// One recv, of a head and what comes with it or of more of its body.
void take_upload(int fd) {
  static std::vector<std::size_t> bytes_left;  // of the body that arrives, by descriptor
  const auto index = static_cast<std::size_t>(fd);
  if (bytes_left.size() <= index) bytes_left.resize(index + 1);
  std::size_t& left = bytes_left[index];

  std::string_view data = receive(fd);
  if (data.empty()) {
    left = 0;
    return;
  }
  if (left == 0) {
    const std::size_t end = data.find(kEndOfHead);
    const std::size_t length = data.find(kLength);
    if (end == data.npos || length == data.npos) return;
    left = std::strtoul(data.data() + length + kLength.size(), nullptr, 10);
    data.remove_prefix(end + kEndOfHead.size());
  }
  left -= std::min(left, data.size());
  if (left == 0) send_all(fd, kUploaded);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view application = count > 1 ? arguments[1] : "hello";
  const bool is_upload = application == "uploads";
  const std::string& one = application == "large-answers" ? kLarge : kHello;

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
      if (fd == listener) {
        accept_all(epoll, listener);
      } else if (is_upload) {
        take_upload(fd);
      } else {
        answer(fd, one);
      }
    }
  }
}
