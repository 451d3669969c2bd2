// load_run_test.cc: whole runs against a server of ours, with several threads that are watched and stopped.
// What becomes of bad answers is tested in test/cli/load-errors.test.ts.
#include "load/load_run.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "native/check.h"
#include "native/patience.h"
#include "native/server_fixture.h"

namespace millrace::load {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

check::ServerOptions answering_natively() {
  check::ServerOptions options;
  Reply reply;
  reply.body = "hello";
  options.routes.replies.push_back(std::move(reply));
  static_cast<void>(options.routes.router.add("GET", "/", {.kind = RouteTarget::Kind::reply, .id = 0}));
  return options;
}

LoadPlan plan_for(std::uint16_t port) {
  LoadPlan plan;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::memcpy(&plan.address, &address, sizeof address);
  plan.address_bytes = sizeof address;
  plan.request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  plan.expected_statuses.set(200);
  plan.expected_body = "hello";
  plan.timeout_ms = 60'000;  // sanitized machines need their time
  return plan;
}

/// A port of 127.0.0.1 that refuses connections.
std::uint16_t refusing_port() {
  check::TestServer gone(answering_natively());
  return gone.port();
}

/// A run whose end can be waited for.
class Run {
 public:
  explicit Run(LoadPlan plan) {
    Result<std::unique_ptr<LoadRun>> run =
        LoadRun::start(std::move(plan), {.call = &Run::on_end, .context = this});
    if (EXPECT_TRUE(run.ok())) run_ = std::move(run).value();
  }

  /// What it has counted, when it has ended by itself. Watches its progress meanwhile.
  LoadCounts finish() {
    std::uint64_t last = 0;
    EXPECT_TRUE(check::wait_until([&] {
      const LoadProgress progress = run_->progress();
      EXPECT_LE(last, progress.answers);
      last = progress.answers;
      return ended_.load();
    }));
    return run_->join();
  }

  LoadRun& run() { return *run_; }

 private:
  static void on_end(void* self) { static_cast<Run*>(self)->ended_.store(true); }

