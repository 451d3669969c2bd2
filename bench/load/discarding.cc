// discarding.cc: GETs of large bodies, one at a time on each connection, by a client that has the kernel
// throw them away (MSG_TRUNC): one that copies them, as wrk does, is at its limit long before the server is.
//
// discarding PORT PATH CONNECTIONS SECONDS; prints what wrk prints. For bodies with a Content-Length.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostAtOnce = std::size_t{1} << 24;
constexpr std::size_t kMostHead = 16 * 1024;
constexpr int kNapMs = 100;

struct Connection {
  int fd = -1;
  std::uint64_t left = 0;  // of the body; 0: the head is to come
  Clock::time_point asked;
};

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "discarding: %s\n", why);
  std::exit(1);
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fail("connect");
  return fd;
}

struct Client {
  std::string request;
  std::vector<double> latencies_ms;
  std::uint64_t unexpected = 0;  // answers other than 200
  std::uint64_t broken = 0;      // connections that ended
  std::vector<char> head = std::vector<char>(kMostHead + 1);

  void ask(Connection& connection) const {
    connection.asked = Clock::now();
    if (::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("send");
  }

  void read(Connection& connection) {
    if (connection.left == 0)
      read_head(connection);
    else
      discard(connection);
  }

  void read_head(Connection& connection) {
    // Looked at first: what is behind it is to be thrown away.
    const ssize_t seen = ::recv(connection.fd, head.data(), kMostHead, MSG_PEEK | MSG_DONTWAIT);
    if (seen <= 0) return stop(connection, seen);
    head[static_cast<std::size_t>(seen)] = '\0';
    const char* const end = std::strstr(head.data(), "\r\n\r\n");
    if (end == nullptr && seen == kMostHead) give_up("a head that is too long");
    if (end == nullptr) return;
    const char* const length = ::strcasestr(head.data(), "\r\ncontent-length:");
    if (length == nullptr || length > end) give_up("an answer without Content-Length");
    if (std::strncmp(head.data(), "HTTP/1.1 200 ", std::strlen("HTTP/1.1 200 ")) != 0) ++unexpected;
    connection.left = std::strtoull(length + std::strlen("\r\ncontent-length:"), nullptr, 10);
    const auto bytes = static_cast<std::size_t>(end - head.data()) + 4;
    if (::recv(connection.fd, head.data(), bytes, 0) != static_cast<ssize_t>(bytes)) fail("recv");
    if (connection.left == 0) finish(connection);
  }

  void discard(Connection& connection) {
    const std::size_t most = std::min<std::uint64_t>(connection.left, kMostAtOnce);
    // For TCP this reads nothing into the buffer (tcp(7)).
    const ssize_t gone = ::recv(connection.fd, head.data(), most, MSG_TRUNC | MSG_DONTWAIT);
    if (gone <= 0) return stop(connection, gone);
    connection.left -= static_cast<std::uint64_t>(gone);
    if (connection.left == 0) finish(connection);
  }

  void finish(Connection& connection) {
    const std::chrono::duration<double, std::milli> took = Clock::now() - connection.asked;
    latencies_ms.push_back(took.count());
    ask(connection);
  }

  void stop(Connection& connection, ssize_t result) {
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
    ++broken;
    ::close(connection.fd);
    connection.fd = -1;
  }

  [[nodiscard]] double quantile_ms(double share) const {
    return latencies_ms[std::min(latencies_ms.size() - 1,
                                 static_cast<std::size_t>(share * static_cast<double>(latencies_ms.size())))];
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: discarding PORT PATH CONNECTIONS SECONDS\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::chrono::seconds length(std::atoi(argv[4]));
  Client client;
  client.request = std::string("GET ") + argv[2] + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[3])));
  const int epoll = ::epoll_create1(0);
  const Clock::time_point start = Clock::now();
  for (Connection& connection : connections) {
    connection.fd = connect_to(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, connection.fd, &event) != 0) fail("epoll_ctl");
    client.ask(connection);
  }
  std::vector<epoll_event> events(connections.size());
  while (Clock::now() - start < length) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), kNapMs);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection.fd >= 0) client.read(connection);
    }
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  if (client.latencies_ms.empty()) give_up("no answer");
  std::sort(client.latencies_ms.begin(), client.latencies_ms.end());
  std::printf("  %zu requests in %.2fs\nRequests/sec: %.2f\n", client.latencies_ms.size(), took.count(),
              static_cast<double>(client.latencies_ms.size()) / took.count());
  std::printf("     50%%  %.3fms\n     99%%  %.3fms\n", client.quantile_ms(0.5), client.quantile_ms(0.99));
  if (client.broken > 0) {
    std::printf("Socket errors: connect 0, read %llu, write 0, timeout 0\n",
                static_cast<unsigned long long>(client.broken));
  }
  if (client.unexpected > 0) {
    std::printf("Non-2xx or 3xx responses: %llu\n", static_cast<unsigned long long>(client.unexpected));
  }
  return 0;
}
