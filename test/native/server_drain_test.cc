// How a server ends: drained, cut off, or destroyed in the middle of its work.
#include <atomic>
#include <chrono>
#include <cstdint>
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
using check::Gate;
using check::HeldRequests;
using check::scaled;
using check::ServerOptions;
using check::TestServer;
using check::wait_until;

constexpr std::uint32_t kForeverMs = 600'000;
constexpr std::uint32_t kReactorCounts[] = {1, 4};

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

void answer_path(js::JsThread& thread, js::Claimed request) {
  thread.answer({.id = request.id, .body = std::string(js::RequestReader(request.record).path())});
}

ServerOptions options_of(std::uint32_t reactors, js::JsThread::Handler handler = answer_path,
                         std::uint32_t js_threads = 1) {
  ServerOptions options{.js_threads = js_threads, .handler = std::move(handler)};
  options.config.reactors = reactors;
  return options;
}

/// Connected and served once, so that it has reached its reactor.
Client connected_client(TestServer& server) {
  Client client = server.connect();
  EXPECT_TRUE(client.send(get("/hello")));
  EXPECT_EQ(client.read_status(), 200);
  return client;
}

TEST("a drain ends idle connections and listens no more") {
  for (const std::uint32_t reactors : kReactorCounts) {
    TestServer server(options_of(reactors));
    std::vector<Client> clients;
    for (int i = 0; i < 8; ++i) clients.push_back(connected_client(server));
    EXPECT_TRUE(server.drain(kForeverMs));
    for (Client& client : clients) EXPECT_TRUE(client.at_end());
    EXPECT_EQ(server.aborted(), 0u);
    EXPECT_FALSE(server.connect().connected());
  }
}

TEST("a drain gives idle connections, used or not, time for one more request") {
  for (const std::uint32_t reactors : kReactorCounts) {
    ServerOptions options = options_of(reactors);
    options.config.timeouts.drain_idle_ms = kForeverMs;
    TestServer server(std::move(options));
    std::vector<Client> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(connected_client(server));
      clients.push_back(server.connect());
    }
    EXPECT_TRUE(server.wait_for_connections(clients.size()));
    server.server().drain(kForeverMs);
    EXPECT_TRUE(wait_until([&] { return !server.connect().connected(); }));  // it has begun
    EXPECT_FALSE(server.server().ended());
    for (Client& client : clients) {
      EXPECT_TRUE(client.send(get("/last")));
      const auto response = client.read_response();
      ASSERT_TRUE(response.has_value());
      EXPECT_EQ(response->body, "/last");
      EXPECT_EQ(response->header("Connection"), "close");
      EXPECT_TRUE(client.at_end());
    }
    clients.clear();
    EXPECT_TRUE(wait_until([&] { return server.server().ended(); }));
    server.server().join();
    EXPECT_EQ(server.aborted(), 0u);
  }
}

TEST(
    "a drain ends connections that stay idle after drainIdleMs, or after the grace time if that is shorter") {
  struct {
    std::uint32_t drain_idle_ms;
    std::uint32_t grace_ms;
  } const cases[] = {{150, kForeverMs}, {kForeverMs, 150}};
  for (const std::uint32_t reactors : kReactorCounts) {
    for (const auto& times : cases) {
      ServerOptions options = options_of(reactors);
      options.config.timeouts.drain_idle_ms = times.drain_idle_ms;
      TestServer server(std::move(options));
      std::vector<Client> clients;
      for (int i = 0; i < 4; ++i) {
        clients.push_back(connected_client(server));
        clients.push_back(server.connect());
      }
      EXPECT_TRUE(server.wait_for_connections(clients.size()));
      const auto started = std::chrono::steady_clock::now();
      EXPECT_TRUE(server.drain(times.grace_ms));
      constexpr std::chrono::milliseconds kEarly{20};  // the reactor's clock is coarse
      EXPECT_LE(
          (std::chrono::milliseconds(150) - kEarly).count(),
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started)
              .count());
      for (Client& client : clients) EXPECT_TRUE(client.at_end());
      EXPECT_EQ(server.aborted(), 0u);
    }
  }
}

TEST("a drain without a single connection ends") {
  for (const std::uint32_t reactors : kReactorCounts) {
    TestServer server(options_of(reactors));
    EXPECT_TRUE(server.drain(kForeverMs));
  }
}