  std::atomic<bool> ended_{false};
  std::unique_ptr<LoadRun> run_;  // behind what its threads call
};

TEST("threads share the connections and the count") {
  check::TestServer server(answering_natively());
  LoadPlan plan = plan_for(server.port());
  plan.threads = 3;
  plan.connections = 10;
  plan.count = 5'003;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_EQ(counts.sent, 5'003u);
  EXPECT_EQ(counts.answers, 5'003u);
  EXPECT_EQ(counts.statuses[200], 5'003u);
  EXPECT_EQ(counts.latency.summary().count, 5'003u);
  EXPECT_EQ(counts.connections, 10u);
  EXPECT_EQ(counts.error_count(), 0u);
  EXPECT_EQ(counts.bytes_sent, 5'003 * plan.request.size());
  EXPECT_LT(counts.began_ns, counts.ended_ns);
  EXPECT_FALSE(counts.unreachable);
}

TEST("pipelined batches are answered request by request, the last one too") {
  check::TestServer server(answering_natively());
  LoadPlan plan = plan_for(server.port());
  plan.threads = 2;
  plan.connections = 4;
  plan.pipeline = 16;
  plan.count = 1'001;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_EQ(counts.answers, 1'001u);
  EXPECT_EQ(counts.error_count(), 0u);
}

TEST("a rate is shared by the threads") {
  check::TestServer server(answering_natively());
  LoadPlan plan = plan_for(server.port());
  plan.threads = 2;
  plan.connections = 8;
  plan.rate = 1'000;
  plan.count = 200;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_EQ(counts.answers, 200u);
  // The last is due 199 ms behind the first.
  EXPECT_LE(199 * kSecond / 1'000, counts.ended_ns - counts.began_ns);
}

TEST("a connection a request: as many connections as answers") {
  check::TestServer server(answering_natively());
  LoadPlan plan = plan_for(server.port());
  plan.request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  plan.mode = LoadPlan::Mode::one_request;
  plan.threads = 2;
  plan.connections = 4;
  plan.count = 200;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_EQ(counts.answers, 200u);
  EXPECT_EQ(counts.connections, 200u);
  EXPECT_EQ(counts.error_count(), 0u);
}

TEST("a storm opens and closes connections, and leaves none open") {
  check::TestServer server(answering_natively());
  LoadPlan plan = plan_for(server.port());
  plan.mode = LoadPlan::Mode::connections;
  plan.connections = 4;
  plan.count = 100;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_EQ(counts.connections, 100u);
  EXPECT_EQ(counts.bytes_sent, 0u);
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST("a run that is stopped ends soon, and says what was under way") {
  check::ServerOptions silent;
  silent.handler = [](js::JsThread&, js::Claimed) {};
  check::TestServer server(std::move(silent));
  LoadPlan plan = plan_for(server.port());
  plan.threads = 2;
  plan.connections = 6;
  Run run(plan);
  ASSERT_TRUE(server.wait_for_connections(6));
  run.run().stop();
  const LoadCounts counts = run.finish();
  EXPECT_EQ(counts.answers, 0u);
  EXPECT_EQ(counts.unanswered, counts.sent);
  EXPECT_EQ(counts.error_count(), 0u);
}

TEST("a run that is given up while it works leaves no thread and no connection behind") {
  check::TestServer server(answering_natively());
  for (int i = 0; i < 5; ++i) {
    LoadPlan plan = plan_for(server.port());
    plan.threads = 2;
    plan.connections = 4;
    const Run run(plan);
    if (i % 2 == 0) EXPECT_TRUE(server.wait_for_connections(4));
  }
  EXPECT_TRUE(server.wait_for_connections(0));
}

TEST("without a server every thread gives up, and nothing has been sent") {
  LoadPlan plan = plan_for(refusing_port());
  plan.threads = 2;
  plan.connections = 4;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_TRUE(counts.unreachable);
  EXPECT_EQ(counts.sent, 0u);
  EXPECT_EQ(counts.of(LoadError::connect).count, 4u);
}

TEST("what a count has left when nobody can be reached was not sent") {
  for (const auto mode : {LoadPlan::Mode::keep_alive, LoadPlan::Mode::one_request}) {
    for (const double rate : {0.0, 10'000.0}) {
      LoadPlan plan = plan_for(refusing_port());
      plan.threads = 2;
      plan.connections = 4;
      plan.mode = mode;
      plan.rate = rate;
      plan.count = 101;
      const LoadCounts counts = Run(plan).finish();
      EXPECT_TRUE(counts.unreachable);
      EXPECT_EQ(counts.sent, 0u);
      EXPECT_EQ(counts.unsent, 101u);
      EXPECT_EQ(counts.of(LoadError::connect).count, 4u);
    }
  }
}

/// Listens on a free port of 127.0.0.1.
UniqueFd listener(int backlog, std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(fd.get(), any, bytes), 0);
  EXPECT_EQ(::getsockname(fd.get(), any, &bytes), 0);
  EXPECT_EQ(::listen(fd.get(), backlog), 0);
  port = ntohs(address.sin_port);
  return fd;
}

/// Answers `answers` requests, with a connection each, and then takes no more connections.
class ServerThatGoes {
 public:
  explicit ServerThatGoes(int answers) : thread_([this, answers] { serve(answers); }) {}
  ~ServerThatGoes() { thread_.join(); }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve(int answers) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    for (int i = 0; i < answers; ++i) {
      const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      char request[256];
      EXPECT_LT(0, ::recv(client.get(), request, sizeof request, 0));
      EXPECT_EQ(::send(client.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(kAnswer.size()));
      if (i + 1 == answers) listener_ = UniqueFd();
    }
  }

  std::uint16_t port_ = 0;
  UniqueFd listener_ = listener(64, port_);
  std::thread thread_;  // behind what it uses
};

TEST("a run by count ends when the server has gone, and says what was not sent") {
  for (const auto mode : {LoadPlan::Mode::keep_alive, LoadPlan::Mode::one_request}) {
    for (const double rate : {0.0, 1'000.0}) {
      constexpr std::uint64_t kCount = 1'000'000;
      const ServerThatGoes server(20);
      LoadPlan plan = plan_for(server.port());
      plan.mode = mode;
      plan.rate = rate;
      plan.count = kCount;
      plan.give_up_ns = kSecond / 4;
      const LoadCounts counts = Run(plan).finish();
      EXPECT_TRUE(counts.server_gone);
      EXPECT_FALSE(counts.unreachable);
      EXPECT_EQ(counts.answers, 20u);
      EXPECT_EQ(counts.sent + counts.unsent, kCount);
      EXPECT_EQ(counts.sent, counts.answers + counts.error_count() - counts.of(LoadError::connect).count);
      // What had been due by then waited for it.
      EXPECT_EQ(counts.latency.summary().count, 20 + counts.lower_bounds);
      EXPECT_EQ(counts.lower_bounds > 100, rate > 0);
    }
  }
}

TEST("a server that accepts nobody gets few requests, and the rest of the count was not sent") {
  std::uint16_t port = 0;
  const UniqueFd full = listener(1, port);  // the kernel opens a connection or two
  LoadPlan plan = plan_for(port);
  plan.connections = 8;
  plan.count = 8;
  plan.timeout_ms = 200;
  plan.give_up_ns = kSecond / 2;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_TRUE(counts.server_gone);
  EXPECT_EQ(counts.sent + counts.unsent, 8u);
  EXPECT_LE(4u, counts.unsent);
  EXPECT_EQ(counts.of(LoadError::timeout).count, counts.sent);
  // Of those that could not be opened there were several attempts each.
  EXPECT_LT(counts.unsent, counts.of(LoadError::connect).count);
}

TEST("a rate that is stopped does not count as unsent what has just become due") {
  std::uint16_t port = 0;
  const UniqueFd full = listener(1, port);
  LoadPlan plan = plan_for(port);
  plan.mode = LoadPlan::Mode::one_request;
  plan.connections = 8;
  plan.rate = 100'000;
  Run run(plan);
  ::usleep(20'000);
  run.run().stop();
  const LoadCounts counts = run.finish();
  // Requests that wait for their connection are under way. A machine that sleeps meanwhile makes them late.
  EXPECT_TRUE(counts.unsent == 0 || counts.latency.max() >= RequestSchedule::kGraceNs);
  EXPECT_EQ(counts.latency.summary().count, counts.unsent + counts.unanswered);
  EXPECT_EQ(counts.lower_bounds, counts.unsent + counts.unanswered);
}

TEST("with a duration a run goes on to its end, whatever the server does") {
  const ServerThatGoes server(1);
  LoadPlan plan = plan_for(server.port());
  plan.count = 100;
  plan.duration_ns = kSecond;
  plan.give_up_ns = 1;
  const LoadCounts counts = Run(plan).finish();
  EXPECT_FALSE(counts.server_gone);
  EXPECT_EQ(counts.unsent, 0u);
  EXPECT_LT(1u, counts.of(LoadError::connect).count);
  EXPECT_LE(kSecond, counts.ended_ns - counts.began_ns);
}

TEST("the limit of descriptors is the hard one afterwards") {
  const std::uint64_t limit = raise_descriptor_limit();
  EXPECT_LT(0u, limit);
  EXPECT_EQ(raise_descriptor_limit(), limit);
}

}  // namespace

}  // namespace millrace::load

MILLRACE_TEST_MAIN
