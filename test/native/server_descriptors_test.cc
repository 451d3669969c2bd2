// What a server does when descriptors run out, and that it leaves none behind.
#include <fcntl.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/proc_entries.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::entries_of;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

ServerOptions options_of(std::uint32_t reactors) {
  ServerOptions options{
      .handler = [](js::JsThread& thread, js::Claimed request) { thread.answer({.id = request.id}); }};
  options.config.reactors = reactors;
  return options;
}

/// While it lives, this process may have so many descriptors more than it has now.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // All numbers below the limit are in use, but for those that are given back.
    for (std::size_t i = 0; i < 64 + more; ++i)
      filler_.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(filler_.back().get()) + 1;
    filler_.resize(64);
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
  std::vector<UniqueFd> filler_;
};

TEST("a start for which descriptors run out is an error, and leaves no thread and no descriptor behind") {
  ServerConfig config;
  config.reactors = 4;
  const std::size_t bytes = ring::RequestRing::memory_bytes(check::kSmallRings.request_slots,
                                                            check::kSmallRings.request_arena_bytes);
  std::vector<ring::RingMemory> rings;
  ServerMemory memory;
  for (std::uint32_t i = 0; i < config.reactors; ++i) rings.emplace_back(bytes);
  for (ring::RingMemory& ring : rings) memory.requests.push_back(ring.shared());
  std::thread([] {}).join();  // a sanitizer that has a thread of its own has it from here on
  const int threads = entries_of("/proc/self/task");
  const int descriptors = entries_of("/proc/self/fd");
  int failures = 0;
  int starts = 0;
  for (std::size_t more = 0; more < 12; ++more) {  // from none at all to enough
    Result<Listener> listener = Listener::open({.host = "127.0.0.1"});
    ASSERT_TRUE(listener.ok());
    const FewDescriptors few(more);
    auto server = Server::start(config, Routes(), std::move(listener).value(), check::kSmallRings, memory);
    if (server.ok()) {
      ++starts;
    } else {
      ++failures;
      EXPECT_EQ(server.error().error, EMFILE);
    }
  }
  EXPECT_LT(0, failures);
  EXPECT_LT(0, starts);
  EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
  // A thread that has been joined may be seen for a moment longer.
  EXPECT_TRUE(wait_until([&] { return entries_of("/proc/self/task") <= threads; }));
}

TEST("clients for whom there are no descriptors make no work, and are served when there are") {
  TestServer server(options_of(1));
  Client first = server.connect();
  EXPECT_TRUE(first.send(kGet));
  EXPECT_EQ(first.read_status(), 200);
  std::vector<Client> clients(8);
  {
    const FewDescriptors few(2);
    for (Client& client : clients) {
      client.connect(server.port());
      EXPECT_TRUE(client.connected());  // by the kernel; some have to wait for the server
      EXPECT_TRUE(client.send(kGet));
    }
    EXPECT_EQ(clients[0].read_status(), 200);
    EXPECT_EQ(clients[1].read_status(), 200);
    const auto spent_us = [] {
      rusage now{};
      ::getrusage(RUSAGE_SELF, &now);
      return (now.ru_utime.tv_sec + now.ru_stime.tv_sec) * 1'000'000 + now.ru_utime.tv_usec +
             now.ru_stime.tv_usec;
    };
    const long before = spent_us();
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    EXPECT_LE(spent_us() - before, 200'000);  // a loop that tries again and again takes all there is
    // Those who have been accepted do not notice.
    EXPECT_TRUE(first.send(kGet));
    EXPECT_EQ(first.read_status(), 200);
  }
  // Each of the others has been served, or sent away without an answer while it was its turn.
  for (std::size_t i = 2; i < clients.size(); ++i) {
    const int status = clients[i].read_status();
    EXPECT_TRUE(status == 200 || status == 0);
  }
  Client last = server.connect();
  EXPECT_TRUE(last.send(kGet));
  EXPECT_EQ(last.read_status(), 200);
}

TEST("a client behind others that have left is not sent away in the place of one of them") {
  TestServer server(options_of(1));
  for (std::size_t before = 2; before < 8; ++before) {
    std::vector<Client> gone(before);
    std::vector<Client> newcomer(1);
    const FewDescriptors few(2);
    for (Client& client : gone) client.connect(server.port());
    newcomer[0].connect(server.port());
    EXPECT_TRUE(newcomer[0].send(kGet));
    for (Client& client : gone) client.finish_sending();  // and leaves the descriptors to the newcomer
    EXPECT_EQ(newcomer[0].read_status(), 200);
  }
}

TEST("no descriptor is left of a server and its clients") {
  const int descriptors = entries_of("/proc/self/fd");
  for (const std::uint32_t reactors : {1u, 4u}) {
    TestServer server(options_of(reactors));
    for (int i = 0; i < check::scaled(100); ++i) {
      Client client = server.connect();
      EXPECT_TRUE(client.send(kGet));
      EXPECT_EQ(client.read_status(), 200);
      if (i % 2 == 0) client.reset();
    }
    EXPECT_TRUE(server.wait_for_connections(0));
    Client stays = server.connect();
    EXPECT_TRUE(stays.send("GET / HT"));
    EXPECT_TRUE(server.wait_for_connections(1));
  }
  EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