TEST("a drain waits for the answers in flight, and says that they are the last") {
  for (const std::uint32_t reactors : kReactorCounts) {
    HeldRequests held;
    TestServer server(options_of(reactors, held.handler(), 2));
    std::vector<Client> clients;
    for (int i = 0; i < 6; ++i) {
      clients.push_back(server.connect());
      EXPECT_TRUE(clients.back().send(get("/" + std::to_string(i)) + get("/" + std::to_string(i) + "/2")));
    }
    EXPECT_TRUE(held.wait_for(12));
    server.server().drain(kForeverMs);
    EXPECT_TRUE(wait_until([&] { return !server.connect().connected(); }));  // it has begun
    EXPECT_FALSE(server.server().ended());
    for (int i = 6; i-- > 0;) {
      EXPECT_TRUE(held.answer("/" + std::to_string(i) + "/2"));
      EXPECT_TRUE(held.answer("/" + std::to_string(i)));
    }
    for (Client& client : clients) {
      EXPECT_EQ(client.read_status(), 200);
      EXPECT_EQ(client.read_response().value_or(check::Response()).status, 200);
      EXPECT_TRUE(client.at_end());
    }
    clients.clear();  // or the server would wait for their FIN
    EXPECT_TRUE(wait_until([&] { return server.server().ended(); }));
    server.server().join();
    EXPECT_EQ(server.aborted(), 0u);
  }
}

TEST("a request that has been sent before the drain is answered") {
  for (const std::uint32_t reactors : kReactorCounts) {
    for (int round = 0; round < scaled(20); ++round) {
      TestServer server(options_of(reactors));
      std::vector<Client> clients;
      for (int i = 0; i < 4; ++i) clients.push_back(connected_client(server));
      for (Client& client : clients) EXPECT_TRUE(client.send(get("/last")));
      server.server().drain(kForeverMs);
      for (Client& client : clients) {
        EXPECT_EQ(client.read_response().value_or(check::Response()).body, "/last");
        EXPECT_TRUE(client.at_end());
      }
      clients.clear();
      EXPECT_TRUE(server.drain(kForeverMs));
    }
  }
}

/// And with an answer of the reactor's own besides.
ServerOptions options_with_reply() {
  ServerOptions options = options_of(1);
  EXPECT_TRUE(options.routes.router.add("GET", "/native", {RouteTarget::Kind::reply, 0}) ==
              Router::AddError::none);
  options.routes.replies.emplace_back().body = "/native";
  return options;
}

TEST("a client that ends its side behind its request is answered by a drain that comes at that moment") {
  for (int round = 0; round < scaled(20); ++round) {
    TestServer server(options_with_reply());
    std::vector<Client> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(connected_client(server));
    for (Client& client : clients) {
      EXPECT_TRUE(client.send(get("/native")));
      client.finish_sending();
    }
    server.server().drain(kForeverMs);
    for (Client& client : clients) {
      if (!EXPECT_EQ(client.read_response().value_or(check::Response()).body, "/native")) return;
    }
    clients.clear();
    EXPECT_TRUE(server.drain(kForeverMs));
  }
}

TEST("a connection that has been answered at the moment of a drain ends like others that are idle") {
  for (int round = 0; round < scaled(20); ++round) {
    TestServer server(options_with_reply());
    std::vector<Client> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(connected_client(server));
    for (Client& client : clients) EXPECT_TRUE(client.send(get("/native")));
    server.server().drain(kForeverMs);
    for (Client& client : clients) {
      EXPECT_EQ(client.read_response().value_or(check::Response()).body, "/native");
      if (!EXPECT_TRUE(client.at_end())) return;
    }
    clients.clear();
    EXPECT_TRUE(server.drain(kForeverMs));
  }
}

TEST("a drain lets parked requests run") {
  for (const std::uint32_t reactors : kReactorCounts) {
    Gate gate;
    ServerOptions options = options_of(reactors);
    options.sizes.request_slots = 2;
    TestServer server(std::move(options));
    server.js().post([&] { gate.pass(); });
    EXPECT_TRUE(gate.wait_for(1));
    std::vector<Client> clients;
    for (std::uint32_t i = 0; i < 20; ++i) {
      clients.push_back(server.connect());
      EXPECT_TRUE(clients.back().send(get("/parked")));
    }
    EXPECT_TRUE(wait_until([&] { return server.server().queue().waiting() == 20; }));
    server.server().drain(kForeverMs);
    gate.open();
    for (Client& client : clients) {
      EXPECT_EQ(client.read_status(), 200);
      EXPECT_TRUE(client.at_end());
    }
    clients.clear();
    EXPECT_TRUE(server.drain(kForeverMs));
    EXPECT_EQ(server.aborted(), 0u);
  }
}

