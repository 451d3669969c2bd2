// JS threads that end, retire and are replaced while requests are in their hands.
#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/check.h"
#include "native/held_requests.h"
#include "native/scale.h"
#include "native/server_fixture.h"

namespace millrace {
namespace {

using check::Client;
using check::HeldRequests;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

ServerOptions options_of(std::uint32_t reactors, std::uint32_t js_threads, js::JsThread::Handler handler) {
  ServerOptions options{.js_threads = js_threads, .handler = std::move(handler)};
  options.config.reactors = reactors;
  return options;
}

void answer_path(js::JsThread& thread, js::Claimed request) {
  thread.answer({.id = request.id, .body = std::string(js::RequestReader(request.record).path())});
}

/// One thread holds what it gets, the other answers at once.
struct HolderAndServer {
  explicit HolderAndServer(std::uint32_t reactors)
      : server(options_of(reactors, 2, [this](js::JsThread& thread, js::Claimed request) {
          const bool hold = js::RequestReader(request.record).path().starts_with("/hold");
          if (!hold) return answer_path(thread, std::move(request));
          holder = &thread == &server.js(0) ? 0 : 1;
          ids.push_back(request.id);
          ++held;
        })) {}

  /// Sends a request that is claimed and not answered. Returns which thread has it.
  std::uint32_t hold(Client& client) {
    const int before = held;
    EXPECT_TRUE(client.send(get("/hold")));
    EXPECT_TRUE(wait_until([&] { return held > before; }));
    return holder;
  }

  std::atomic<int> held{0};
  std::atomic<std::uint32_t> holder{0};
  std::vector<js::ExchangeId> ids;  // of the thread that holds
  TestServer server;
};

TEST("what a thread had claimed when it ended is answered 503, and the connections live on") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    HolderAndServer s(reactors);
    Client client = s.server.connect();
    const std::uint32_t holder = s.hold(client);
    s.server.end_js(holder);
    const auto response = client.read_response();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->header("Retry-After"), "1");
    EXPECT_EQ(s.server.count(&Counters::requests_lost), 1u);
    // The other one serves what comes, on this connection too.
    EXPECT_TRUE(client.send(get("/after")));
    EXPECT_EQ(client.read_status(), 200);
    EXPECT_TRUE(s.server.replace_js(holder));
    EXPECT_EQ(s.server.server().outstanding(holder), 0u);
  }
}

TEST("what nobody had claimed runs in the other threads, and in the one that comes") {
  HeldRequests held;
  TestServer server(options_of(1, 1, held.handler()));
  server.end_js(0);
  Client client = server.connect();
  EXPECT_TRUE(client.send(get("/early")));
  EXPECT_TRUE(wait_until([&] { return server.count(&Counters::requests_to_handlers) == 1; }));
  EXPECT_TRUE(server.replace_js(0));
  EXPECT_TRUE(held.wait_for(1));
  EXPECT_TRUE(held.answer("/early"));
  EXPECT_EQ(client.read_status(), 200);
}

TEST("an answer that was given before its thread ended is sent") {
  HeldRequests held;
  TestServer server(options_of(1, 2, held.handler()));
  Client client = server.connect();
  // The second waits for the first: that one's answer stands in the table while its thread ends.
  EXPECT_TRUE(client.send(get("/first") + get("/second")));
  EXPECT_TRUE(held.wait_for(2));
  EXPECT_TRUE(held.answer("/second"));
  EXPECT_TRUE(held.answer("/first"));
  EXPECT_EQ(client.read_response()->body, "/first");
  EXPECT_EQ(client.read_response()->body, "/second");
  for (std::uint32_t i = 0; i < 2; ++i) server.end_js(i);
  EXPECT_EQ(server.count(&Counters::requests_lost), 0u);
}

TEST("half an answer whose thread has ended is not taken for a whole") {
  HeldRequests held;
  TestServer server(options_of(1, 2, held.handler()));
  Client client = server.connect();
  EXPECT_TRUE(client.send(get("/stream")));
  EXPECT_TRUE(held.wait_for(1));
  EXPECT_TRUE(held.answer("/stream", {.flags = ring::response::kMore, .body = "half"}, true));
  std::string got = client.read_some(1000);
  for (std::uint32_t i = 0; i < 2; ++i) server.end_js(i);
  got += client.read_rest();
  EXPECT_TRUE(got.find("\r\n\r\n4\r\nhalf\r\n") != std::string::npos);
  EXPECT_TRUE(got.find("\r\n0\r\n") == std::string::npos);
}

TEST("a thread that retires claims no more, and has retired when it has answered") {
  for (const std::uint32_t reactors : {1u, 4u}) {
    HolderAndServer s(reactors);
    Client client = s.server.connect();
    const std::uint32_t holder = s.hold(client);
    const std::uint32_t other = 1 - holder;
    js::JsThread& thread = s.server.js(holder);
    std::atomic<bool> stopped{false};
    thread.post([&] {
      thread.channel().retire();
      stopped = true;
    });
    EXPECT_TRUE(wait_until([&] { return stopped.load(); }));
    s.server.server().retire(holder);
    for (int i = 0; i < 20; ++i) {
      Client another = s.server.connect();
      EXPECT_EQ(s.hold(another), other);
    }
    EXPECT_FALSE(s.server.server().has_retired(holder));
    thread.post([&] { thread.answer({.id = s.ids.front()}); });
    EXPECT_EQ(client.read_status(), 200);
    EXPECT_TRUE(wait_until([&] { return s.server.server().has_retired(holder); }));
  }
}

TEST("one that is abandoned is not waited for, and its place is free when it has left") {
  HolderAndServer s(1);
  Client client = s.server.connect();
  const std::uint32_t holder = s.hold(client);
  s.server.server().abandon(holder);
  EXPECT_EQ(client.read_status(), 503);
  s.server.end_js(holder);
  EXPECT_TRUE(s.server.replace_js(holder));
  EXPECT_TRUE(client.send(get("/after")));
  EXPECT_EQ(client.read_status(), 200);
}

TEST("threads that end all the time lose nothing but what they had claimed") {
  for (const std::uint32_t reactors : {1u, 2u}) {
    constexpr std::uint32_t kThreads = 3;
    TestServer server(options_of(reactors, kThreads, answer_path));
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> served{0};
    std::atomic<std::uint64_t> lost{0};
    std::vector<std::thread> clients;
    for (int c = 0; c < 4; ++c) {
      clients.emplace_back([&, c] {
        Client client = server.connect();
        for (int i = 0; !over; ++i) {
          const std::string path = "/" + std::to_string(c) + "-" + std::to_string(i);
          if (!EXPECT_TRUE(client.send(get(path) + get(path + "+")))) return;
          for (const char* end : {"", "+"}) {
            const auto response = client.read_response();
            ASSERT_TRUE(response.has_value());
            if (response->status == 200) EXPECT_EQ(response->body, path + end);
            ++(response->status == 200 ? served : lost);
          }
        }
      });
    }
    std::minstd_rand random(reactors);
    for (int round = 0; round < check::scaled(200); ++round) {
      const auto i = static_cast<std::uint32_t>(random() % kThreads);
      server.end_js(i);
      if (!EXPECT_TRUE(server.replace_js(i))) break;
    }
    over = true;
    for (std::thread& client : clients) client.join();
    EXPECT_LT(0u, served.load());
    EXPECT_EQ(server.count(&Counters::requests_lost), lost.load());
    EXPECT_EQ(server.count(&Counters::connections_total), 4u);
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
