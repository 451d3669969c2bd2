// The access log of a whole server: what is logged of which request, in which order, and what becomes of it
// when its reader is slow, stuck or gone.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "native/check.h"
#include "native/held_requests.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::HeldRequests;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

UniqueFd temporary_file() {
  char path[] = "/tmp/millrace-log-XXXXXX";
  UniqueFd fd(::mkostemp(path, O_CLOEXEC | O_APPEND));
  ::unlink(path);
  return fd;
}

std::string contents_of(const UniqueFd& file) {
  std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return text;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool has(std::string_view line, std::string_view part) { return line.find(part) != std::string_view::npos; }

ServerOptions logging_to(int fd, LogFormat format = LogFormat::common) {
  ServerOptions options;
  options.config.access_log = {.enabled = true, .fd = fd, .format = format};
  static_cast<void>(options.routes.router.add("GET", "/native", {RouteTarget::Kind::reply, 0}));
  options.routes.replies.emplace_back().body = "native";
  return options;
}

std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

TEST("each request has a line, whoever has answered it, in the order of the answers") {
  const UniqueFd file = temporary_file();
  HeldRequests held;
  ServerOptions options = logging_to(file.get());
  options.handler = held.handler();
  TestServer server(std::move(options));
  Client client = server.connect();
  ASSERT_TRUE(client.send(get("/handled") + get("/native") + get("/second")));
  ASSERT_TRUE(held.wait_for(2));
  held.answer("/second");
  held.answer("/handled");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.read_response().has_value());
  ASSERT_TRUE(client.send("POST /native HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n"));
  EXPECT_EQ(client.read_status(), 400);
  ASSERT_TRUE(server.drain(1'000));
  const auto lines = lines_of(contents_of(file));
  ASSERT_EQ(lines.size(), std::size_t{4});
  EXPECT_TRUE(has(lines[0], "127.0.0.1 - - ["));
  EXPECT_TRUE(has(lines[0], "\"GET /handled HTTP/1.1\" 200 8 "));
  EXPECT_TRUE(has(lines[1], "\"GET /native HTTP/1.1\" 200 6 "));
  EXPECT_TRUE(has(lines[2], "\"GET /second HTTP/1.1\" 200 7 "));
  EXPECT_TRUE(has(lines[3], "\"POST /native HTTP/1.1\" 400 "));
}

TEST("lines are written without waiting for the end of the server") {
  const Pipe pipe = make_pipe();
  TestServer server(logging_to(pipe.writer.get()));
  Client client = server.connect();
  ASSERT_TRUE(client.send(get("/native")));
  EXPECT_TRUE(client.read_response().has_value());
  std::array<char, 1024> line;
  const ssize_t got = ::read(pipe.reader.get(), line.data(), line.size());
  ASSERT_TRUE(got > 0);
  EXPECT_TRUE(has({line.data(), static_cast<std::size_t>(got)}, "\"GET /native HTTP/1.1\" 200 6 "));
}

TEST("what is no request is logged with what is known of it") {
  const UniqueFd file = temporary_file();
  TestServer server(logging_to(file.get()));
  const std::pair<std::string, std::string> cases[] = {
      {"\x16\x03\x01 hello\r\n\r\n", "\"\\x16\\x03\\x01 hello\" 400 "},
      {"GET /a\x01 HTTP/1.1\r\n\r\n", "\"GET /a\\x01 HTTP/1.1\" 400 "},
      {"GET /none HTTP/1.1\r\n\r\n", "\"GET /none HTTP/1.1\" 400 "},
      {"GET /v HTTP/2.0\r\nHost: h\r\n\r\n", "\"GET /v HTTP/2.0\" 505 "},
      {"GET /" + std::string(20'000, 'a'), "... 414 "},
      {"GET /h HTTP/1.1\r\nHost: h\r\na: " + std::string(20'000, 'a'), "\"GET /h HTTP/1.1\" 431 "},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", "\"CONNECT h:1 HTTP/1.1\" 501 "},
  };
  for (const auto& [bytes, unused] : cases) {
    Client client = server.connect();
    client.send(bytes);
    EXPECT_TRUE(client.read_response().has_value());
  }
  ASSERT_TRUE(server.drain(1'000));
  const auto lines = lines_of(contents_of(file));
  ASSERT_EQ(lines.size(), std::size(cases));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& wanted = cases[i].second;
    const bool is_right = wanted.starts_with("...") ? has(lines[i], wanted.substr(3)) : has(lines[i], wanted);
    if (!is_right) std::fprintf(stderr, "%s\n", lines[i].c_str());
    EXPECT_TRUE(is_right);
  }
}

TEST("a request whose client goes without an answer is logged as 499") {
  const UniqueFd file = temporary_file();
  HeldRequests held;
  ServerOptions options = logging_to(file.get());
  options.handler = held.handler();
  TestServer server(std::move(options));
  {
    Client client = server.connect();
    ASSERT_TRUE(client.send(get("/gone")));
    ASSERT_TRUE(held.wait_for(1));
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  ASSERT_TRUE(server.wait_for_connections(0));
  held.answer("/gone");
  ASSERT_TRUE(server.drain(1'000));
  const auto lines = lines_of(contents_of(file));
  ASSERT_EQ(lines.size(), std::size_t{1});
  EXPECT_TRUE(has(lines[0], "\"GET /gone HTTP/1.1\" 499 0 "));
}

TEST("so is one whose answer was held behind another that ended the connection") {
  const UniqueFd file = temporary_file();
  HeldRequests held;
  ServerOptions options = logging_to(file.get());
  options.handler = held.handler();
  TestServer server(std::move(options));
  Client client = server.connect();
  ASSERT_TRUE(client.send(get("/0") + get("/1") + get("/native") + get("/2")));
  ASSERT_TRUE(held.wait_for(3));
  // Given first, and read by the reactor first.
  EXPECT_TRUE(held.answer("/1"));
  EXPECT_TRUE(held.answer("/0", {.flags = ring::response::kClose, .body = "last"}));
  const auto last = client.read_response();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->body, "last");
  EXPECT_TRUE(client.at_end());
  client.close();
  ASSERT_TRUE(server.drain(1'000));
  const auto lines = lines_of(contents_of(file));
  ASSERT_EQ(lines.size(), std::size_t{4});
  EXPECT_TRUE(has(lines[0], "\"GET /0 HTTP/1.1\" 200 4 "));
  EXPECT_TRUE(has(lines[1], "\"GET /1 HTTP/1.1\" 499 0 "));
  EXPECT_TRUE(has(lines[2], "\"GET /native HTTP/1.1\" 499 0 "));
  EXPECT_TRUE(has(lines[3], "\"GET /2 HTTP/1.1\" 499 0 "));
}

TEST("of an answer that its client does not take the bytes count that were sent") {
  constexpr std::size_t kBodyBytes = 32 * 1024 * 1024;
  const UniqueFd file = temporary_file();
  ServerOptions options = logging_to(file.get());
  static_cast<void>(options.routes.router.add("GET", "/large", {RouteTarget::Kind::reply, 1}));
  options.routes.replies.emplace_back().body = std::string(kBodyBytes, 'x');
  TestServer server(std::move(options));
  {
    Client client = server.connect(16 * 1024);
    ASSERT_TRUE(client.send(get("/large")));
    char first = 0;
    EXPECT_EQ(::recv(client.fd(), &first, 1, 0), 1);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  ASSERT_TRUE(server.wait_for_connections(0));
  ASSERT_TRUE(server.drain(1'000));
  const auto lines = lines_of(contents_of(file));
  ASSERT_EQ(lines.size(), std::size_t{1});
  const std::size_t at = lines[0].find("\" 200 ");
  ASSERT_TRUE(at != std::string::npos);
  const unsigned long sent = std::strtoul(lines[0].c_str() + at + 6, nullptr, 10);
  EXPECT_LT(0u, sent);
  EXPECT_LT(sent, kBodyBytes);
}

TEST("what is kept for a client that pipelines and does not read is charged, and it gets everything later") {
  constexpr std::size_t kBodyBytes = 8 * 1024 * 1024;
  constexpr std::size_t kRequests = 300;
  constexpr std::size_t kTargetBytes = 2'000;
  for (const std::uint64_t unsent_bytes : {std::uint64_t{1'024}, std::uint64_t{1} << 30U}) {
    const UniqueFd file = temporary_file();
    ServerOptions options = logging_to(file.get());
    options.config.limits.unsent_bytes = unsent_bytes;
    static_cast<void>(options.routes.router.add("GET", "/large", {RouteTarget::Kind::reply, 1}));
    options.routes.replies.emplace_back().body = std::string(kBodyBytes, 'x');
    TestServer server(std::move(options));
    Client client = server.connect(16 * 1024);
    ASSERT_TRUE(client.send(get("/large")));
    EXPECT_EQ(client.read_some(5), "HTTP/");
    std::string many;
    for (std::size_t i = 0; i < kRequests; ++i) many += get("/native?" + std::string(kTargetBytes, 'a'));
    ASSERT_TRUE(client.send(many));
    const BufferBudget& budget = server.server().budget();
    if (unsent_bytes > kBodyBytes)
      EXPECT_TRUE(wait_until([&] { return budget.used() > kRequests * kTargetBytes; }));
    client.finish_sending();
    const std::string got = client.read_rest();
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = got.find("\r\n\r\nnative", at)) != std::string::npos; ++at) ++answers;
    EXPECT_EQ(answers, kRequests);
    EXPECT_TRUE(wait_until([&] { return budget.used() == 0; }));
    ASSERT_TRUE(server.drain(1'000));
    EXPECT_EQ(lines_of(contents_of(file)).size(), kRequests + 1);
  }
}

TEST("a reader that takes nothing stops nobody: lines are dropped, counted, and the count is written") {
  const Pipe pipe = make_pipe();
  ServerOptions options = logging_to(pipe.writer.get());
  options.config.workers = 1;
  TestServer server(std::move(options));
  Client client = server.connect();
  // A line of two kilobytes: a pipe and what may wait besides are full of them soon.
  const std::string request = get("/native?" + std::string(2'000, 'a'));
  constexpr std::size_t kRequests = 1'000;
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(client.send(request));
    ASSERT_TRUE(client.read_response().has_value());
  }
  std::string text;
  const auto read_on = [&] {
    std::array<char, 64 * 1024> piece;
    const ssize_t got = ::read(pipe.reader.get(), piece.data(), piece.size());
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
    return got > 0;
  };
  // From here on it reads; what comes then has room again.
  while (!has(text, "lines dropped")) {
    ASSERT_TRUE(read_on());
    ASSERT_TRUE(client.send(get("/native")));
    ASSERT_TRUE(client.read_response().has_value());
  }
  std::size_t long_lines = 0;
  std::size_t dropped = 0;
  for (const std::string& line : lines_of(text)) {
    if (has(line, "aaa")) ++long_lines;
    const std::size_t at = line.find("took them: ");
    if (at != std::string::npos) dropped += std::strtoul(line.c_str() + at + 11, nullptr, 10);
  }
  EXPECT_TRUE(text.size() < kLogWaitingBytes + 256 * 1024);
  EXPECT_TRUE(dropped > 0);
  // Short requests may have been among those that were dropped.
  EXPECT_TRUE(long_lines + dropped >= kRequests);
}

TEST("with a reader that never comes back the server ends all the same") {
  const Pipe pipe = make_pipe();
  TestServer server(logging_to(pipe.writer.get()));
  Client client = server.connect();
  const std::string request = get("/native?" + std::string(2'000, 'a'));
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.send(request));
    ASSERT_TRUE(client.read_response().has_value());
  }
  EXPECT_TRUE(server.drain(1'000));
}

TEST("a reader that has gone ends nothing") {
  Pipe pipe = make_pipe();
  TestServer server(logging_to(pipe.writer.get()));
  pipe.reader = UniqueFd();
  Client client = server.connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(get("/native")));
    EXPECT_TRUE(client.read_response().has_value());
    ::usleep(1000 * (kLogBatchMs + 100));  // so that it is written, and fails, more than once
  }
  EXPECT_TRUE(server.drain(1'000));
}

TEST("a full disk ends nothing") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.get() >= 0);
  TestServer server(logging_to(full.get()));
  Client client = server.connect();
  ASSERT_TRUE(client.send(get("/native")));
  EXPECT_TRUE(client.read_response().has_value());
  EXPECT_TRUE(server.drain(1'000));
}

TEST("its descriptor is its owner’s, who may close it") {
  UniqueFd file = temporary_file();
  const UniqueFd ours(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
  TestServer server(logging_to(file.get()));
  file = UniqueFd();
  Client client = server.connect();
  ASSERT_TRUE(client.send(get("/native")));
  EXPECT_TRUE(client.read_response().has_value());
  ASSERT_TRUE(server.drain(1'000));
  EXPECT_EQ(lines_of(contents_of(ours)).size(), std::size_t{1});
}

TEST("what cannot be written to is refused at the start") {
  const UniqueFd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const int fd : {read_only.get(), 1'000'000}) {
    const auto opened = LogFile::open(fd);
    ASSERT_TRUE(!opened.ok());
    EXPECT_EQ(opened.error().error, EBADF);
  }
}

TEST("lines of several reactors do not mix, and none is lost, whatever is written to") {
  constexpr int kClients = 4;
  constexpr int kRequests = 300;
  std::array<int, 2> sockets{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
  Pipe pipe = make_pipe();
  Pipe socket{UniqueFd(sockets[0]), UniqueFd(sockets[1])};
  // Lines of this length are cut where they are no multiple of what a socket takes.
  const int small = 4'096;
  ::setsockopt(socket.writer.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  for (Pipe* const to : {&pipe, &socket}) {
    ServerOptions options = logging_to(to->writer.get());
    options.config.reactors = 2;
    auto server = std::make_unique<TestServer>(std::move(options));
    std::string text;
    std::thread reader([&] {
      std::array<char, 1'000> piece;
      for (ssize_t got = 0; (got = ::read(to->reader.get(), piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(got));
    });
    std::vector<Client> clients;
    for (int i = 0; i < kClients; ++i) clients.push_back(server->connect());
    for (int n = 0; n < kRequests; ++n) {
      for (int i = 0; i < kClients; ++i) {
        ASSERT_TRUE(clients[static_cast<std::size_t>(i)].send(get(
            "/native?" + std::to_string(i) + "-" + std::string(400, 'a') + "-" + std::to_string(n) + "z")));
      }
      for (Client& client : clients) EXPECT_TRUE(client.read_response().has_value());
    }
    EXPECT_TRUE(server->drain(10'000));
    server.reset();
    to->writer = UniqueFd();
    reader.join();
    std::array<int, kClients> next{};
    for (const std::string& line : lines_of(text)) {
      const std::size_t at = line.find("/native?");
      ASSERT_TRUE(at != std::string::npos);
      const int client = line[at + 8] - '0';
      const std::string wanted = "-" + std::string(400, 'a') + "-" +
                                 std::to_string(next[static_cast<std::size_t>(client)]++) +
                                 "z HTTP/1.1\" 200 6 ";
      EXPECT_TRUE(has(line, wanted));
    }
    for (const int count : next) EXPECT_EQ(count, kRequests);
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