TEST("the end of the grace time cuts off what is still in flight, and counts it") {
  for (const std::uint32_t reactors : kReactorCounts) {
    for (const std::uint32_t grace_ms : {0u, 150u}) {
      SCOPE(std::to_string(reactors) + " reactors, grace of " + std::to_string(grace_ms));
      HeldRequests held;
      TestServer server(options_of(reactors, held.handler()));
      Client in_flight = server.connect();
      EXPECT_TRUE(in_flight.send(get("/never") + get("/never-2")));
      Client in_a_head = server.connect();
      EXPECT_TRUE(in_a_head.send("GET / HT"));
      EXPECT_TRUE(held.wait_for(2));
      EXPECT_TRUE(server.drain(grace_ms));
      EXPECT_EQ(server.aborted(), 2u);
      EXPECT_FALSE(in_flight.read_response().has_value());
      EXPECT_FALSE(in_a_head.read_response().has_value());
      EXPECT_TRUE(held.answer("/never"));  // finds nobody, and harms nobody
    }
  }
}

TEST("a second drain shortens the first one's grace time, and destruction ends it") {
  for (const std::uint32_t reactors : kReactorCounts) {
    for (const bool destroys : {false, true}) {
      HeldRequests held;
      Client client;
      {
        TestServer server(options_of(reactors, held.handler()));
        std::vector<Client> clients;
        for (int i = 0; i < 4; ++i) {
          clients.push_back(server.connect());
          EXPECT_TRUE(clients.back().send(get("/never")));
        }
        EXPECT_TRUE(held.wait_for(4));
        server.server().drain(kForeverMs);
        EXPECT_TRUE(wait_until([&] { return !server.connect().connected(); }));
        client = std::move(clients.back());
        if (!destroys) EXPECT_TRUE(server.drain(0));
      }
      EXPECT_FALSE(client.read_response().has_value());
    }
  }
}

TEST("a second drain reaches the reactors that are still at it when others have ended") {
  HeldRequests held;
  TestServer server(options_of(4, held.handler()));
  // Clients are dealt out in turn: one for each reactor, and only that of the second one stays.
  std::vector<Client> clients;
  for (std::size_t i = 0; i < 4; ++i) {
    clients.push_back(server.connect());
    EXPECT_TRUE(clients.back().send(get("/never")));
    EXPECT_TRUE(held.wait_for(i + 1));
  }
  for (const std::size_t gone : {0u, 2u, 3u}) clients[gone].reset();
  EXPECT_TRUE(server.wait_for_connections(1));
  server.server().drain(kForeverMs);
  const auto ended = [&] {
    int count = 0;
    for (const auto& reactor : server.server().reactors()) count += reactor->ended() ? 1 : 0;
    return count;
  };
  EXPECT_TRUE(wait_until([&] { return ended() == 3; }));
  EXPECT_TRUE(server.drain(0));
  EXPECT_EQ(server.aborted(), 1u);
}

/// Asks without a pause until the server goes; false if an answer was cut in the middle or wrong.
bool hammer(std::uint16_t port, const std::atomic<bool>& stop, std::atomic<int>& answers) {
  while (!stop) {
    Client client(port);
    if (!client.connected()) return true;
    const int pipelined = 1 + answers.load() % 5;
    std::string all;
    for (int i = 0; i < pipelined; ++i) all += get("/load");
    while (client.send(all)) {
      for (int i = 0; i < pipelined; ++i) {
        const auto response = client.read_response();
        if (!response.has_value()) return true;  // a connection may end between answers
        if (response->status != 200 || response->body != "/load") return false;
        ++answers;
      }
    }
  }
  return true;
}

TEST("a drain under load cuts no answer") {
  for (const std::uint32_t reactors : kReactorCounts) {
    TestServer server(options_of(reactors, answer_path, 2));
    std::atomic<bool> stop{false};
    std::atomic<int> answers{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 6; ++i) {
      clients.emplace_back([&] { EXPECT_TRUE(hammer(server.port(), stop, answers)); });
    }
    EXPECT_TRUE(wait_until([&] { return answers > 300; }));
    EXPECT_TRUE(server.drain(kForeverMs));
    stop = true;
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(server.aborted(), 0u);
    EXPECT_EQ(server.count(&Counters::answers_sent), server.count(&Counters::requests_to_handlers));
  }
}

TEST("is destroyed under load without a drain, with nothing left behind") {
  for (const std::uint32_t reactors : kReactorCounts) {
    for (int round = 0; round < scaled(20); ++round) {
      std::atomic<bool> stop{false};
      std::atomic<int> answers{0};
      std::vector<std::thread> clients;
      {
        TestServer server(options_of(reactors, answer_path, 1 + static_cast<std::uint32_t>(round) % 3));
        for (int i = 0; i < 4; ++i) {
          clients.emplace_back([&, port = server.port()] { EXPECT_TRUE(hammer(port, stop, answers)); });
        }
        EXPECT_TRUE(wait_until([&] { return answers > 10 * round; }));
      }
      stop = true;
      for (std::thread& client : clients) client.join();
    }
  }
}

}  // namespace
}  // namespace millrace

MILLRACE_TEST_MAIN
